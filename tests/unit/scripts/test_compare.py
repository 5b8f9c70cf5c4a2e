"""What is computed of several runs: tables, means with intervals, crossings, CKA."""

import csv
import warnings

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy import stats

import compare_activations
from compare_activations import same_images
from compare_crossings import compare_crossings, crossing
from compare_tables import gather_runs
from evolution.errors import UserError
from evolution.io.arrays import save_npy, save_npz
from evolution.io.tables import save_table
from evolution.measures import cka
from evolution.measures.intervals import mean_interval

# Intervals


def test_the_interval_is_students():
    values = np.random.default_rng(0).normal(3, 2, (5, 4))
    mean, low, high = mean_interval(values)
    for place in range(4):
        sample = values[:, place]
        expected = stats.t.interval(0.95, len(sample) - 1, loc=sample.mean(), scale=stats.sem(sample))
        np.testing.assert_allclose([low[place], high[place]], expected)
        assert mean[place] == pytest.approx(sample.mean())


def test_the_interval_of_two_by_hand():
    # s = √2 / 2 · |a - b| = √2, s / √2 = 1, and t(0.975) with one degree of freedom is tan(0.475 π) = 12.706.
    mean, low, high = mean_interval(np.array([1.0, 3.0]))
    assert (mean, high - mean) == (2, pytest.approx(np.tan(0.475 * np.pi)))
    assert mean - low == pytest.approx(high - mean)


def test_what_is_missing_does_not_count():
    values = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan], [np.nan, np.nan, np.nan]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mean, low, high = mean_interval(values)
    np.testing.assert_array_equal(mean, [2, 5, np.nan])
    assert np.isfinite(low).tolist() == np.isfinite(high).tolist() == [True, False, False]


# Crossings


@pytest.mark.parametrize(
    ("values", "epoch"),
    [
        ([0.1, 0.5, 0.7, 0.95, 0.95], 4 + 2 * 0.2 / 0.25),
        ([0.1, 0.9, 0.2, 0.95, 0.99], 2),
        ([0.95, 0.1, 0.2, 0.3, 0.4], 0),
        ([0.1, 0.2, 0.3, 0.4, 0.89], np.nan),
        ([np.nan, 0.7, np.nan, 1.1, np.nan], 4),
        ([np.nan] * 5, np.nan),
    ],
)
def test_a_crossing_by_hand(values, epoch):
    found = crossing(np.array([0, 2, 4, 6, 8]), np.array(values), 0.9)
    np.testing.assert_allclose(found, epoch, atol=1e-12)


def write_metrics(path, curves):
    """A comparison's table of {(group, run, layer): adjusted Rand index at epochs 0, 10, ...}."""
    rows = [
        (run, group, seed, layer, 10 * place, metric, value if metric == "adjusted_rand_index" else 1.0)
        for seed, ((group, run, layer), values) in enumerate(curves.items())
        for place, value in enumerate(values)
        for metric in ("adjusted_rand_index", "silhouette")
    ]
    columns = ("run", "group", "seed", "layer", "epoch", "metric", "value")
    save_table(path, dict(zip(columns, map(list, zip(*rows)))))
    return str(path)


def test_crossings_are_sorted_and_those_that_never_come_are_last(tmp_path):
    table = write_metrics(
        tmp_path / "m.parquet",
        {
            ("never", "n1", "fc"): [0.1, 0.2, 0.3],
            ("never", "n2", "fc"): [0.1, 0.2, 0.5],
            ("slow", "s1", "fc"): [0.0, 0.5, 0.95],
            ("slow", "s2", "fc"): [0.0, 0.9, 0.95],
            ("half", "h1", "fc"): [0.0, 0.1, 0.2],
            ("half", "h2", "fc"): [0.0, 1.0, 1.0],
            ("fast", "f1", "fc"): [0.0, 1.0, 1.0],
            ("fast", "f1", "conv"): [0.0, 0.1, 0.2],
        },
    )
    seeds = {name: number for number, name in enumerate(["n1", "n2", "s1", "s2", "h1", "h2", "f1"])}
    compare_crossings(table, ["conv", "fc", "absent"], 0.9, seeds, tmp_path / "c.md", tmp_path / "c.csv")
    with open(tmp_path / "c.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["layer"], row["run"], row["epoch"]) for row in rows] == [
        ("conv", "f1", ""),
        ("fc", "f1", "9.000"),
        ("fc", "s2", "10.000"),
        ("fc", "s1", "18.889"),
        ("fc", "h2", "9.000"),
        ("fc", "h1", ""),
        ("fc", "n1", ""),
        ("fc", "n2", ""),
    ]
    slow = rows[2]
    mean, half = (10 + 170 / 9) / 2, np.tan(0.475 * np.pi) * (80 / 9) / 2
    assert [slow[f"group_{name}"] for name in ("mean", "low", "high")] == [
        f"{value:.3f}" for value in (mean, mean - half, mean + half)
    ]
    assert (slow["seed"], slow["group_crossed"], slow["group_runs"]) == ("3", "2", "2")
    # A mean over those that cross would look early.
    assert (rows[4]["group_mean"], rows[4]["group_crossed"]) == ("", "1")
    assert rows[6]["highest"] == "0.300"
    text = (tmp_path / "c.md").read_text()
    assert "**conv**: never, in no run; the highest is 0.200, of fast." in text
    lines = [line.replace(" ", "") for line in text.splitlines() if line.startswith("|")]
    assert lines[2:] == [
        "|fast|9.0|\u2013|1of1|1.000|9.0|",
        f"|slow|{mean:.1f}|{mean - half:.1f}to{mean + half:.1f}|2of2|0.950|10.0,18.9|",
        "|half|\u2013|\u2013|1of2|0.600|9.0,never|",
        "|never|never|\u2013|0of2|0.400|never,never|",
    ]


