"""Results belong to the working directory that has Snakemake's records of them."""

import shutil
import subprocess

import pytest

from evolution.errors import UserError
from evolution.planning.results_owner import NAME, OWN, claim, other_owner


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
    claim(results)
    claim(results)
    assert other_owner(results) is None
    work_in("two")
    for _ in "a folder without an id", "a folder with one of its own":
        assert f"{results}/ was made with another .snakemake" in other_owner(results)
        claim(results)
        assert other_owner(results)
        claim(results.with_name("others"))
    work_in("one")
    assert other_owner(results) is None


def test_a_folder_that_was_moved_or_copied_goes_on(work_in, tmp_path):
    work_in("one")
    results = tmp_path / "one" / "results"
    claim(results)
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    work_in("copy")
    assert other_owner(tmp_path / "copy" / "results") is None
    # No path and no time is on disk.
    assert str(tmp_path) not in OWN.read_text() and OWN.read_text() == (results / NAME).read_text()


def test_the_remedy_where_the_records_are_gone(work_in):
    results = work_in("one") / "it's results"
    claim(results)
    shutil.rmtree(OWN.parent)
    _, command = other_owner(results).split("as they are: ")
    subprocess.run(command, shell=True, check=True)
    assert other_owner(results) is None
    claim(results)
    assert other_owner(results) is None and (results / NAME).read_text() == OWN.read_text()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_an_id_that_cannot_be_read_is_none(work_in, content):
    results = work_in("one") / "results"
    results.mkdir()
    (results / NAME).write_bytes(content)
    assert other_owner(results) is None
    claim(results)
    work_in("two")
    assert other_owner(results)


def test_what_cannot_be_written_is_said(work_in):
    results = work_in("one") / "results"
    results.touch()
    with pytest.raises(UserError, match="cannot be written"):
        claim(results)
