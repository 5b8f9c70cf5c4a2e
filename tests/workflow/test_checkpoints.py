"""Trainings that happened elsewhere: the cells are those of the same weights trained here; folders grow and shrink."""

import os
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file
from sklearn.feature_extraction.text import TfidfTransformer

from activation_reader import ReaderError, load
from support.project import TINY, Project, changed, job
from support.read_runs import check_run

RUNS = {
    "epochs": {"checkpoints": {"path": "saved/epochs"}},
    "steps": {"checkpoints": {"path": "saved/steps/step={step}.ckpt"}},
}
# The rules of what gathers all times of a run, in files that do not change with `plots`.
GATHERED = ("collect", "cka_times", "measure_collapse", "explorer", "summary")


def write_checkpoints(project):
    """The tiny run's weights as other people's code saves them: a loop's dict, and prefixed as by DDP, over steps."""
    folder = project.folder / "saved"
    for name in ("epochs", "steps"):
        (folder / name).mkdir(parents=True)
    for path in sorted((project.folder / "results" / "tiny" / "checkpoints").glob("*.pt")):
        for epoch, weights in torch.load(path, weights_only=True)["weights"].items():
            if epoch % 2 == 0:
                optimizer = {"state": {}, "param_groups": []}
                torch.save({"model": weights, "epoch": epoch, "optimizer": optimizer}, folder / f"epochs/m_{epoch}.pt")
                prefixed = {f"module.{name}": value for name, value in weights.items()}
                torch.save(
                    {"state_dict": prefixed, "global_step": 6 * epoch, "epoch": epoch},
                    folder / f"steps/step={6 * epoch}.ckpt",
                )


@pytest.fixture(scope="module")
def elsewhere(finished, tmp_path_factory):
    """A copy of the tiny run, with two runs of its weights as checkpoints."""
    project = finished.copy_to(tmp_path_factory.mktemp("elsewhere") / "checkout")
    write_checkpoints(project)
    project.configure(changed(TINY, "plots.grid_times", None) | {"runs": RUNS})
    project.output = project.run()
    return project


