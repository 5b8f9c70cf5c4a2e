"""Recordings: cells are those of the same weights trained here; folders grow and shrink; predictions may be missing."""

import json
import re
import shutil
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
import yaml

from activation_recorder import Recorder
from evolution.models.networks import TinyCNN
from support.project import ROOT, TINY, changed, job
from support.read_runs import check_run

RECORDED = {"recording": {"path": "recordings/whole", "unit": "epoch"}}
RUNS = {
    "tiny": {},
    "whole": RECORDED,
    "bare": {"recording": {"path": "recordings/bare", "unit": "epoch"}, "layers": "auto"},
}
# The rules of what gathers all times of a run.
GATHERED = ("collect", "cka_times", "measure_collapse", "explorer", "summary")


def record_time(folder, model, images):
    """A time as someone's own code records it: each layer's output as it is, by plain hooks."""
    outputs = {}
    hooks = [
        module.register_forward_hook(lambda module, given, out, name=name: outputs.update({name: (given[0], out)}))
        for name, module in model.named_modules()
        if name
    ]
    with torch.no_grad():
        # In the layout and on the one thread of the workflow's own snapshots, as sums round otherwise in another one.
        logits = model.to(memory_format=torch.channels_last)(
            torch.from_numpy(images).contiguous(memory_format=torch.channels_last)
        )
    for hook in hooks:
        hook.remove()
    last = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)][-1]
    arrays = {name: outputs[name][1] for name in TINY["layers"]} | {
        "predictions": logits,
        "classifier_inputs": outputs[last][0],
        "classifier_weight": model.get_submodule(last).weight.detach(),
        "classifier_bias": model.get_submodule(last).bias.detach(),
    }
    folder.mkdir(parents=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array.numpy())


def images_of(run):
    """The images that a run follows as its network is given them, their labels, and their positions in the data set."""
    with np.load(run / "dataset.npz") as archive:
        dataset = dict(archive)
    scaled = dataset["eval_images"].astype(np.float32) / np.float32(255)
    images = (scaled - dataset["mean"][:, None, None]) / dataset["std"][:, None, None]
    return images, dataset["eval_labels"], dataset["eval_indices"]


def write_recordings(project):
    """The tiny run's weights, recorded; and once more with nothing but labels and layers."""
    torch.set_num_threads(1)
    run, folder = project.folder / "results" / "tiny", project.folder / "recordings"
    images, labels, positions = images_of(run)
    for path in sorted((run / "checkpoints").glob("*.pt")):
        for epoch, weights in torch.load(path, weights_only=True)["weights"].items():
            if epoch % 2 == 0:
                model = TinyCNN(images.shape[1:], 10).eval()
                model.load_state_dict(weights)
                record_time(folder / "whole" / str(epoch), model, images)
                (folder / "bare" / str(epoch)).mkdir(parents=True)
                for layer in TINY["layers"]:
                    name = f"{epoch}/{layer}.npy"
                    shutil.copyfile(folder / "whole" / name, folder / "bare" / name)
    np.save(folder / "bare" / "labels.npy", labels)
    np.save(folder / "whole" / "labels.npy", labels.astype(np.int32))
    np.save(folder / "whole" / "ids.npy", positions)
    np.save(folder / "whole" / "inputs.npy", images)
    np.save(folder / "whole" / "previews.npy", np.load(run / "dataset.npz")["eval_images"][:, 0])


def record_with_recorder(project, folder, *, compact):
    """The tiny run's weights, recorded by a Recorder as they would be in the training."""
    torch.set_num_threads(1)
    run = project.folder / "results" / "tiny"
    images, labels, positions = images_of(run)
    model = TinyCNN(images.shape[1:], 10).to(memory_format=torch.channels_last)
    recorder = Recorder(
        model,
        images,
        labels,
        layers=TINY["layers"],
        path=project.folder / folder,
        at=[0, 2, 4],
        ids=positions,
        unit="epoch",
        compact=compact,
    )
    for path in sorted((run / "checkpoints").glob("*.pt")):
        for epoch, weights in torch.load(path, weights_only=True)["weights"].items():
            model.load_state_dict(weights)
            recorder.step(epoch)


@pytest.fixture(scope="module")
def recorded(finished, tmp_path_factory):
    """A copy of the tiny run, with two recordings of its weights."""
    project = finished.copy_to(tmp_path_factory.mktemp("recorded") / "checkout")
    write_recordings(project)
    project.configure(changed(TINY, "plots.grid_times", None) | {"runs": RUNS})
    project.output = project.run()
    return project


def files_of(project, run, folder):
    root = project.folder / "results" / run / folder
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.*"))}


