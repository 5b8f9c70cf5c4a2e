"""Parquet files as Arrow tables."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from activation_reader.errors import ReaderError
from activation_reader.tables import read_table, table_names, with_run

TABLE = pa.table({"layer": ["a", "b", "a"], "epoch": [0, 0, 2], "value": [1.0, 2.0, 3.0]})


def test_all_rows_or_some(tmp_path):
    path = tmp_path / "lr=0.1" / "tables" / "metrics.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(TABLE, path)
    assert read_table(path).equals(TABLE), "the folder lr=0.1 is no column"
    assert read_table(path, [("layer", "=", "a"), ("epoch", "=", 2)])["value"].to_pylist() == [3.0]
    assert table_names(tmp_path / "lr=0.1") == ["metrics"] and table_names(tmp_path) == []


def test_categories_are_found_by_their_name(tmp_path):
    table = TABLE.set_column(0, "layer", TABLE["layer"].dictionary_encode())
    pq.write_table(table, tmp_path / "points.parquet")
    assert read_table(tmp_path / "points.parquet", [("layer", "=", "b")])["value"].to_pylist() == [2.0]


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ReaderError, match=r"a\.parquet is not there"):
        read_table(tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes(b"?" * 20)
    with pytest.raises(ReaderError, match=r"a\.parquet cannot be read"):
        read_table(tmp_path / "a.parquet")


def test_the_run_comes_first():
    assert with_run(TABLE.slice(1), "mine").to_pylist()[0] == {"run": "mine", "layer": "b", "epoch": 0, "value": 2.0}
