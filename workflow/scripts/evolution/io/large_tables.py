"""Parquet tables of more rows than memory should hold, written a group of rows at a time.

A module of its own, so that jobs that write short tables do not depend on it.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path

from evolution.io.tables import EPOCH, TIME
from evolution.io.whole_files import whole_file

# The least rows of a group: enough for readers to be fast, few enough to find a time without reading the others.
GROUP_ROWS = 2**16


def save_large_table(
    path: str | Path,
    tables: Iterable,
    *,
    unit: str = EPOCH,
    counting: Collection[str] = (),
    group_rows: int = GROUP_ROWS,
) -> None:
    """Write tables below one another, as they come; whole or not at all.

    Parameters
    ----------
    path : path
    tables : iterable of pyarrow.Table
        One or more, of the same columns. Each is a part that readers may want alone: it lies in one group of rows. The
        column "time" becomes "epoch" or "step".
    unit : {"epoch", "step"}
        What times are counted in.
    counting : collection of str
        Columns of whole numbers that count up.
    group_rows : int
        A group has as many tables as it takes to have so many rows.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = iter(tables)
    first = next(tables)
    schema = pa.schema([field.with_name(unit) if field.name == TIME else field for field in first.schema])
    if unit != EPOCH:
        schema = schema.with_metadata({"unit": unit})
    # What counts up as differences, and the bytes of floats sorted by their place: both are smaller and faster than the
    # defaults, see benchmarks/points_table.py.
    encodings = dict.fromkeys(counting, "DELTA_BINARY_PACKED")
    encodings |= {field.name: "BYTE_STREAM_SPLIT" for field in schema if pa.types.is_floating(field.type)}
    with (
        whole_file(path) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression="zstd",
            use_dictionary=[name for name in schema.names if name not in encodings],
            column_encoding=encodings,
        ) as writer,
    ):
        tables = chain([first], tables)
        del first
        for group in _groups(tables, group_rows):
            rows = pa.concat_tables(group).rename_columns(schema.names).cast(schema)
            writer.write_table(rows, row_group_size=max(1, rows.num_rows))
            # Not to be held while the next group is made.
            del group, rows


def _groups(tables: Iterable, least: int) -> Iterator[list]:
    """Tables that have enough rows together; the last ones may have fewer."""
    waiting = []
    for table in tables:
        waiting.append(table)
        if sum(each.num_rows for each in waiting) >= least:
            yield waiting
            waiting = []
    if waiting:
        yield waiting
