"""When the adjusted Rand index crosses a threshold: by hand."""

import csv

import numpy as np
import pytest

from compare_crossings import compare_crossings, crossing
from evolution.io.tables import save_table


@pytest.mark.parametrize(
    ("values", "time"),
    [
        ([0.1, 0.5, 0.7, 0.95, 0.95], 4 + 2 * 0.2 / 0.25),
        ([0.1, 0.9, 0.2, 0.95, 0.99], 2),
        ([0.95, 0.1, 0.2, 0.3, 0.4], 0),
        ([0.1, 0.2, 0.3, 0.4, 0.89], np.nan),
        ([np.nan, 0.7, np.nan, 1.1, np.nan], 4),
        ([np.nan] * 5, np.nan),
    ],
)
def test_a_crossing_by_hand(values, time):
    found = crossing(np.array([0, 2, 4, 6, 8]), np.array(values), 0.9)
    np.testing.assert_allclose(found, time, atol=1e-12)


def write_metrics(path, curves):
    """A comparison's table of {(group, run, layer): adjusted Rand index at times 0, 10, ...}."""
    rows = [
        (run, group, seed, layer, 10 * index, metric, value if metric == "adjusted_rand_index" else 1.0)
        for seed, ((group, run, layer), values) in enumerate(curves.items())
        for index, value in enumerate(values)
        for metric in ("adjusted_rand_index", "silhouette")
    ]
    columns = ("run", "group", "seed", "layer", "time", "metric", "value")
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
    compare_crossings(
        metrics_table=table,
        layers=["conv", "fc", "absent"],
        threshold=0.9,
        seeds=seeds,
        targets=dict.fromkeys(seeds, "classes"),
        markdown_path=tmp_path / "c.md",
        csv_path=tmp_path / "c.csv",
    )
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


def test_runs_in_steps_cross_at_times_of_their_own(tmp_path):
    """Each run has its own snapshots, and ends where it ends."""
    curves = {"a": {0: 0.0, 500: 1.0}, "b": {0: 0.0, 1000: 0.5, 3000: 1.0}}
    rows = [
        (run, run, "fc", time, "adjusted_rand_index", value)
        for run, curve in curves.items()
        for time, value in curve.items()
    ]
    columns = dict(zip(("run", "group", "layer", "time", "metric", "value"), map(list, zip(*rows))))
    save_table(tmp_path / "m.parquet", columns, unit="step")
    compare_crossings(
        metrics_table=tmp_path / "m.parquet",
        layers=["fc"],
        threshold=0.9,
        seeds={"a": 0, "b": 0},
        targets={"a": "classes", "b": "classes"},
        markdown_path=tmp_path / "c.md",
        csv_path=tmp_path / "c.csv",
    )
    with open(tmp_path / "c.csv", newline="") as stream:
        assert [(row["run"], row["step"]) for row in csv.DictReader(stream)] == [("a", "450.000"), ("b", "2600.000")]
    text = (tmp_path / "c.md").read_text()
    assert "Step" in text and "epoch" not in text.lower()


def test_runs_whose_targets_differ_are_compared_each_by_its_own_measure(tmp_path):
    curves = {
        ("digits", "classes", "adjusted_rand_index"): [0.0, 1.0],
        # What is measured against classes as well is not what it is compared by.
        ("digits", "classes", "silhouette"): [1.0, 1.0],
        ("prices", "number", "knn_r2"): [-0.1, 0.5],
        ("tags", "labels", "knn_average_precision"): [0.8, 1.0],
        ("unlabelled", "none", "silhouette"): [0.95, 0.9],
        ("unlabelled", "none", "knn_r2:age"): [1.0, 1.0],
    }
    rows = [
        (run, run, "fc", 10 * index, metric, value)
        for (run, _, metric), values in curves.items()
        for index, value in enumerate(values)
    ]
    save_table(tmp_path / "m.parquet", dict(zip(("run", "group", "layer", "time", "metric", "value"), zip(*rows))))
    targets = {run: target for run, target, _ in curves}
    arguments = {"metrics_table": tmp_path / "m.parquet", "layers": ["fc"], "threshold": 0.9}
    arguments |= {"seeds": dict.fromkeys(targets, 0), "csv_path": tmp_path / "c.csv"}
    compare_crossings(**arguments, targets=targets, markdown_path=tmp_path / "c.md")
    with open(tmp_path / "c.csv", newline="") as stream:
        found = {row["run"]: (row["metric"], row["epoch"], row["highest"]) for row in csv.DictReader(stream)}
    assert found == {
        "digits": ("adjusted_rand_index", "9.000", "1.000"),
        "prices": ("knn_r2", "", "0.500"),
        "tags": ("knn_average_precision", "5.000", "1.000"),
        "unlabelled": ("silhouette", "0.000", "0.950"),
    }
    text = (tmp_path / "c.md").read_text(encoding="utf-8")
    assert text.startswith("# When layers reach 0.9\n\nThe runs differ in what is known of their samples")
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[1:] == [
        "## By the adjusted Rand index",
        "## By the R² of the nearest neighbours",
        "## By the average precision of the nearest neighbours",
        "## By the silhouette of the k-means clusters",
    ]
    assert "**fc**: never, in no run; the highest is 0.500, of prices." in text


@pytest.mark.parametrize(
    ("target", "metric", "called"),
    [
        ("classes", "adjusted_rand_index", "adjusted Rand index"),
        ("number", "knn_r2", "R² of the nearest neighbours"),
        ("labels", "knn_average_precision", "average precision of the nearest neighbours"),
        ("none", "silhouette", "silhouette of the k-means clusters"),
    ],
)
def test_the_heading_names_the_measure_of_all_runs(tmp_path, target, metric, called):
    rows = [("a", "a", "fc", time, metric, time / 10) for time in (0, 10)]
    save_table(tmp_path / "m.parquet", dict(zip(("run", "group", "layer", "time", "metric", "value"), zip(*rows))))
    compare_crossings(
        metrics_table=tmp_path / "m.parquet",
        layers=["fc"],
        threshold=0.8,
        seeds={"a": 0},
        targets={"a": target},
        markdown_path=tmp_path / "c.md",
        csv_path=tmp_path / "c.csv",
    )
    assert (tmp_path / "c.md").read_text(encoding="utf-8").startswith(f"# When the {called} reaches 0.8\n\n**fc**\n\n|")
