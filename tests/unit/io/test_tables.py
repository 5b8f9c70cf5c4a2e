"""Tables come back as they were saved, with the same bytes for the same content."""

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from evolution.errors import UserError
from evolution.io.tables import load_metadata, load_table, load_unit, save_table

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"
COLUMNS = {"epoch": [0, 1], "name": ["a", "b"], "value": [0.5, None]}


def test_the_same_content_gives_the_same_bytes(tmp_path):
    first, second = tmp_path / "a.parquet", tmp_path / "other" / "longer name.parquet"
    for path in (first, second):
        save_table(path, COLUMNS, {"dataset": "0123"})
    assert first.read_bytes() == second.read_bytes()


def test_tables_come_back(tmp_path):
    save_table(tmp_path / "a.parquet", COLUMNS, {"dataset": "0123"})
    table = load_table(tmp_path / "a.parquet", "name")
    assert table.to_pydict() == COLUMNS
    assert table.schema.metadata == {b"dataset": b"0123"}
    with pytest.raises(UserError, match=r"a\.parquet is damaged .*no column loss, clock"):
        load_table(tmp_path / "a.parquet", "loss", "epoch", "clock")


@pytest.mark.parametrize("unit", ["epoch", "step"])
def test_the_time_is_called_by_its_unit_on_disk(tmp_path, unit):
    """A table over steps may have each row's epoch too, which is not its time."""
    more = {} if unit == "epoch" else {"epoch": [None, 3]}
    save_table(tmp_path / "a.parquet", {"time": [0, 500]} | more | {"value": [0.5, 0.25]}, unit=unit)
    assert pq.read_table(tmp_path / "a.parquet").column_names == [unit, *more, "value"]
    table = load_table(tmp_path / "a.parquet", "time", "value")
    assert table.column("time").to_pylist() == [0, 500] and table.column_names == ["time", *more, "value"]
    assert load_unit(tmp_path / "a.parquet") == unit


def test_folders_named_like_partitions_add_no_column(tmp_path):
    path = tmp_path / "lr=0.1" / "a.parquet"
    save_table(path, COLUMNS)
    assert load_table(path).column_names == ["epoch", "name", "value"]


def test_columns_of_different_lengths_are_not_saved(tmp_path):
    with pytest.raises(ValueError, match="expected length 2 but got length 1"):
        save_table(tmp_path / "a.parquet", {"a": [1, 2], "b": [1]})
    assert list(tmp_path.iterdir()) == []


def test_reading_a_table_loads_no_pandas(tmp_path):
    save_table(tmp_path / "a.parquet", COLUMNS)
    code = "import sys; from evolution.io import tables; tables.load_table(sys.argv[1]); print('pandas' in sys.modules)"
    command = [sys.executable, "-c", code, tmp_path / "a.parquet"]
    done = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_is_kept_with_a_table(tmp_path):
    save_table(tmp_path / "a.parquet", COLUMNS, {"dataset": "0123", "warnings": '["été"]'})
    save_table(tmp_path / "b.parquet", COLUMNS)
    assert load_metadata(tmp_path / "a.parquet") == {"dataset": "0123", "warnings": '["été"]'}
    assert load_metadata(tmp_path / "b.parquet") == {}
    (tmp_path / "b.parquet").write_bytes(b"no table")
    with pytest.raises(UserError, match=r"b\.parquet is damaged"):
        load_metadata(tmp_path / "b.parquet")
