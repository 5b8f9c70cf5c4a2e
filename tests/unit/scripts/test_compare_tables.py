"""The tables of all runs in one."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from compare_tables import gather_runs
from evolution.errors import UserError
from evolution.io.tables import save_table


def test_tables_are_put_below_one_another(tmp_path):
    columns = ["layer", "time", "metric", "value"]
    for run, value in {"a1": 0.1, "a2": None, "b": 0.3}.items():
        save_table(
            tmp_path / f"{run}.parquet",
            {"layer": ["fc"] * 2, "time": np.array([0, 1], np.int32), "metric": ["m"] * 2, "value": [value, 1.0]},
        )
    paths = {run: str(tmp_path / f"{run}.parquet") for run in ("a1", "a2", "b")}
    table = gather_runs(
        paths=paths, groups={"a": ["a1", "a2"], "b": ["b"]}, seeds={"a1": 7, "a2": 8, "b": 9}, columns=columns
    )
    save_table(tmp_path / "all.parquet", table)
    rows = pq.read_table(tmp_path / "all.parquet").to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (run, group, seed, "fc", time, "m", value)
        for run, group, seed, first in (("a1", "a", 7, 0.1), ("a2", "a", 8, None), ("b", "b", 9, 0.3))
        for time, value in ((0, first), (1, 1.0))
    ]
    (tmp_path / "a2.parquet").write_bytes(b"?")
    with pytest.raises(UserError, match=r"a2\.parquet is damaged"):
        gather_runs(paths=paths, groups={"a": ["a1", "a2"]}, seeds={"a1": 7, "a2": 8}, columns=columns)
