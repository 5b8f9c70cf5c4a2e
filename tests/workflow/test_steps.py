"""Snapshots by step: the training of an epoch-wise run, looked at more often."""

from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest

from support.planned_jobs import OVER_LAYERS, cells, cka_layers, cka_times, collect, one, snapshot, train
from support.project import TINY, Project, changed, differing
from support.read_runs import check_run

# 300 images in batches of 50 are 6 steps an epoch. Training jobs end within an epoch.
STEPS = changed(TINY, "snapshots", {"unit": "step", "every": 6, "log_until": 4})
STEPS = changed(STEPS, "training.epochs", 2)
STEPS = changed(STEPS, "training.steps_per_job", 5)
STEPS = changed(STEPS, "plots.grid_times", [0, 12])


@pytest.fixture(scope="module")
def stepped(tmp_path_factory):
    """A finished run in steps. Read only: tests that change anything copy it."""
    project = Project(tmp_path_factory.mktemp("steps") / "checkout", STEPS)
    project.output = project.run()
    return project


def rows(project, table):
    return pq.read_table(project.path(f"tables/{table}.parquet")).to_pylist()


def test_times_are_steps_everywhere(stepped):
    times = {0, 1, 2, 4, 6, 12}
    metrics = rows(stepped, "metrics")
    assert {row["step"] for row in metrics} == times
    assert {(row["step"], row["epoch"]) for row in metrics} == {(step, step / 6) for step in times}
    assert {row["step"] for row in rows(stepped, "history")} == times
    assert "at step 12" in stepped.path("summary.md").read_text(encoding="utf-8")
    assert (stepped.path("activations/step_000004/fc1.npy")).exists()
    assert "step 12" in stepped.output


def test_the_reader_gives_what_the_workflow_reads(stepped):
    check_run(stepped.path(""))
    points = rows(stepped, "points")
    assert {(row["step"], row["epoch"]) for row in points} == {(step, step / 6) for step in (0, 1, 2, 4, 6, 12)}


def test_the_training_is_that_of_epochs(stepped, finished):
    """Step 12 is epoch 2: cells, predictions and accuracies are the same bytes, and epoch 0 is step 0."""
    for step, epoch in (("step_000000", "0000"), ("step_000012", "0002")):
        for name in ("activations/{}/fc1.npy", "activations/{}/conv2.npy", "classifier/{}.npy", "clusters/{}/fc1.npy"):
            ours, theirs = (project.path(name.format(span)) for project, span in ((stepped, step), (finished, epoch)))
            assert ours.read_bytes() == theirs.read_bytes(), name
    ours = {(row["step"], row["metric"], row["class_name"]): row["value"] for row in rows(stepped, "history")}
    for row in rows(finished, "history"):
        if row["epoch"] in (1, 2):
            assert ours[6 * row["epoch"], row["metric"], row["class_name"]] == row["value"]


def test_where_the_training_is_cut_changes_nothing(stepped, tmp_path):
    project = Project(tmp_path / "checkout", changed(STEPS, "training.steps_per_job", None))
    project.run("metrics", "training")
    ours, theirs = (
        {name: content for name, content in each.artifacts().items() if name.split("/")[1] in folders}
        for each in (project, stepped)
        for folders in [("activations", "predictions", "metrics", "clusters", "classifier", "cka")]
    )
    assert differing(ours, theirs) == []
    # As text, in which NaN is NaN.
    assert list(map(repr, rows(project, "history"))) == list(map(repr, rows(stepped, "history")))


def test_steps_that_are_added(stepped, tmp_path):
    """Their cells are added, from a part of the training that runs again; nothing that was there is made again."""
    project = stepped.copy_to(tmp_path / "checkout")
    before = project.artifacts()
    project.configure(changed(project.config, "snapshots.also", [3, 9]))
    added = ["step_000003", "step_000009"]
    assert project.plan() == (
        train("step_000001-000003", "step_000006-000009")
        + snapshot(*added)
        + cells("measure", spans=added)
        # Each layout starts from the one before.
        + cells("embed", spans=["step_000003", "step_000004", "step_000006", "step_000009", "step_000012"])
        + cka_layers(*added)
        + cka_times("conv2", "fc1")
        + collect("history")
        + one("measure_collapse", "plot_training_curves", "plot_samples")
        + OVER_LAYERS
    )
    project.run()
    assert project.plan() == Counter()
    after = project.artifacts()
    again = ("tables", "figures", "embeddings", "cka", "explorer.html", "summary.csv", "summary.md", "contents.json")
    assert [name for name in differing(before, after) if name in before and name.split("/")[1] not in again] == []
    accuracy = {row["step"]: row["value"] for row in rows(project, "history") if row["metric"] == "eval_accuracy"}
    assert list(accuracy) == [0, 1, 2, 3, 4, 6, 9, 12]
    for step in (3, 9):
        predicted = pq.read_table(project.path(f"predictions/step_{step:06d}.parquet"))["predicted"].to_numpy()
        labels = np.load(project.path("dataset.npz"))["eval_labels"]
        assert accuracy[step] == pytest.approx((predicted == labels).mean())
    # A step that is left out again, and one more: the others stay as they are.
    project.configure(changed(project.config, "snapshots.also", [3, 8]))
    plan = project.plan()
    assert train("step_000006-000008") <= plan and not train("step_000001-000003") & plan
    assert Counter(name for name in plan if name.startswith("train ")) == train("step_000006-000008")


def test_epochs_whose_weights_were_not_kept(tmp_path):
    config = changed(changed(TINY, "training.keep_epochs", "snapshots"), "metrics.cka", False)
    project = Project(tmp_path / "checkout", config)
    project.run("metrics", "training")
    before = project.artifacts()
    project.configure(changed(config, "snapshots.also", [1]))
    assert Counter(name for name in project.plan("metrics", "training") if name.startswith("train ")) == train("0001")
    project.run("metrics", "training")
    after = project.artifacts()
    again = ("tables", "contents.json")
    assert [name for name in differing(before, after) if name in before and name.split("/")[1] not in again] == []
    assert [row["epoch"] for row in rows(project, "history") if row["metric"] == "eval_accuracy"] == [0, 1, 2, 3, 4]
