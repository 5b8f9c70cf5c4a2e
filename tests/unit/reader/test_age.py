import os
import warnings

import pytest

from activation_reader.age import changes_of, parts_of_training, warn_of_older


@pytest.fixture
def folder(tmp_path):
    for name, age in (("old", 100), ("new", 200)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (age, age))
    return tmp_path


def test_what_is_older_than_a_change_is_named_with_it(folder):
    with pytest.warns(UserWarning, match="old is older than .*new, on which it depends"):
        warn_of_older(folder, "old", ["none", "new"])


@pytest.mark.parametrize(
    ("name", "changes"), [("new", ["old", "new"]), ("old", ["none"]), ("none", ["new"]), ("old", [])]
)
def test_what_is_not_older_gives_no_warning(folder, name, changes):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_older(folder, name, changes)


def test_a_time_depends_on_the_part_of_the_training_that_leads_to_it(tmp_path):
    (tmp_path / "history").mkdir()
    for span in ("0000", "0001-0004", "0005-0008"):
        (tmp_path / "history" / f"{span}.parquet").touch()
    parts = parts_of_training(tmp_path)
    assert changes_of(parts, [0]) == ["dataset.npz", "history/0000.parquet"]
    assert changes_of(parts, [3]) == ["dataset.npz", "history/0001-0004.parquet"]
    assert changes_of(parts, [3, 5]) == ["dataset.npz", "history/0001-0004.parquet", "history/0005-0008.parquet"]
    assert len(changes_of(parts)) == 4