@pytest.mark.parametrize(
    "folder", ["activations", "classifier", "metrics", "clusters", "votes", "embeddings", "predictions", "cka"]
)
def test_cells_are_those_of_the_same_weights_trained_here(recorded, folder):
    ours, theirs = files_of(recorded, "whole", folder), files_of(recorded, "tiny", folder)
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_the_history_is_that_of_the_same_weights(recorded):
    own, theirs = (
        pq.read_table(recorded.folder / "results" / run / "tables" / "history.parquet").to_pylist()
        for run in ("whole", "tiny")
    )

    def at(rows, measure):
        """Classes have other names in a recording, and come in one order."""
        found = {}
        for row in rows:
            if row["metric"] == measure and row["epoch"] in (0, 2, 4):
                found.setdefault(row["epoch"], []).append(row["value"])
        return found

    for measure, count in (("eval_accuracy", 1), ("class_accuracy", 10)):
        assert {epoch: len(values) for epoch, values in at(own, measure).items()} == {0: count, 2: count, 4: count}
        assert at(own, measure) == at(theirs, measure)
    assert at(own, "eval_loss").keys() == {0, 2, 4}


def test_runs_on_the_same_samples_are_compared_whatever_their_source(recorded):
    """Its ids are the positions in the data set that the other run has its images from."""
    table = pq.read_table(recorded.folder / "results" / "comparison" / "tables" / "cka.parquet").to_pydict()
    assert set(table["run"]) == {"tiny", "whole"}
    for run, layer, other, other_layer, cka in zip(
        *(table[name] for name in ("run", "layer", "other_run", "other_layer", "cka"))
    ):
        if layer == other_layer and run != other:
            assert np.isclose(cka, 1)


def test_a_recording_without_predictions_is_drawn_and_what_is_left_out_is_said(recorded):
    assert "recordings/bare has no predictions" in recorded.output
    assert "recordings/bare has no inputs.npy" in recorded.output
    results = recorded.folder / "results" / "bare"
    drawn = {path.stem for path in (results / "figures").iterdir()}
    assert not drawn & {"training_curves", "confusion", "raw_inputs"}
    assert {"samples", "animation", "grid", "neural_collapse", "geometry"} <= drawn
    assert not list(results.rglob("raw_inputs.*"))
    assert "Accuracy: not known, as nothing says what the network predicts." in (results / "summary.md").read_text()
    page = (results / "explorer.html").read_text(encoding="utf-8")
    assert '"predicted":null' in page and "Network accuracy" not in page.split('id="document"')[0]
    theirs = recorded.folder / "results" / "tiny"
    for path in (results / "activations").rglob("*.npy"):
        assert path.read_bytes() == (theirs / "activations" / path.relative_to(results / "activations")).read_bytes()


@pytest.mark.parametrize("run", ["whole", "bare"])
def test_the_reader_gives_what_the_workflow_reads(recorded, run):
    check_run(recorded.folder / "results" / run)
    points = pq.read_table(recorded.folder / "results" / run / "tables" / "points.parquet")
    assert ("predicted" in points.column_names) == (run == "whole") and "label" in points.column_names


def test_no_job_reads_a_model(recorded):
    for run in ("whole", "bare"):
        logs = {path.name for path in (recorded.folder / "results" / run / "logs").iterdir()}
        assert "prepare_recording.log" in logs and not logs & {"train", "prepare_data.log"}


def test_what_a_recorder_wrote_is_the_run_itself(recorded, tmp_path):
    project = recorded.copy_to(tmp_path / "checkout")
    record_with_recorder(project, "recordings/raw", compact=False)
    record_with_recorder(project, "recordings/compacted", compact=True)
    names = ("raw", "compacted")
    runs = {name: {"recording": {"path": f"recordings/{name}"}} for name in names}
    project.configure(project.config | {"runs": {"tiny": {}} | runs})
    cells = [name.removesuffix(".parquet") for name in files_of(project, "tiny", "metrics")]
    project.run(*(f"results/{run}/metrics/{cell}.parquet" for run in names for cell in cells))
    for folder in ("activations", "metrics", "predictions", "classifier"):
        ours, theirs = files_of(project, "raw", folder), files_of(project, "tiny", folder)
        assert [name for name in theirs if ours.get(name) != theirs[name]] == [], folder
    for cell in cells:
        ours, theirs = (
            pq.read_table(project.folder / "results" / run / "metrics" / f"{cell}.parquet").to_pydict()
            for run in ("compacted", "tiny")
        )
        assert ours.keys() == theirs.keys()
        for metric, values in theirs.items():
            np.testing.assert_allclose(np.array(ours[metric]), np.array(values), rtol=0, atol=1e-4, err_msg=cell)


