"""Parquet files as Arrow tables."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from activation_reader.errors import ReaderError
from activation_reader.tables import below_one_another, read_table, table_names, with_run

TABLE = pa.table({"layer": ["a", "b", "a"], "epoch": [0, 0, 2], "value": [1.0, 2.0, 3.0]})


def test_all_rows_or_some(tmp_path):
    path = tmp_path / "lr=0.1" / "tables" / "metrics.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(TABLE, path)
    assert read_table(tmp_path / "lr=0.1", "tables/metrics.parquet").equals(TABLE), "the folder lr=0.1 is no column"
    assert read_table(tmp_path / "lr=0.1", "tables/metrics.parquet", [("layer", "=", "a"), ("epoch", "=", 2)])[
        "value"
    ].to_pylist() == [3.0]
    assert table_names(tmp_path / "lr=0.1") == ["metrics"] and table_names(tmp_path) == []


def test_categories_are_found_by_their_name(tmp_path):
    table = TABLE.set_column(0, "layer", TABLE["layer"].dictionary_encode())
    pq.write_table(table, tmp_path / "points.parquet")
    assert read_table(tmp_path, "points.parquet", [("layer", "=", "b")])["value"].to_pylist() == [2.0]


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ReaderError, match=r"a\.parquet is not there"):
        read_table(tmp_path, "a.parquet")
    (tmp_path / "a.parquet").write_bytes(b"?" * 20)
    with pytest.raises(ReaderError, match=r"a\.parquet cannot be read"):
        read_table(tmp_path, "a.parquet")


@pytest.mark.parametrize("error", [pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, OSError])
def test_whatever_a_damaged_file_raises_is_said(tmp_path, monkeypatch, error):
    """Damaged bytes make pyarrow raise errors of many kinds."""

    def fails(*_, **__):
        raise error("so much is wrong")

    monkeypatch.setattr(pq, "read_table", fails)
    with pytest.raises(ReaderError, match=r"a\.parquet cannot be read \(so much is wrong\)"):
        read_table(tmp_path, "a.parquet")


def test_damaged_bytes_anywhere(tmp_path):
    """Each byte of a small file is changed in turn: the table is read, or one error says that it cannot be."""
    pq.write_table(TABLE, tmp_path / "whole.parquet")
    content = (tmp_path / "whole.parquet").read_bytes()
    failed = 0
    for place in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        (tmp_path / "a.parquet").write_bytes(damaged)
        try:
            read_table(tmp_path, "a.parquet")
        except ReaderError:
            failed += 1
    assert failed > 10


def test_tables_of_the_same_columns_below_one_another():
    parts = [TABLE.slice(0, 1).replace_schema_metadata({"warnings": "[]"}), TABLE.slice(1)]
    assert below_one_another(parts, "files").equals(TABLE)
    other = TABLE.set_column(2, "value", TABLE["epoch"].cast(pa.int32()))
    with pytest.raises(ReaderError, match=r"Not all files have the same columns \(value double against value int32\)"):
        below_one_another([TABLE, other], "files")


def test_the_run_comes_first():
    assert with_run(TABLE.slice(1), "mine").to_pylist()[0] == {"run": "mine", "layer": "b", "epoch": 0, "value": 2.0}
