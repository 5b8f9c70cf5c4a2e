"""The Parquet tables of a run, as Arrow tables."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from activation_reader.arrays import not_there
from activation_reader.errors import ReaderError


def read_table(path: Path, rows: list[tuple[str, str, object]] | None = None) -> pa.Table:
    """A Parquet file, or the rows in it for which all conditions hold; the rest is not read where it can be skipped.

    Parameters
    ----------
    path : Path
    rows : list of (column, "=", value), optional

    Raises
    ------
    ReaderError
        If the file is not there, or cannot be read.
    """
    try:
        # A folder called a=b in the path is no column.
        return pq.read_table(path, filters=rows or None, partitioning=None)
    except FileNotFoundError:
        raise ReaderError(not_there(path)) from None
    except (OSError, pa.ArrowInvalid) as error:
        raise ReaderError(f"{path} cannot be read ({error}).") from error


def table_names(folder: Path) -> list[str]:
    """The tables that a run has so far."""
    return sorted(path.stem for path in (folder / "tables").glob("*.parquet"))


def with_run(table: pa.Table, run: str) -> pa.Table:
    """A table with the run's name in front."""
    return table.add_column(0, "run", pa.repeat(pa.scalar(run), table.num_rows))
