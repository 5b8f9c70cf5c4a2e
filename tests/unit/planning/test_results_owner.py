"""Results belong to the working directory that has Snakemake's records of them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from evolution.errors import UserError
from evolution.planning.results_owner import NAME, OWN, claim, other_owner


def claimed(results):
    """Claim results, and make some."""
    claim(results)
    (results / "tiny").mkdir(parents=True, exist_ok=True)


@pytest.fixture
def work_in(tmp_path, monkeypatch):
    """Goes into a folder of that name, which is made."""

    def go(name):
        (tmp_path / name).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / name)
        return tmp_path

    return go


def test_results_belong_to_the_folder_that_claimed_them(work_in):
    results = work_in("one") / "the results"
    assert other_owner(results) is None
    results.mkdir()
    # Without an id they are anyone's.
    assert other_owner(results) is None and not OWN.exists()
    claimed(results)
    claim(results)
    assert other_owner(results) is None
    work_in("two")
    for _ in "a folder without an id", "a folder with one of its own":
        assert f"{results}/ was made from another folder" in other_owner(results)
        claim(results)
        assert other_owner(results)
        claim(results.with_name("others"))
    work_in("one")
    assert other_owner(results) is None


def test_a_folder_that_was_moved_or_copied_goes_on(work_in, tmp_path):
    work_in("one")
    results = Path("results")
    claimed(results)
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    work_in("copy")
    assert other_owner(results) is None
    # An id and a digest alone are on disk.
    (own,) = OWN.iterdir()
    assert re.fullmatch(r"[0-9a-f]{32}\n", own.read_text())
    assert re.fullmatch(r"[0-9a-f]{64}\n", (results / NAME).read_text())


def test_of_two_copies_that_share_results_the_one_that_ran_last_goes_on(work_in, tmp_path):
    """The other one's records are those of what the results were."""
    work_in("one")
    results = tmp_path / "shared"
    claimed(results)
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    claim(results)
    assert other_owner(results) is None
    work_in("copy")
    assert "was made from another folder" in other_owner(results)


def test_a_run_that_was_killed_while_it_claimed_goes_on(work_in):
    work_in("one")
    results = Path("results")
    claimed(results)
    former = (results / NAME).read_text()
    claim(results)
    # As if the new id had been written here, and not yet there.
    (results / NAME).write_text(former)
    assert other_owner(results) is None


def test_results_that_were_renamed_have_no_records(work_in):
    """Snakemake finds a record by the path as it is spelled."""
    work_in("one")
    claimed(Path("results"))
    Path("results").rename("out")
    assert "out/ was made from another folder than this one, or under another path" in other_owner(Path("out"))
    Path("out").rename("results")
    assert other_owner(Path("results")) is None


def test_the_remedy_where_the_records_are_gone(work_in):
    results = work_in("one") / "it's results"
    claimed(results)
    shutil.rmtree(OWN.parent)
    _, command = other_owner(results).split("as they are: ")
    subprocess.run(command, shell=True, check=True)
    assert other_owner(results) is None
    claim(results)
    assert other_owner(results) is None and (results / NAME).is_file()


def test_a_folder_without_results_is_anyones(work_in):
    """As `rm -r results/* .snakemake` leaves it, with hidden files alone."""
    results = work_in("one") / "results"
    claimed(results)
    shutil.rmtree(results / "tiny")
    work_in("two")
    assert other_owner(results) is None
    claimed(results)
    assert other_owner(results) is None
    work_in("one")
    assert other_owner(results)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_an_id_that_cannot_be_read_is_none(work_in, content):
    results = work_in("one") / "results"
    results.mkdir()
    (results / NAME).write_bytes(content)
    assert other_owner(results) is None
    claimed(results)
    work_in("two")
    assert other_owner(results)


def test_what_cannot_be_written_is_said(work_in):
    results = work_in("one") / "results"
    results.touch()
    with pytest.raises(UserError, match="cannot be written"):
        claim(results)
