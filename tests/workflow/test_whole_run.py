"""A real run on real digits: its artifacts, its figures, and what it prints."""

import csv

import numpy as np
import pyarrow.parquet as pq
from PIL import Image
from sklearn.metrics import adjusted_rand_score

from evolution.measures.registry import PER_CLASS
from support.metrics_of_classes import MEASURES
from support.project import TINY, Project, changed
from support.read_runs import check_run

EPOCHS = [0, 2, 4]
LAYERS = ["conv2", "fc1"]


def test_artifacts_have_the_shapes_that_the_design_states(finished):
    for epoch in EPOCHS:
        span = f"{epoch:04d}"
        for layer, width in {"conv2": 100, "fc1": 64}.items():
            assert np.load(finished.path(f"activations/{span}/{layer}.npy")).shape == (1, 100, width)
            assert np.load(finished.path(f"embeddings/{span}/{layer}.npy")).shape == (1, 100, 2)
        assert pq.read_table(finished.path(f"predictions/{span}.parquet")).num_rows == 100
    history = pq.read_table(finished.path("tables/history.parquet")).to_pylist()
    assert {row["epoch"] for row in history} == {0, 1, 2, 3, 4}
    metrics = pq.read_table(finished.path("tables/metrics.parquet")).to_pylist()
    assert {(row["layer"], row["epoch"]) for row in metrics} == {
        ("raw_inputs", 0),
        *((layer, epoch) for layer in ("conv2", "fc1") for epoch in EPOCHS),
    }


def test_what_is_measured_in_addition_to_the_cells(finished):
    metrics = pq.read_table(finished.path("tables/metrics.parquet")).to_pylist()
    names = {row["metric"] for row in metrics}
    measured = [metric for metrics in MEASURES.values() for metric in metrics if metric not in PER_CLASS]
    assert len(names) == 5 + len(measured) and names.issuperset(measured)
    classes = pq.read_table(finished.path("tables/class_metrics.parquet")).to_pylist()
    assert len(classes) == 10 * (1 + 2 * len(EPOCHS))
    collapse = pq.read_table(finished.path("tables/collapse.parquet")).to_pylist()
    agreement = {row["epoch"]: row["value"] for row in collapse if row["metric"] == "nc4_agreement"}
    assert list(agreement) == EPOCHS and agreement[4] > agreement[0] + 0.3
    alike = pq.read_table(finished.path("cka/layers/0004.parquet")).to_pylist()
    assert [(row["first"], row["second"]) for row in alike] == [
        *(("raw_inputs", "raw_inputs"), ("raw_inputs", "conv2"), ("raw_inputs", "fc1")),
        *(("conv2", "conv2"), ("conv2", "fc1"), ("fc1", "fc1")),
    ]
    over_time = pq.read_table(finished.path("cka/times/fc1.parquet")).to_pylist()
    assert [(row["first"], row["second"]) for row in over_time] == [(0, 0), (0, 2), (0, 4), (2, 2), (2, 4), (4, 4)]
    for row in alike + over_time:
        # CKA is 1 exactly where a representation is compared with itself.
        assert (row["plain"] == row["unbiased"] == 1) == (row["first"] == row["second"])
        assert row["samples"] == row["available"] == 100


def test_the_network_learns_and_the_last_layer_comes_apart(finished):
    """Ten balanced classes: chance is 0.1, and four epochs on 300 digits lift accuracy and clusters well above it."""
    history = pq.read_table(finished.path("tables/history.parquet")).to_pylist()
    accuracy = {row["epoch"]: row["value"] for row in history if row["metric"] == "eval_accuracy"}
    assert accuracy[4] > 0.5 > accuracy[0]
    metrics = pq.read_table(finished.path("tables/metrics.parquet")).to_pylist()
    index = {(row["layer"], row["epoch"]): row["value"] for row in metrics if row["metric"] == "adjusted_rand_index"}
    assert index["fc1", 4] > index["fc1", 0]


