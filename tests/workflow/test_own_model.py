"""A user's own model next to one of the workflow's, from the example: its layers, and the jobs that an edit reruns."""

import os
import re
import shutil
from collections import Counter

import numpy as np
import pytest
import yaml

from evolution.io.tables import load_table
from support.planned_jobs import TAKEN_AGAIN, cells, one, pixel_cells, raw_inputs, settings
from support.project import ROOT, TINY, Project, changed, job
from support.stateful_models import write_stateful

EXAMPLE = yaml.safe_load((ROOT / "examples" / "residual.yaml").read_text(encoding="utf-8"))
# The example's runs, at the size of the other tests.
CONFIG = TINY | {"layers": EXAMPLE["layers"], "runs": EXAMPLE["runs"], "plots": {"dpi": 50}}
# The tests' config lies one folder above the example's.
CONFIG = changed(CONFIG, "runs.residual.model.name", f"examples/{EXAMPLE['runs']['residual']['model']['name']}")
CONFIG = changed(CONFIG | {"metrics": {"n_init": 2, "measures": [], "cka": False}}, "training.epochs", 2)
SPANS = ("0000", "0002")
TARGETS = ("metrics", "results/residual/figures/metric_curves.png")
# A rule for each set of layers, in the order of the runs.
SNAPSHOT = dict(zip(EXAMPLE["runs"], ("snapshot", "snapshot_2")))
LAYERS = {"residual": ["stem", "block1", "block2", "head"], "tiny": ["conv1", "conv2", "fc1"]}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Both runs up to their metrics, and one's curves."""
    project = Project(tmp_path_factory.mktemp("own") / "checkout", CONFIG)
    shutil.copytree(ROOT / "examples", project.folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    project.output = project.run(*TARGETS)
    return project


def activations(project, run):
    folder = project.folder / "results" / run / "activations"
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.npy"))


def test_each_run_has_its_own_layers(both):
    for run, layers in LAYERS.items():
        cells = [f"{span}/{layer}" for span in SPANS for layer in layers]
        assert activations(both, run) == sorted([*cells, "0000/raw_inputs"])
    head = np.load(both.folder / "results" / "residual" / "activations" / "0002" / "head.npy")
    assert head.shape == (1, 100, 10)
    assert "Training residual.py:ResidualNet of run residual, epoch 0000 (" in both.output
    assert "Taking snapshots of tiny_cnn of run tiny at epoch 0002 (" in both.output


def test_the_example_is_a_config(both):
    """It plans the jobs of two runs; and its model has been examined once for each set of arguments."""
    plan = both.plan("snapshots", "--configfile", "examples/residual.yaml")
    assert {name.split()[1] for name in plan} == {"run=residual", "run=tiny"}
    # Next to it lie the planner's notes on what code imports.
    examined = {path.name for path in (both.folder / ".snakemake" / "evolution").iterdir()} - {"imports.json"}
    assert len(examined) == 1


def test_layers_are_listed_in_the_terminal_each_time(both):
    for output in (both.run("layers"), both.run("layers")):
        lines = [line.split() for line in output.splitlines()]
        # Counted by hand: 24 channels, 3 x 3, and 24 biases, twice; the mark of a layer that is followed stands first.
        assert ["*", "block1", "Block", "24", "x", "8", "x", "8", "10,416"] in lines
        assert ["block1.conv1", "Conv2d", "24", "x", "8", "x", "8", "5,208"] in lines
        assert ["*", "fc1", "Linear", "64", "8,256"] in lines
        assert ["fc2", "Linear", "10", "650"] in lines
        assert ["pool", "MaxPool2d", "-", "0", "cannot", "be", "followed:", "runs", "more", "than", "once"] in lines
        assert "Run residual: examples/residual.py:ResidualNet" in output


def test_editing_the_file_trains_that_run_again(both):
    """And measures it again, but for its raw inputs; the other run stays as it is."""
    path = both.folder / "examples" / "residual.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("self.act2(x + ", "self.act2(2 * x + "), encoding="utf-8")
    expected = (
        Counter(job("train", run="residual", span=span) for span in ("0000", "0001-0002"))
        + Counter(job(SNAPSHOT["residual"], run="residual", span=span) for span in SPANS)
        + cells("measure", spans=SPANS, layers=LAYERS["residual"], run="residual")
        + Counter([job("collect", run="residual", table="metrics")])
        + one("plot_metric_curves", run="residual")
    )
    assert both.plan(*TARGETS) == expected
    path.write_text(text, encoding="utf-8")
    assert both.plan(*TARGETS) == Counter(), "as it was"


def test_a_file_that_is_replaced_by_an_older_one_trains_that_run_again(both):
    """As where a copy is moved back. Snakemake itself does not look into files that are older than what they made."""
    path = both.folder / "examples" / "residual.py"
    text, status = path.read_text(encoding="utf-8"), path.stat()
    path.write_text(text.replace("self.act2(x + ", "self.act2(2 * x + "), encoding="utf-8")
    os.utime(path, (0, 0))
    plan = both.plan(*TARGETS)
    assert {job("train", run="residual", span=span) for span in ("0000", "0001-0002")} <= set(plan)
    assert all("run=residual" in name for name in plan)
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert both.plan(*TARGETS) == Counter(), "as it was"


def test_pooling_takes_the_snapshots_again(project):
    """No training."""
    project.configure(changed(TINY, "activations.pooling.maps", "mean"))
    assert project.plan() == TAKEN_AGAIN - raw_inputs()
    assert pixel_cells("measure") + settings("measure") <= project.plan()


def test_other_weights_train_again(project, finished):
    """The content of the file counts: other weights train again, the same weights in a new file do not."""
    import torch

    checkpoint = torch.load(project.path("checkpoints/0003-0004.pt"), weights_only=True)
    torch.save(checkpoint["weights"][4], project.folder / "given.pt")
    project.configure(changed(TINY, "model.weights", "given.pt"))
    plan = project.plan()
    assert plan[job("train", run="tiny", span="0000")] == 1 and plan[one("prepare_data").popitem()[0]] == 0
    project.run("results/tiny/checkpoints/0000.pt", "results/tiny/summary.md")
    begun = torch.load(project.path("checkpoints/0000.pt"), weights_only=True)["weights"][0]
    assert all(torch.equal(begun[name], given) for name, given in checkpoint["weights"][4].items())
    # These weights are those that the first training ended in, and the summary says so.
    (before,) = re.findall("Accuracy at epoch 4: (.*)", finished.path("summary.md").read_text(encoding="utf-8"))
    (now,) = re.findall(
        r"Accuracy at epoch 0, with the weights of given\.pt: (.*)",
        project.path("summary.md").read_text(encoding="utf-8"),
    )
    assert now == before
    assert "Accuracy at epoch 0" not in finished.path("summary.md").read_text(encoding="utf-8")


def test_a_model_that_cannot_be_built_stops_before_any_job(both):
    before = activations(both, "residual")
    wrong = changed(CONFIG, "runs.residual.model.kwargs", {"depth": 3})
    both.configure(wrong)
    output = both.run("metrics", check=False)
    both.configure(CONFIG)
    assert both.returncode != 0 and "Traceback" not in output and "Building DAG" not in output
    assert "runs.residual.model.kwargs: depth is no argument of examples/residual.py:ResidualNet; " in output
    assert activations(both, "residual") == before


def test_a_model_whose_checkpoints_do_not_hold_all_of_it(tmp_path):
    """Its training stops with the reason; its first snapshot and the other runs are made. A warning goes with a run."""
    project = Project(tmp_path / "checkout", TINY)
    write_stateful(project.folder)
    runs = {name: {"model": {"name": f"stateful.py:{name}"}} for name in ("GateOutside", "GateInExtraState", "Softmax")}
    config = TINY | {"runs": runs, "layers": ["hidden"], "model": {}, "activations": {"raw_inputs": False}, "plots": {}}
    project.configure(changed(config, "training.epochs", 2))
    output = project.run("snapshots", check=False)
    results = project.folder / "results"
    assert project.returncode != 0 and "Traceback" not in output
    message = (results / "GateOutside" / "logs" / "train" / "0001-0002.log").read_text(encoding="utf-8")
    assert "Error: model.name: a checkpoint does not hold the whole network" in message
    assert "register_buffer" in message and "Traceback" not in message
    taken = sorted(path.relative_to(results).as_posix() for path in results.rglob("activations/*/*.npy"))
    whole = [f"{run}/activations/{span}/hidden.npy" for run in ("GateInExtraState", "Softmax") for span in SPANS]
    assert taken == sorted([*whole, "GateOutside/activations/0000/hidden.npy"])
    # The gate opens by 0.25 a step: after 12 steps of 2 epochs it is 1, and at epoch 0 it is 0.
    table = load_table(results / "GateInExtraState" / "predictions" / "0002.parquet", "predicted")
    history = load_table(results / "GateInExtraState" / "history" / "0001-0002.parquet", "eval_accuracy")
    with np.load(results / "GateInExtraState" / "dataset.npz") as data:
        right = (np.array(table["predicted"]) == data["eval_labels"]).mean()
    assert right == history["eval_accuracy"][1].as_py() > 0.2
    assert "Warning: The model ends in a softmax" in (results / "Softmax/logs/snapshot/0002.log").read_text("utf-8")