def test_a_folder_that_grows_and_shrinks(recorded, tmp_path):
    project = recorded.copy_to(tmp_path / "checkout")
    folder = project.folder / "recordings" / "whole"
    assert project.plan() == Counter()
    for path in folder.rglob("*.npy"):
        path.touch()
    shutil.rmtree(folder / "2")
    assert project.plan() == Counter(), "what is gone was taken, and what is small counts by its content"
    shutil.copytree(folder / "4", folder / ".6")
    np.save(folder / ".6" / "fc1.npy", np.load(folder / "4" / "fc1.npy") + 1)
    assert project.plan() == Counter(), "what begins with a dot is being written"
    (folder / ".6").rename(folder / "6")
    plan = project.plan()
    rules = {name.split()[0] for name in plan}
    assert {name for name in plan if "span=" in name} == {
        *(
            job(rule, run="whole", span="0006", layer=layer)
            for rule in ("measure", "embed")
            for layer in TINY["layers"]
        ),
        *(job(rule, run="whole", span="0006") for rule in ("snapshot", "cka_layers")),
    }
    assert set(GATHERED) < rules and not any("run=bare" in name or "run=tiny" in name for name in plan)
    assert not rules & {"prepare_recording", "raw_inputs", "settings", "train"}
    (folder / "recording.json").write_text(json.dumps({"format": 1, "layers": ["fc1", "conv2"]}))
    assert not any(name.startswith("snapshot") and "span=0002" in name for name in project.plan()), "an order of layers"
    (folder / "6" / "conv2.npy").rename(folder / "conv2.npy.moved")
    assert project.plan() == Counter(), "the latest time is not whole"
    shutil.rmtree(folder)
    assert project.plan() == Counter(), "all was taken"


def test_an_array_that_was_recorded_again_reaches_all_that_follows(recorded, tmp_path):
    project = recorded.copy_to(tmp_path / "checkout")
    path = project.folder / "recordings" / "whole" / "4" / "fc1.npy"
    values = np.load(path)
    values[0, 0] += 1
    np.save(path, values)
    project.run("results/whole/metrics/0004/fc1.parquet", "results/whole/metrics/0002/fc1.parquet")
    metrics = files_of(project, "whole", "metrics")
    before = files_of(recorded, "whole", "metrics")
    assert [name for name in metrics if metrics[name] != before[name]] == ["0004/fc1.parquet"]


def test_a_layer_that_is_not_finite_leaves_its_time_out_of_the_next_command(recorded, tmp_path):
    project = recorded.copy_to(tmp_path / "checkout")
    folder = project.folder / "recordings" / "whole"
    shutil.copytree(folder / "4", folder / "6")
    values = np.load(folder / "6" / "fc1.npy")
    values[3, 1] = np.nan
    np.save(folder / "6" / "fc1.npy", values)
    output = project.run("--keep-going", check=False)
    assert project.returncode
    assert "recordings/whole/6/fc1.npy: layer fc1 at epoch 6 holds values that are not finite" in output
    assert "Give the same command again: it leaves this time out and goes on with the others" in output
    # The failed command had noted the time among those of the run.
    assert project.plan() == Counter({job("contents", run="whole"): 1})
    assert "recordings/whole/6 is left out: its fc1 is not finite" in project.run("--dry-run")


def test_the_lines_of_the_documentation_run_as_they_stand(recorded, tmp_path, monkeypatch):
    project = recorded.copy_to(tmp_path / "checkout")
    text = (ROOT / "docs" / "your-own-activations.md").read_text(encoding="utf-8")
    code, config = (re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)[1] for kind in ("python", "yaml"))
    monkeypatch.chdir(project.folder)
    random = np.random.default_rng(0)
    images, labels = random.normal(size=(60, 8, 8, 1)).astype(np.float32), np.arange(60) % 10

    def forward(params, images):
        hidden = images.reshape(len(images), -1) @ params
        return hidden[:, :10], {"Conv_0": images * 2, "Dense_0": hidden}

    names = {"images": images, "labels": labels, "forward": forward}
    exec(code, names)
    for step in (0, 100):
        names["record"](step, random.normal(size=(64, 12)))
    project.configure(yaml.safe_load(config) | {"embedding": {"perplexity": 10}})
    plan = project.plan("snapshots")
    assert plan[job("snapshot", run="mine", span="step_000100")] == 1
    project.run(
        "results/mine/activations/step_000100/Dense_0.npy", "results/mine/activations/step_000000/raw_inputs.npy"
    )
    assert np.load(project.folder / "results/mine/activations/step_000100/Conv_0.npy").shape == (1, 60, 60)