def test_the_points_say_what_the_other_tables_say(finished):
    check_run(finished.folder / "results" / "tiny")
    points = pq.read_table(finished.path("tables/points.parquet")).to_pandas()
    metrics = pq.read_table(finished.path("tables/metrics.parquet")).to_pandas()
    metrics = metrics[metrics["metric"] == "adjusted_rand_index"].set_index(["layer", "epoch"])["value"]
    cells = points.groupby(["layer", "epoch"], observed=True)
    assert len(cells) == len(metrics) == 1 + 2 * len(EPOCHS)
    for cell, rows in cells:
        assert np.isclose(adjusted_rand_score(rows["label"], rows["cluster"]), metrics[cell]), cell
    history = pq.read_table(finished.path("tables/history.parquet")).to_pandas()
    accuracy = history[history["metric"] == "eval_accuracy"].set_index("epoch")["value"]
    for (_, epoch), rows in cells:
        assert np.isclose((rows["label"].astype(str) == rows["predicted"].astype(str)).mean(), accuracy[epoch])
        assert rows["confidence"].between(0.1, 1).all()


def test_the_summary_says_what_the_tables_say(finished):
    metrics = pq.read_table(finished.path("tables/metrics.parquet")).to_pylist()
    value = {(row["layer"], row["epoch"], row["metric"]): row["value"] for row in metrics}
    with open(finished.path("summary.csv"), newline="", encoding="utf-8") as stream:
        rows = {row["layer"]: row for row in csv.DictReader(stream)}
    assert list(rows) == ["raw_inputs", "conv2", "fc1"]
    for layer, row in rows.items():
        epoch = 0 if layer == "raw_inputs" else 4
        assert abs(float(row["adjusted_rand_index"]) - value[layer, epoch, "adjusted_rand_index"]) < 1e-3
    text = finished.path("summary.md").read_text(encoding="utf-8")
    assert text.strip() in finished.output


def test_no_summary_is_printed_that_was_not_asked_for(project):
    project.path("tables/history.parquet").unlink()
    assert project.path("summary.md").read_text(encoding="utf-8").strip() not in project.run("training")


def test_figures_are_drawn(finished):
    about_layers = (
        "metric_curves",
        "geometry",
        "neural_collapse",
        "cka",
        "class_separation",
        "grid",
        "embedding_quality",
    )
    for name in (*about_layers, "training_curves", "confusion", "samples", "raw_inputs"):
        with Image.open(finished.path(f"figures/{name}.png")) as image:
            assert min(image.size) > 100
            # Not blank: many colours.
            assert len(image.convert("RGB").getcolors(maxcolors=1 << 24)) > 50
    with Image.open(finished.path("figures/animation.gif")) as film:
        assert film.n_frames == 6 * (len(EPOCHS) - 1) + 1
    assert finished.path("figures/animation.mp4").stat().st_size > 1000


def test_no_file_names_the_machine_or_the_folder(finished):
    for name, content in finished.artifacts().items():
        assert str(finished.folder).encode() not in content, name


def reviews(project):
    """How many layouts of a layer are reviewed."""
    logs = project.path("logs/embed")
    texts = {layer: [path.read_text(encoding="utf-8") for path in logs.rglob(f"{layer}.log")] for layer in LAYERS}
    return {layer: sum(text.count("Reviewed") for text in texts[layer]) for layer in LAYERS}


def test_spans_of_several_snapshots_hold_the_same_values(finished, tmp_path):
    """`snapshots_per_job` cuts the work in another way and changes no number."""
    project = Project(tmp_path / "spans", changed(TINY, "snapshots_per_job", 2))
    project.run("metrics", "embeddings", "results/tiny/tables/points.parquet")
    check_run(project.folder / "results" / "tiny")
    assert reviews(project) == reviews(finished)
    for table in ("metrics", "embedding", "points"):
        ours, theirs = (pq.read_table(of.path(f"tables/{table}.parquet")).to_pydict() for of in (project, finished))
        for column in theirs:
            np.testing.assert_array_equal(ours[column], theirs[column])


def test_layouts_that_go_on_are_reviewed(finished):
    logs = [finished.path(f"logs/embed/{epoch:04d}/conv2.log").read_text(encoding="utf-8") for epoch in EPOCHS]
    assert ["Reviewed" in log for log in logs] == [False, False, True]


def test_every_job_left_a_log_and_a_benchmark(finished):
    for folder in ("logs", "benchmarks"):
        assert finished.path(f"{folder}/train").is_dir()
        assert len(list(finished.path(f"{folder}/measure").rglob("fc1.*"))) == len(EPOCHS)


def test_targets_by_name(finished):
    for target in ("data", "training", "snapshots", "metrics", "embeddings", "plots", "all"):
        assert "Nothing to be done" in finished.snakemake("--dry-run", target)
