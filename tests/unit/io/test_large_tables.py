"""Large tables, read with pyarrow: the rows that came in, in groups; no file where something fails."""

import weakref

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evolution.errors import UserError
from evolution.io.large_tables import save_large_table
from evolution.io.tables import load_table, load_unit


def part(number, rows=4):
    return pa.table(
        {
            "layer": pa.DictionaryArray.from_arrays(pa.array(np.full(rows, number, np.int32)), ["a", "b", "c"]),
            "time": np.full(rows, 10 * number, np.int32),
            "sample": np.arange(rows, dtype=np.int32),
            "x": (np.arange(rows) / 3 - number).astype(np.float32),
        }
    )


def test_rows_come_in_groups_of_whole_tables(tmp_path):
    path = tmp_path / "points.parquet"
    save_large_table(path, iter([part(0), part(1), part(2)]), unit="step", counting=["sample"], group_rows=5)
    file = pq.ParquetFile(path)
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [8, 4]
    times = file.metadata.row_group(0).column(1).statistics
    assert (times.min, times.max) == (0, 10)
    wanted = pa.concat_tables([part(0), part(1), part(2)]).to_pylist()
    assert [{"time": row.pop("step")} | row for row in file.read().to_pylist()] == wanted
    assert load_unit(path) == "step" and load_table(path, "time").column_names == ["layer", "time", "sample", "x"]


def test_text_that_repeats_is_read_as_categories_in_the_order_of_the_names(tmp_path):
    save_large_table(tmp_path / "points.parquet", [part(2), part(0)])
    column = pq.read_table(tmp_path / "points.parquet").to_pandas()["layer"]
    assert list(column.cat.categories) == ["a", "b", "c"] and list(column.cat.codes) == [2] * 4 + [0] * 4


def test_the_same_tables_are_the_same_bytes(tmp_path):
    for name in "ab":
        save_large_table(tmp_path / name, [part(0), part(1)], counting=["sample"])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_only_a_group_is_held(tmp_path):
    """Each table is made when the ones before it were written, but for those of its group."""
    held, most = set(), []

    def parts():
        for number in range(40):
            values = np.zeros(1000, np.float32)
            # Arrow keeps the array itself, as long as the table lives.
            table = pa.table({"x": pa.array(values)})
            assert table["x"].chunk(0).buffers()[1].address == values.ctypes.data
            held.add(number)
            weakref.finalize(values, held.discard, number)
            del values
            yield table
            del table
            most.append(len(held))

    save_large_table(tmp_path / "points.parquet", parts(), group_rows=2000)
    assert pq.read_metadata(tmp_path / "points.parquet").num_row_groups == 20
    # When the next one is asked for.
    assert len(most) == 40 and max(most) <= 2


def test_nothing_is_left_where_a_table_fails(tmp_path):
    def parts():
        yield part(0)
        raise UserError("damaged")

    with pytest.raises(UserError, match="damaged"):
        save_large_table(tmp_path / "points.parquet", parts(), group_rows=1)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match=r"points\.parquet cannot be written"):
        (tmp_path / "file").write_text("")
        save_large_table(tmp_path / "file" / "points.parquet", [part(0)])