def files_of(project, run, folder):
    root = project.folder / "results" / run / folder
    return {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*.*"))}


@pytest.mark.parametrize(
    "folder", ["activations", "classifier", "metrics", "clusters", "votes", "embeddings", "predictions", "cka"]
)
def test_cells_are_those_of_the_same_weights_trained_here(elsewhere, folder):
    here = files_of(elsewhere, "tiny", folder)
    epochs, steps = files_of(elsewhere, "epochs", folder), files_of(elsewhere, "steps", folder)
    assert here and here.keys() == epochs.keys() and len(here) == len(steps)
    for name, path in here.items():
        assert epochs[name].read_bytes() == path.read_bytes(), name
    # Which layouts are reviewed depends on the time, and so on its unit.
    if folder in ("activations", "classifier", "clusters", "votes"):
        for epoch in (0, 2, 4):
            for name, path in here.items():
                if name.startswith(f"{epoch:04d}") and path.suffix == ".npy":
                    same = steps[name.replace(f"{epoch:04d}", f"step_{6 * epoch:06d}")]
                    assert same.read_bytes() == path.read_bytes(), name


@pytest.mark.parametrize("run", ["epochs", "steps"])
def test_the_reader_gives_what_the_workflow_reads(elsewhere, run):
    check_run(elsewhere.folder / "results" / run)


def test_nothing_is_trained_and_the_unit_is_said(elsewhere):
    assert "Training" not in elsewhere.output
    assert "Taking snapshots of tiny_cnn of run steps at step 000012 (" in elsewhere.output
    assert "The runs are not compared, as some count time in epochs and some in steps" in elsewhere.output
    results = elsewhere.folder / "results"
    assert "cluster at step 24\n" in (results / "steps" / "summary.md").read_text()
    assert "cluster at epoch 4\n" in (results / "epochs" / "summary.md").read_text()
    page = (results / "steps" / "explorer.html").read_text(encoding="utf-8")
    assert '"unit":"step"' in page and '"times":[0,12,24]' in page
    metrics = pq.read_table(results / "steps" / "tables" / "metrics.parquet").to_pydict()
    assert {(step, epoch) for step, epoch in zip(metrics["step"], metrics["epoch"])} == {(0, 0), (12, 2), (24, 4)}
    own = pq.read_table(results / "tiny" / "tables" / "history.parquet").to_pylist()
    theirs = pq.read_table(results / "epochs" / "tables" / "history.parquet").to_pylist()
    accuracies = [
        {row["epoch"]: row["value"] for row in rows if row["metric"] == "eval_accuracy"} for rows in (own, theirs)
    ]
    assert accuracies[1] == {epoch: accuracies[0][epoch] for epoch in (0, 2, 4)}


def test_a_folder_that_grows_and_shrinks(elsewhere, tmp_path):
    project = elsewhere.copy_to(tmp_path / "checkout")
    saved = project.folder / "saved" / "epochs"
    assert project.plan() == Counter()
    for path in saved.iterdir():
        path.touch()
    (saved / "m_2.pt").unlink()
    assert project.plan() == Counter(), "what is gone was taken"
    content = torch.load(saved / "m_4.pt", weights_only=True)
    content["model"]["fc1.bias"] += 1
    torch.save(content | {"epoch": 6}, saved / "m_6.pt")
    plan = project.plan()
    rules = {name.split()[0] for name in plan}
    spans = {name for name in plan if "span=" in name}
    assert spans == {
        *(
            job(rule, run="epochs", span="0006", layer=layer)
            for rule in ("measure", "embed")
            for layer in TINY["layers"]
        ),
        *(job(rule, run="epochs", span="0006") for rule in ("snapshot", "cka_layers")),
    }
    assert set(GATHERED) < rules and not any("run=steps" in name for name in plan)
    assert not rules & {"prepare_data", "train", "raw_inputs", "settings"}


def test_a_snapshot_that_cannot_be_taken_again_is_not_lost(elsewhere, tmp_path):
    """Snakemake removes a job's results before the job begins, also of one that must fail."""
    project = elsewhere.copy_to(tmp_path / "checkout")
    for name in ("m_2.pt", "m_4.pt"):
        (project.folder / "saved" / "epochs" / name).unlink()
    results = project.folder / "results" / "epochs"
    kept = {path: path.read_bytes() for path in results.rglob("*") if path.is_file() and "0002" in path.as_posix()}
    before = changed(TINY, "plots.grid_times", None) | {"runs": RUNS}
    project.configure(changed(before, "activations.compact", False))
    output = project.run(check=False)
    assert project.returncode
    assert "m_2.pt, saved/epochs/m_4.pt are gone, and needed to take a snapshot again" in output
    assert "checkpoints.choose.leave_out: [2, 4]" in output
    assert kept and all(path.read_bytes() == content for path, content in kept.items())
    project.configure(before)
    assert project.plan() == Counter(), "nothing is lost, and nothing to do"


def test_of_a_run_with_a_damaged_checkpoint_the_rest_can_be_read(finished, tmp_path):
    """Also the first time."""
    project = finished.copy_to(tmp_path / "checkout")
    write_checkpoints(project)
    damaged = project.folder / "saved" / "epochs" / "m_2.pt"
    content = torch.load(damaged, weights_only=True)
    content["model"]["fc1.bias"][0] = np.nan
    torch.save(content, damaged)
    project.configure(changed(TINY, "plots.grid_times", None) | {"runs": {"new": RUNS["epochs"]}})
    output = project.run("snapshots", "--keep-going", check=False)
    assert project.returncode and "m_2.pt holds values that are not finite" in output
    run = load(project.folder / "results" / "new")
    assert (run.times, run.missing) == ([0, 4], [2])
    for time in run.times:
        same = (project.folder / "results" / "tiny" / "activations" / f"{time:04d}" / "fc1.npy").read_bytes()
        assert run.activations("fc1", epoch=time).tobytes() in same
    with pytest.raises(
        ReaderError, match=r"activations/0002/fc1\.npy is not there: .* results/new/activations/0002/fc1"
    ):
        run.activations("fc1", epoch=2)
    with pytest.raises(
        ReaderError, match=r"points\.parquet is not there: .*\nSnapshots that were missing .*: epoch 2\."
    ):
        run.points()


def test_weights_that_are_not_finite_are_left_out_by_the_next_command(elsewhere, tmp_path):
    project = elsewhere.copy_to(tmp_path / "checkout")
    content = torch.load(project.folder / "saved" / "epochs" / "m_4.pt", weights_only=True)
    content["model"]["fc1.bias"][0] = np.nan
    torch.save(content | {"epoch": 6}, project.folder / "saved" / "epochs" / "m_6.pt")
    output = project.run("--keep-going", check=False)
    assert project.returncode
    assert "m_6.pt holds values that are not finite (NaN or infinite) in fc1.bias" in output
    output = project.run()
    assert "m_6.pt is left out: its weights are not finite" in output


NET = """
from torch import nn


class Net(nn.Module):
    def __init__(self, num_classes, vocabulary=20):
        super().__init__()
        self.words, self.head = nn.Embedding(vocabulary, 6), nn.Linear(6, num_classes)

    def forward(self, input_ids, attention_mask):
        words = self.words(input_ids) * attention_mask[..., None]
        return {"logits": self.head(words.sum(1) / attention_mask.sum(1, keepdim=True))}
"""
DATA = """
import numpy as np

from near import CLASSES


def sentences():
    random = np.random.default_rng(0)
    tokens = random.integers(1, 20, (60, 5))
    mask = (np.arange(5) < random.integers(1, 6, 60)[:, None]).astype(int)
    items = zip(tokens, mask, tokens[:, 0] % CLASSES)
    return [
        {"input_ids": ids, "attention_mask": seen, "label": int(label), "id": f"s{n}", "preview": f"sentence {n}"}
        for n, (ids, seen, label) in enumerate(items)
    ]
"""


def test_data_that_are_no_images_and_a_model_as_it_is(tmp_path):
    """Tokens, a model that takes two inputs by name and puts out a dict, and its weights over steps."""
    project = Project(tmp_path / "checkout")
    (project.folder / "net.py").write_text(NET)
    (project.folder / "data.py").write_text(DATA)
    spaces = {}
    exec(NET, spaces)
    (project.folder / "near.py").write_text("CLASSES = 3\n")
    exec(DATA.replace("from near import CLASSES", "CLASSES = 3"), spaces)
    items = spaces["sentences"]()
    inputs = {name: torch.tensor(np.stack([item[name] for item in items])) for name in ("input_ids", "attention_mask")}
    expected = {}
    for step in (10, 200):
        torch.manual_seed(step)
        net = spaces["Net"](3)
        save_file(net.state_dict(), project.folder / f"step_{step}.safetensors")
        expected[step] = net(**inputs)["logits"].detach()
    project.configure(
        TINY
        | {
            "runs": {"text": {}},
            "dataset": {"name": "data.py:sentences"},
            "model": {"name": "net.py:Net"},
            "layers": ["words", "head"],
            "checkpoints": {"path": "step_*.safetensors"},
            "activations": {"compact": False},
            "plots": {"dpi": 40, "animation": {"dpi": 40}},
        }
    )
    output = project.run()
    assert "cluster at step 200\n" in output
    results = project.folder / "results" / "text"
    for step, logits in expected.items():
        head = np.load(results / "activations" / f"step_{step:06d}" / "head.npy")[0]
        np.testing.assert_allclose(head, logits, rtol=1e-5, atol=1e-6)
    raw = np.load(results / "activations" / "step_000010" / "raw_inputs.npy")[0]
    tokens, seen = (array.numpy() for array in inputs.values())
    counts = [np.bincount(row[there == 1], minlength=20) for row, there in zip(tokens, seen)]
    weights = TfidfTransformer().fit_transform(np.array(counts)[:, np.any(counts, axis=0)]).toarray()
    np.testing.assert_allclose(raw, weights, atol=1e-6, err_msg="a bag of tokens without the padding")
    assert (results / "explorer.html").stat().st_size > 10**5
    with np.load(results / "dataset.npz") as data:
        assert data["eval_ids"][7] == "s7" and len(np.unique(data["eval_images"], axis=0)) == 60
    assert project.plan() == Counter()
    os.utime(project.folder / "data.py")
    assert project.plan() == Counter()
    (project.folder / "near.py").write_text("CLASSES = 3  # as before\n")
    assert job("prepare_own_data", run="text") in project.plan()