# Tables


def test_tables_are_put_below_one_another(tmp_path):
    columns = ["layer", "epoch", "metric", "value"]
    for run, value in {"a1": 0.1, "a2": None, "b": 0.3}.items():
        save_table(
            tmp_path / f"{run}.parquet",
            {"layer": ["fc"] * 2, "epoch": np.array([0, 1], np.int32), "metric": ["m"] * 2, "value": [value, 1.0]},
        )
    paths = {run: str(tmp_path / f"{run}.parquet") for run in ("a1", "a2", "b")}
    table = gather_runs(paths, {"a": ["a1", "a2"], "b": ["b"]}, {"a1": 7, "a2": 8, "b": 9}, columns)
    save_table(tmp_path / "all.parquet", table)
    rows = pq.read_table(tmp_path / "all.parquet").to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (run, group, seed, "fc", epoch, "m", value)
        for run, group, seed, first in (("a1", "a", 7, 0.1), ("a2", "a", 8, None), ("b", "b", 9, 0.3))
        for epoch, value in ((0, first), (1, 1.0))
    ]
    (tmp_path / "a2.parquet").write_bytes(b"?")
    with pytest.raises(UserError, match=r"a2\.parquet is damaged"):
        gather_runs(paths, {"a": ["a1", "a2"]}, {"a1": 7, "a2": 8}, columns)


# CKA


def write_images(path, seed):
    images = np.random.default_rng(seed).integers(0, 255, (40, 1, 4, 4)).astype(np.uint8)
    labels, indices = np.arange(40) % 4, np.arange(40)
    save_npz(path, eval_images=images, eval_labels=labels, eval_indices=indices)
    return str(path)


def kernel_alignment(first, second):
    """Unbiased CKA by the formula of Song et al. (2012), with the diagonals of the Gram matrices taken out."""

    def hsic(one, other):
        n = len(one)
        inner = one.sum() * other.sum() / (n - 1) / (n - 2) - 2 * (one @ other).sum() / (n - 2)
        return (np.trace(one @ other) + inner) / n / (n - 3)

    one, other = ((rows @ rows.T) * (1 - np.eye(len(rows))) for rows in (first, second))
    return hsic(one, other) / np.sqrt(hsic(one, one) * hsic(other, other))


def write_activations(folder, cells, samples=40):
    random = np.random.default_rng(3)
    rows = {cell: random.normal(size=(samples, 60)).astype(np.float32) for cell in cells}
    kept = {}
    for (run, layer), values in rows.items():
        path = folder / f"{run}-{layer}.npy"
        save_npy(path, np.stack([np.zeros_like(values), values]))
        kept[run, layer] = (str(path), 1)
    return rows, kept


def test_layers_of_runs_with_the_same_images_are_compared(tmp_path):
    datasets = {run: write_images(tmp_path / f"{run}.npz", seed) for run, seed in (("a", 1), ("b", 2), ("c", 1))}
    assert same_images(datasets) == ["a", "c"]
    cells = [("a", "x"), ("a", "y"), ("b", "x"), ("c", "x")]
    rows, kept = write_activations(tmp_path, cells)
    table = compare_activations.compare_activations(datasets, kept, seed=0)
    found = list(zip(table["run"], table["layer"], table["other_run"], table["other_layer"], table["cka_unbiased"]))
    assert {(run, other) for run, _, other, _, _ in found} == {("a", "a"), ("a", "c"), ("c", "a"), ("c", "c")}
    assert len(found) == 9 and set(table["samples"]) == {40}
    for run, layer, other, other_layer, value in found:
        expected = kernel_alignment(*(rows[cell].astype(float) for cell in ((run, layer), (other, other_layer))))
        assert value == pytest.approx(expected, abs=1e-6)


def test_of_many_samples_some_are_drawn_the_same_of_all(tmp_path, monkeypatch):
    monkeypatch.setattr(cka, "MOST_SAMPLES", 30)
    datasets = {run: write_images(tmp_path / f"{run}.npz", 1) for run in ("a", "b")}
    rows, kept = write_activations(tmp_path, [("a", "x"), ("b", "x")])
    # The second is the first turned around: of the same samples, CKA is 1.
    save_npy(kept["b", "x"][0], np.stack([rows["b", "x"], rows["a", "x"][:, ::-1]]))
    table = compare_activations.compare_activations(datasets, kept, seed=0)
    np.testing.assert_allclose(table["cka"], 1, atol=1e-6)
    assert set(table["samples"]) == {30}
