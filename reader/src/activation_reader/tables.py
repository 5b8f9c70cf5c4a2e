"""The Parquet tables of a run, as Arrow tables."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from activation_reader.arrays import OUT_OF_DATE, not_there
from activation_reader.errors import ReaderError


def read_table(folder: Path, name: str, rows: list[tuple[str, str, object]] | None = None) -> pa.Table:
    """A Parquet file, or the rows in it for which all conditions hold; the rest is not read where it can be skipped.

    Parameters
    ----------
    folder : Path
        The run's.
    name : str
        The file's path in it.
    rows : list of (column, "=", value), optional

    Raises
    ------
    ReaderError
        If the file is not there, or cannot be read.
    """
    path = folder / name
    try:
        # A folder called a=b in the path is no column.
        return pq.read_table(path, filters=rows or None, partitioning=None)
    except FileNotFoundError:
        raise ReaderError(not_there(folder, name)) from None
    except (OSError, pa.ArrowException) as error:
        raise ReaderError(f"{path} cannot be read ({error}).") from error


def table_names(folder: Path) -> list[str]:
    """The tables that a run has so far."""
    return sorted(path.stem for path in (folder / "tables").glob("*.parquet"))


def below_one_another(tables: Sequence[pa.Table], what: str) -> pa.Table:
    """One table of all; `what` says of what they are.

    Raises
    ------
    ReaderError
        If their columns are not the same.
    """
    # What else a file says, such as its warnings, is of that file.
    tables = [table.replace_schema_metadata() for table in tables]
    for table in tables:
        if not table.schema.equals(tables[0].schema):
            columns = (
                ", ".join(f"{field.name} {field.type}" for field in each.schema if field not in other.schema)
                for each, other in ((tables[0], table), (table, tables[0]))
            )
            raise ReaderError(f"Not all {what} have the same columns ({' against '.join(columns)}). {OUT_OF_DATE}")
    return pa.concat_tables(tables)


def with_run(table: pa.Table, run: str) -> pa.Table:
    """A table with the run's name in front."""
    return table.add_column(0, "run", pa.repeat(pa.scalar(run), table.num_rows))
