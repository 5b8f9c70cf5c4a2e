"""Trainings that end by themselves: the snapshots follow, and other runs do not wait for them."""

import json
from collections import Counter

import pyarrow.parquet as pq
import pytest

from support.project import TINY, Project, changed

# tiny_cnn reaches this accuracy within the first epochs and long before the last.
ENDING = changed(TINY, "training.epochs", 12)
ENDING = changed(ENDING, "snapshots", {"every": 4})
ENDING = changed(ENDING, "plots.grid_times", [0, 4, 12])
ENDING = changed(ENDING, "runs", {"tiny": {"training": {"stop": {"train_accuracy": 0.9}}}, "whole": {}})


def times(project, run, table="metrics"):
    return sorted({row["epoch"] for row in pq.read_table(project.path(f"../{run}/tables/{table}.parquet")).to_pylist()})


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """Two finished runs, of which one ends early. Read only: tests that change anything copy it."""
    project = Project(tmp_path_factory.mktemp("ended") / "checkout", ENDING)
    project.output = project.run()
    return project


def test_the_last_snapshot_is_where_the_training_ended(ended):
    accuracy = {
        row["epoch"]: row["value"]
        for row in pq.read_table(ended.path("../whole/tables/history.parquet")).to_pylist()
        if row["metric"] == "train_accuracy"
    }
    last = min(epoch for epoch, value in accuracy.items() if value >= 0.9)
    assert 1 < last < 12 and last % 4, "the test needs an end between two snapshots"
    assert json.loads(ended.path("training_end.json").read_text(encoding="utf-8"))["time"] == last
    expected = sorted({*range(0, last + 1, 4), last})
    assert times(ended, "tiny") == expected and times(ended, "whole") == [0, 4, 8, 12]
    assert times(ended, "tiny", "history") == list(range(last + 1))
    summary = ended.path("summary.md").read_text(encoding="utf-8")
    assert f"The training ended by itself at epoch {last}: the accuracy on the training samples, 0." in summary
    crossings = ended.path("../comparison/crossing.md").read_text(encoding="utf-8")
    assert f"The runs end at different epochs: tiny at {last}, whole at 12." in " ".join(crossings.split())
    # Up to its end, it is the training that goes on.
    for name in ("activations/0004/fc1.npy", "predictions/0004.parquet"):
        assert ended.path(name).read_bytes() == ended.path(f"../whole/{name}").read_bytes()
    assert ended.plan() == Counter()


def test_a_job_that_plans_for_itself_knows_the_end(ended, tmp_path):
    """As the jobs of a cluster do, which are started with the options that Snakemake's executors give."""
    project = ended.copy_to(tmp_path / "checkout")
    span = f"{json.loads(ended.path('training_end.json').read_text(encoding='utf-8'))['time']:04d}"
    before = project.path(f"activations/{span}/fc1.npy").read_bytes()
    project.path(f"activations/{span}/fc1.npy").unlink()
    job = ("--target-jobs", f"snapshot:run=tiny,span={span}", "--allowed-rules", "snapshot")
    project.run(*job, "--force", "--mode", "remote", "--no-hooks")
    assert project.path(f"activations/{span}/fc1.npy").read_bytes() == before


def test_another_condition_changes_that_run_alone(ended, tmp_path):
    project = ended.copy_to(tmp_path / "checkout")
    project.configure(changed(ENDING, "runs.tiny.training.stop", {"train_accuracy": 0.5}))
    # What follows the end is not known before it.
    plan = project.plan()
    assert plan and not [name for name in plan if "run=whole" in name]
    project.run()
    end = json.loads(project.path("training_end.json").read_text(encoding="utf-8"))["time"]
    assert end < json.loads(ended.path("training_end.json").read_text(encoding="utf-8"))["time"]
    assert times(project, "tiny")[-1] == end and project.plan() == Counter()


def test_a_training_that_diverges_ends_before(tmp_path):
    config = changed(TINY, "training.optimizer", "sgd")
    config = changed(changed(config, "metrics.cka", False), "snapshots", {"unit": "step", "every": 1})
    config = changed(changed(config, "training.epochs", 2), "plots.grid_times", None)
    config = changed(changed(config, "training.learning_rate", 1e4), "training.steps_per_job", 3)
    config = changed(config, "training.stop", {"diverged": True})
    project = Project(tmp_path / "checkout", config)
    project.run("metrics")
    end = json.loads(project.path("training_end.json").read_text(encoding="utf-8"))
    assert 0 <= end["time"] < 12 and end["reason"].startswith("the training diverged: at step")
    steps = {row["step"] for row in pq.read_table(project.path("tables/metrics.parquet")).to_pylist()}
    assert steps == set(range(end["time"] + 1))
    assert project.plan("metrics") == Counter(), "a plan that knows the end is the plan that made it"
    project.configure(changed(config, "training.stop", None))
    output = project.run("metrics", check=False)
    assert project.returncode and "training.stop: {diverged: true}" in " ".join(output.split())


def test_patience(tmp_path):
    config = changed(changed(ENDING, "runs", {"tiny": {}}), "training.stop", {"patience": 1})
    config = changed(changed(config, "training.learning_rate", 1e-7), "plots.grid_times", None)
    project = Project(tmp_path / "checkout", config)
    project.run("training")
    # At such a rate nothing becomes better.
    end = json.loads(project.path("training_end.json").read_text(encoding="utf-8"))
    accuracy = [
        row["value"]
        for row in pq.read_table(project.path("tables/history.parquet")).to_pylist()
        if row["metric"] == "eval_accuracy"
    ][1:]
    worse = [epoch for epoch in range(2, len(accuracy) + 1) if accuracy[epoch - 1] <= max(accuracy[: epoch - 1])]
    assert end["time"] == worse[0] == len(accuracy)
