"""Whole runs on what is no labelled image, of each kind of input and of target, by their files and their numbers."""

import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import average_precision_score, r2_score
from sklearn.neighbors import KNeighborsRegressor

from evolution.data.kinds import BASELINES
from evolution.data.targets import load_targets
from support.project import Project
from support.read_runs import check_run

SMALL = {
    "seed": 3,
    "dataset": {"train_size": 100, "eval_size": 60},
    "training": {"epochs": 4, "batch_size": 20, "learning_rate": 3e-3, "threads": 1},
    "snapshots": {"every": 4},
    "embedding": {"perplexity": 10},
    "metrics": {"n_init": 2, "cka": False},
    "plots": {"grid_times": [0, 4], "dpi": 50, "animation": {"dpi": 40, "tween": 2}},
}
# Six runs of other kinds of input and of target, each of a few seconds' training; the comparison shows them all.
RUNS = {
    "rows": {
        "dataset": {"name": "wine", "train_size": 60, "eval_size": 60},
        "model": {"name": "mlp"},
        "layers": ["fc2"],
    },
    "number": {"dataset": {"name": "diabetes"}, "model": {"name": "mlp"}, "layers": ["fc2", "fc3"]},
    "signals": {"dataset": {"name": "japanese_vowels"}, "model": {"name": "signal_cnn"}, "layers": ["conv2"]},
    "text": {
        "dataset": {"name": "chat_languages"},
        "model": {"name": "tiny_transformer"},
        "layers": ["block1"],
    },
    "labels": {"dataset": {"name": "npz:inputs/several.npz"}, "model": {"name": "mlp"}, "layers": ["fc2"]},
    "bare": {"recording": {"path": "inputs/bare", "unit": "epoch"}, "layers": "auto"},
}
KIND_OF = {
    "rows": "table",
    "number": "table",
    "signals": "signals",
    "text": "tokens",
    "labels": "table",
    "bare": "other",
}
TARGET_OF = {run: "classes" for run in RUNS} | {"number": "number", "labels": "labels", "bare": "none"}
# What needs classes.
OF_CLASSES = {"confusion", "neural_collapse"}


def rows_of_labels(count, seed=0):
    """Rows of a table whose columns follow three labels, each of which holds for some of the rows."""
    random = np.random.default_rng(seed)
    labels = random.random((count, 3)) < [0.5, 0.3, 0.4]
    rows = random.normal(0, 0.5, (count, 6))
    rows[:, :3] += labels
    return rows, labels


