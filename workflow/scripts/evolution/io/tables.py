"""Parquet tables on disk: whole files, the same bytes for the same content."""

from pathlib import Path

from evolution.io.reading import damaged, reading
from evolution.io.whole_files import whole_file

# The column with the time of a row is called by the unit of time on disk, and by this name in memory.
TIME = "time"
EPOCH, STEP = "epoch", "step"


def save_table(
    path: str | Path, columns: dict[str, object], metadata: dict[str, str] | None = None, *, unit: str = EPOCH
) -> None:
    """Write a Parquet table.

    Parameters
    ----------
    path : path
    columns : dict of str to sequence
        Values by the column's name, all of one length. The column "time" becomes "epoch" or "step".
    metadata : dict of str to str, optional
        Kept in the table's schema.
    unit : {"epoch", "step"}
        What times are counted in.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {unit if name == TIME else name: values for name, values in columns.items()}
    if unit != EPOCH:
        metadata = (metadata or {}) | {"unit": unit}
    with whole_file(path) as temporary:
        pq.write_table(pa.table(columns, metadata=metadata), temporary, compression="zstd")


def load_table(path: str | Path, *columns: str):
    """Read a Parquet table with at least the named columns.

    Parameters
    ----------
    path : path
    *columns : str
        "time" stands for the column of the table's unit, "epoch" or "step".

    Returns
    -------
    pyarrow.Table
        Its column of the time is called "time", where that is among the named ones.

    Raises
    ------
    UserError
        If the file cannot be read, or lacks a column.
    """
    import pyarrow.parquet as pq

    # Not with read_table, which imports pandas and so takes a quarter of a second more.
    with reading(path), pq.ParquetFile(path) as file:
        table = file.read()
    if TIME in columns:
        unit = _unit(file.schema_arrow)
        table = table.rename_columns([TIME if name == unit else name for name in table.column_names])
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise damaged(path, f"no column {', '.join(missing)}")
    return table


def load_unit(path: str | Path) -> str:
    """The unit in which a table counts time: "epoch" or "step".

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    return load_metadata(path).get("unit", EPOCH)


def _unit(schema) -> str:
    return (schema.metadata or {}).get(b"unit", EPOCH.encode()).decode()


def load_metadata(path: str | Path) -> dict[str, str]:
    """Read what `save_table` kept in a Parquet table's schema, without the table itself.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    import pyarrow.parquet as pq

    with reading(path), pq.ParquetFile(path) as file:
        return {key.decode(): value.decode() for key, value in (file.schema_arrow.metadata or {}).items()}
