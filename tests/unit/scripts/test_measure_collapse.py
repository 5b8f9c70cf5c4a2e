"""The table of neural collapse at a run's classifier."""

import math

import numpy as np
import pytest

from evolution.errors import UserError
from evolution.io.arrays import save_npy, save_npz
from evolution.io.tables import load_table, save_table
from evolution.measures import collapse
from evolution.measures.registry import CLASSIFIER_METRICS
from measure_collapse import collapse_table
from support.collapsed import LABELS, layer, simplex


@pytest.fixture
def run(tmp_path):
    """Two spans of a run whose network is collapsed at epoch 4, and has no finite classifier at epoch 2.

    As arguments of collapse_table.
    """
    corners, middle = simplex()
    weights = np.random.default_rng(2).normal(size=(6, 9))
    rows = {
        0: np.vstack([layer(), weights]),
        2: np.full((66, 9), np.nan),
        4: np.vstack([(corners + middle)[LABELS], corners]),
    }
    for span, times in {"0000": [0], "0002-0004": [2, 4]}.items():
        save_npy(tmp_path / f"{span}.npy", np.stack([rows[time] for time in times]).astype(np.float32))
        columns = {"time": np.repeat(times, 60), "sample": np.tile(np.arange(60), len(times))}
        columns |= {"predicted": np.tile(LABELS, len(times)), "confidence": np.ones(60 * len(times))}
        save_table(tmp_path / f"{span}.parquet", columns)
    save_npz(tmp_path / "dataset.npz", eval_labels=LABELS, eval_indices=LABELS, class_names=np.array(list("abcdef")))
    paths = {
        name: [str(tmp_path / f"{span}.{suffix}") for span in ("0000", "0002-0004")]
        for name, suffix in (("classifier", "npy"), ("predictions", "parquet"))
    }
    return paths | {"run": "mine", "dataset": str(tmp_path / "dataset.npz"), "spans": [[0], [2, 4]]}


def test_table_of_a_run(run):
    table = collapse_table(**run)
    assert list(table) == ["run", "time", "metric", "value"] and set(table["run"]) == {"mine"}
    values = {(time, metric): value for _, time, metric, value in zip(*table.values())}
    assert list(values) == [(time, metric) for time in (0, 2, 4) for metric in CLASSIFIER_METRICS]
    rows = np.vstack([layer()]).astype(np.float32)
    for metric, value in collapse.layer_collapse(rows, LABELS, LABELS).items():
        assert values[0, metric] == pytest.approx(value, rel=1e-5)
    means = np.stack([rows[label == LABELS].mean(0) for label in range(6)])
    apart, weights = means - means.mean(0), np.random.default_rng(2).normal(size=(6, 9))
    cosine = (apart * weights).sum() / np.linalg.norm(apart) / np.linalg.norm(weights)
    assert values[0, "nc3_self_duality"] == pytest.approx(2 - 2 * cosine, rel=1e-5)
    assert all(math.isnan(values[2, metric]) for metric in CLASSIFIER_METRICS)
    assert [values[4, metric] for metric in CLASSIFIER_METRICS] == pytest.approx([0, 0, 0, 0, 1], abs=1e-6)


def test_a_classifier_of_another_shape_is_refused(run):
    save_npy(run["classifier"][1], np.ones((2, 65, 9), np.float32))
    with pytest.raises(UserError, match=r"0002-0004.npy is damaged .*\(2, 66, None\)"):
        collapse_table(**run)


def test_without_predictions_nc4_is_not_known(run):
    (path,) = run["predictions"][:1]
    table = load_table(path, "time", "sample", "predicted", "confidence")
    columns = {name: np.array(table.column(name)) for name in table.column_names}
    save_table(path, columns | {"predicted": np.full(table.num_rows, -1)})
    found = collapse_table(**run)
    values = dict(zip(zip(found["time"].tolist(), found["metric"]), found["value"]))
    first = found["time"][0]
    unknown = {metric for (time, metric), value in values.items() if time == first and np.isnan(value)}
    assert unknown == {"nc4_nearest_centre_agreement"} or len(unknown) == 1