def write_inputs(folder: Path) -> None:
    """Archives of several labels a sample, and a recording without labels."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, labels = rows_of_labels(200)
    np.savez(
        folder / "several.npz",
        rows=rows,
        labels=labels.astype(int),
        class_names=["red", "green", "blue"],
        column_names=list("abcdef"),
        attribute_source=np.array(["field", "lab"])[np.arange(200) % 2],
        attribute_age=np.linspace(0, 1, 200),
    )
    random = np.random.default_rng(1)
    groups = np.arange(60) % 4
    for time in (0, 4):
        (folder / "bare" / str(time)).mkdir(parents=True)
        for layer in ("first", "second"):
            rows = random.normal(groups[:, None] * time, 1, (60, 5)).astype(np.float32)
            np.save(folder / "bare" / str(time) / f"{layer}.npy", rows)
    lines = ["writer,age", *(f"writer {index % 3},{20 + index}" for index in range(60))]
    (folder / "bare" / "attributes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_files(folder: Path) -> None:
    """Digits as public sets lay them out."""
    digits = load_digits()
    images, labels = (digits.images * 15.9).astype(np.uint8), digits.target
    train, val, test = slice(0, 900), slice(900, 1300), slice(1300, None)
    parts = {
        f"{name}_{array}": values[part]
        for name, part in (("train", train), ("val", val), ("test", test))
        for array, values in (("images", images), ("labels", labels[:, None].astype(np.uint8)))
    }
    np.savez(folder / "medmnist.npz", **parts)
    both = {"x_train": images[:1200], "y_train": labels[:1200], "x_test": images[1200:], "y_test": labels[1200:]}
    np.savez(folder / "keras.npz", **both)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """All runs, to the end."""
    project = Project(tmp_path_factory.mktemp("kinds"), {**SMALL, "runs": RUNS})
    write_inputs(project.folder / "inputs")
    project.run()
    return project


def results(project, run, name):
    return project.folder / "results" / run / name


def values_of(path):
    """A long table as {(layer, time, metric): value}, or by what it has."""
    rows = pq.read_table(path).to_pylist()
    return {tuple(row[key] for key in row if key not in ("run", "value")): row["value"] for row in rows}


@pytest.mark.parametrize("run", RUNS)
def test_a_run_is_of_its_kind_and_target(project, run):
    found = load_targets(results(project, run, "dataset.npz"))
    assert (found.kind, found.target) == (KIND_OF[run], TARGET_OF[run])


@pytest.mark.parametrize("run", RUNS)
def test_figures_and_tables_are_those_of_the_target(project, run):
    figures = {path.stem for path in results(project, run, "figures").iterdir()}
    classes = TARGET_OF[run] == "classes"
    assert (figures >= OF_CLASSES) == classes and (OF_CLASSES & figures != set()) == classes
    assert {"metric_curves", "geometry", "grid", "animation"} <= figures
    assert results(project, run, "tables/collapse.parquet").exists() == classes
    metrics = {metric for _, _, metric in values_of(results(project, run, "tables/metrics.parquet"))}
    assert ("adjusted_rand_index" in metrics) == classes and "silhouette" in metrics
    assert ("knn_r2" in metrics) == (run == "number")
    assert ("knn_average_precision" in metrics) == (run == "labels")


@pytest.mark.parametrize("run", RUNS)
def test_the_reader_gives_what_the_workflow_reads(project, run):
    check_run(results(project, run, ""))


def test_points_say_what_is_known(project):
    tables = {run: pq.read_table(results(project, run, "tables/points.parquet")) for run in RUNS}
    said = {run: {"label", "predicted", "confidence"} & set(table.column_names) for run, table in tables.items()}
    assert said == {run: {"label", "predicted", "confidence"} for run in RUNS} | {
        "number": {"label", "predicted"},
        "labels": {"label", "predicted"},
        "bare": set(),
    }
    number, labels = (
        points[(points["layer"] == layer) & (points["epoch"] == 4)]
        for points, layer in ((tables["number"].to_pandas(), "fc3"), (tables["labels"].to_pandas(), "fc2"))
    )
    history = values_of(results(project, "number", "tables/history.parquet"))
    assert np.isclose(r2_score(number["label"], number["predicted"]), history[4, "eval_r2", ""], atol=1e-6)
    held = load_targets(results(project, "labels", "dataset.npz")).values
    names = np.array(["red", "green", "blue"])
    assert [list(names[row]) for row in held] == [list(row) for row in labels["label"]]


@pytest.mark.parametrize("run", RUNS)
def test_nothing_is_called_an_image(project, run):
    """Texts of pages, tables and logs; code and styles of the page are no texts."""
    summary = results(project, run, "summary.md").read_text(encoding="utf-8")
    page = results(project, run, "explorer.html").read_text(encoding="utf-8")
    shown = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]+>", " ", page)
    for text in (summary, shown):
        assert not re.search(r"(?i)\b(images?|pixels?)\b", text), re.findall(
            r"(?i).{30}\b(?:images?|pixels?)\b.{30}", text
        )
    if run != "bare":
        assert BASELINES[KIND_OF[run]] in summary


def test_a_number_is_scored_as_scikit_learn_does(project):
    """The network's predictions and the nearest neighbours', from the files on disk."""
    targets = load_targets(results(project, "number", "dataset.npz"))
    predictions = pq.read_table(results(project, "number", "predictions/0004.parquet")).to_pandas()
    history = values_of(results(project, "number", "tables/history.parquet"))
    assert history[4, "eval_r2", ""] == pytest.approx(r2_score(targets.values, predictions["predicted"]), abs=1e-5)
    rows = np.load(results(project, "number", "activations/0004/fc2.npy"))[0].astype(float)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    guesses = []
    for index in range(len(rows)):
        others = np.arange(len(rows)) != index
        guesses.append(KNeighborsRegressor(10).fit(rows[others], targets.values[others]).predict(rows[[index]])[0])
    metrics = values_of(results(project, "number", "tables/metrics.parquet"))
    assert metrics["fc2", 4, "knn_r2"] == pytest.approx(r2_score(targets.values, guesses), abs=1e-4)


def test_labels_are_scored_as_scikit_learn_does(project):
    targets = load_targets(results(project, "labels", "dataset.npz"))
    predicted = np.stack(pq.read_table(results(project, "labels", "predictions/0004.parquet"))["predicted"].to_pylist())
    history = values_of(results(project, "labels", "tables/history.parquet"))
    each = [average_precision_score(targets.values[:, place], predicted[:, place]) for place in range(3)]
    assert history[4, "eval_average_precision", ""] == pytest.approx(np.mean(each), abs=1e-6)
    for name, precision in zip(("red", "green", "blue"), each):
        assert history[4, "class_average_precision", name] == pytest.approx(precision, abs=1e-6)


def test_attributes_of_a_recording_without_labels(project):
    targets = load_targets(results(project, "bare", "dataset.npz"))
    assert targets.values is None and list(targets.attributes) == ["writer", "age"]
    project.configure(
        {**SMALL, "metrics": SMALL["metrics"] | {"measure_by": ["writer"]}, "runs": {"bare": RUNS["bare"]}}
    )
    plan = project.plan()
    assert not any(name.startswith(("embed", "snapshot")) for name in plan), "maps do not depend on attributes"
    project.run()
    metrics = {metric for _, _, metric in values_of(results(project, "bare", "tables/metrics.parquet"))}
    assert {"adjusted_rand_index:writer", "knn_accuracy:writer"} <= metrics
    assert results(project, "bare", "figures/attributes.png").exists()


def test_training_curves_without_labels_need_a_log(tmp_path):
    random = np.random.default_rng(0)
    for time in (0, 4):
        (tmp_path / "mine" / str(time)).mkdir(parents=True)
        for name, width in (("first", 5), ("predictions", 3)):
            np.save(tmp_path / "mine" / str(time) / f"{name}.npy", random.normal(size=(60, width)).astype(np.float32))
    recording = {"path": "mine", "unit": "epoch"}
    project = Project(tmp_path, {**SMALL, "runs": {"mine": {"recording": recording, "layers": "auto"}}})
    assert not any(name.startswith("plot_training_curves") for name in project.plan())
    (tmp_path / "log.csv").write_text("epoch,train_loss\n0,2\n4,1\n", encoding="utf-8")
    recording["history"] = "log.csv"
    project.configure({**SMALL, "runs": {"mine": {"recording": recording, "layers": "auto"}}})
    assert any(name.startswith("plot_training_curves") for name in project.plan())


@pytest.mark.parametrize("name", ["medmnist", "keras"])
def test_archives_of_public_sets(tmp_path, name):
    """To the data alone, and what planning knows of them without a job."""
    config = {**SMALL, "model": {"name": "tiny_cnn"}, "runs": {"digits": {"dataset": {"name": f"npz:{name}.npz"}}}}
    project = Project(tmp_path, config)
    write_files(tmp_path)
    project.run("results/digits/tables/history.parquet")
    digits = load_digits()
    with np.load(results(project, "digits", "dataset.npz")) as archive:
        start = {"medmnist": 1300, "keras": 1200}[name]
        places = archive["eval_indices"] + start
        np.testing.assert_array_equal(archive["eval_labels"], digits.target[places])
        np.testing.assert_array_equal(archive["eval_images"][:, 0], (digits.images[places] * 15.9).astype(np.uint8))
        np.testing.assert_array_equal(archive["train_labels"], digits.target[archive["train_indices"]])
