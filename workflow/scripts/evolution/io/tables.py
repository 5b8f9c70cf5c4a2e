"""Parquet tables on disk: whole files, the same bytes for the same content."""

from pathlib import Path

from evolution.io.reading import damaged, reading
from evolution.io.whole_files import whole_file


def save_table(path: str | Path, columns: dict[str, object], metadata: dict[str, str] | None = None) -> None:
    """Write a Parquet table.

    Parameters
    ----------
    path : path
    columns : dict of str to sequence
        Values by the column's name, all of one length.
    metadata : dict of str to str, optional
        Kept in the table's schema.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with whole_file(path) as temporary:
        pq.write_table(pa.table(columns, metadata=metadata), temporary, compression="zstd")


def load_table(path: str | Path, *columns: str):
    """Read a Parquet table with at least the named columns.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    UserError
        If the file cannot be read, or lacks a column.
    """
    import pyarrow.parquet as pq

    # Not with read_table, which imports pandas and so takes a quarter of a second more.
    with reading(path), pq.ParquetFile(path) as file:
        table = file.read()
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise damaged(path, f"no column {', '.join(missing)}")
    return table


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
