"""Put the runs' tables of one kind below one another, with each row's run, group and seed."""

import logging

import numpy as np

from evolution.io.job_log import job_log
from evolution.io.tables import load_table, load_unit, save_table

log = logging.getLogger("evolution")


def gather_runs(
    *, paths: dict[str, str], groups: dict[str, list[str]], seeds: dict[str, int], columns: list[str]
) -> dict[str, object]:
    """Gather the runs' tables of one kind.

    Parameters
    ----------
    paths : dict
        Run to its table.
    groups : dict
        Group to its runs.
    seeds : dict
        Run to its seed.
    columns : list of str
        Those of the tables.

    Returns
    -------
    dict of columns
        run string, group string, seed int64, and the tables' own.

    Raises
    ------
    UserError
        If a table cannot be read, or lacks a column.
    """
    import pyarrow as pa

    order = [(group, run) for group, runs in groups.items() for run in runs]
    tables = [load_table(paths[run], *columns).select(columns) for _, run in order]
    lengths = [table.num_rows for table in tables]
    whole = pa.concat_tables(tables).combine_chunks()
    return {
        "run": np.repeat([run for _, run in order], lengths).tolist(),
        "group": np.repeat([group for group, _ in order], lengths).tolist(),
        "seed": np.repeat(np.array([seeds[run] for _, run in order], np.int64), lengths),
        **{name: whole[name] for name in columns},
    }


TABLE_COLUMNS = {
    "metrics": ["layer", "time", "metric", "value"],
    "history": ["time", "metric", "class_name", "value"],
    "collapse": ["time", "metric", "value"],
}

if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        for kind, path in snakemake.output.items():
            groups = snakemake.params.groups[kind]
            runs = [run for members in groups.values() for run in members]
            paths = dict(zip(runs, snakemake.input[kind]))
            left_out = [group for group in snakemake.params.groups["metrics"] if group not in groups]
            if left_out:
                log.info("Not in the %s table, as their samples have no classes: %s", kind, ", ".join(left_out))
            table = gather_runs(paths=paths, groups=groups, seeds=snakemake.params.seeds, columns=TABLE_COLUMNS[kind])
            # Runs that count in different units are not compared.
            save_table(path, table, unit=load_unit(paths[runs[0]]))
