"""Snapshots of checkpoints that were written elsewhere: against the network called by hand."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from collect import weights_not_taken
from evolution.activations.snapshots import SnapshotSettings
from evolution.errors import UserError
from evolution.io.tables import load_metadata, load_unit
from evolution.models.build import build_run_model
from evolution.models.outputs import Pooling
from evolution.sources.checkpoint_file import read_facts
from evolution.sources.records import load_records
from evolution.sources.stored_times import StoredTime
from evolution.sources.unusable import unusable_fingerprints
from evolution.sources.weights import NotFiniteError
from snapshot_checkpoints import snapshot_checkpoints
from support.tiny_dataset import read_part

SETTINGS = SnapshotSettings(model="tiny_cnn", model_kwargs={}, seed=17, compacted=False, pooling=Pooling())

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def saved(tmp_path, dataset, monkeypatch):
    """Two checkpoints, as another person's loop saves them, and their networks."""
    monkeypatch.chdir(tmp_path)
    networks, checkpoints = [], []
    for number, time in enumerate((100, 200)):
        network = build_run_model(SETTINGS, shape=(1, 8, 8), classes=4)
        torch.manual_seed(number)
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
        torch.save({"net": {f"module.{name}": value for name, value in network.state_dict().items()}}, f"{time}.pt")
        networks.append(network.eval())
        checkpoints.append(StoredTime(time, f"{time}.pt", read_facts(tmp_path / f"{time}.pt").fingerprint))
    return networks, checkpoints


def take(dataset, checkpoints, **more):
    output = {name: f"{name}.out" for name in ("classifier", "predictions", "history")} | {"record": "records/s.json"}
    given = {"pattern": "*.pt", "unit": "step", "key": None, "strict": True, "settings": SETTINGS} | more
    snapshot_checkpoints(
        dataset=dataset, checkpoints=checkpoints, activations={"fc1": "fc1.npy"}, output=output, **given
    )
    return output


def test_a_span(saved, dataset, tmp_path):
    networks, checkpoints = saved
    output = take(dataset, checkpoints)
    images, labels = read_part(dataset, "eval")
    images = torch.from_numpy(images).float()
    history = pq.read_table(output["history"]).to_pylist()
    predictions = pq.read_table(output["predictions"]).to_pydict()
    assert load_unit(output["history"]) == load_unit(output["predictions"]) == "step"
    for index, (network, row) in enumerate(zip(networks, history)):
        kept = {}
        handle = network.fc1.register_forward_hook(lambda module, inputs, output, kept=kept: kept.update(fc1=output))
        with torch.no_grad():
            logits = network(images)
        handle.remove()
        np.testing.assert_allclose(np.load("fc1.npy")[index], kept["fc1"], rtol=1e-5, atol=1e-5)
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels)).item()
        right = logits.argmax(1).numpy() == labels
        assert row["step"] == 100 * (index + 1) and row["eval_accuracy"] == right.mean()
        assert row["eval_loss"] == pytest.approx(loss, rel=1e-5)
        assert row["class_accuracy"] == [right[labels == label].mean() for label in range(4)]
        assert predictions["predicted"][24 * index : 24 * (index + 1)] == logits.argmax(1).tolist()
    digests = json.loads(load_metadata(output["history"])["digests"])
    assert digests.keys() == {"100", "200"} and digests["100"] != digests["200"]
    assert load_records(tmp_path / "records", pattern="*.pt") == {"s": ("step", checkpoints)}


def test_losses_that_a_file_holds_next_to_its_weights(saved, dataset):
    _, checkpoints = saved
    content = torch.load("100.pt", weights_only=True)
    torch.save(content | {"loss": torch.tensor(0.25), "best_loss": 0.1, "valid_loss": 0.3, "train_acc": 93.5}, "100.pt")
    checkpoints[0] = StoredTime(100, "100.pt", read_facts(Path("100.pt")).fingerprint)
    rows = pq.read_table(take(dataset, checkpoints)["history"]).to_pylist()
    # The other file says nothing. Of an accuracy nobody knows whether it is in percent.
    assert rows[0]["train_loss"] == 0.25 and math.isnan(rows[1]["train_loss"])
    assert rows[0].keys() == {"step", "eval_loss", "eval_accuracy", "class_accuracy", "train_loss"}


RANDOM_FEATURES = """
import torch
from torch import nn


class Features(nn.Module):
    def __init__(self, classes):
        super().__init__()
        features = torch.randn(64, 16, generator=torch.Generator().manual_seed(SEED)) if SEED else torch.randn(64, 16)
        self.register_buffer("features", features, persistent=KEPT)
        self.fc1 = nn.Linear(80, classes)

    def forward(self, x):
        x = x.flatten(1)
        return self.fc1(torch.cat([x, torch.cos(x @ self.features)], 1))
"""


@pytest.mark.parametrize(("seed", "kept", "known"), [(None, True, True), (None, False, False), (3, False, True)])
def test_random_numbers_that_the_state_dict_lacks(dataset, tmp_path, monkeypatch, seed, kept, known):
    """A model that draws numbers as it is made, and was made elsewhere: they are in the file, seeded, or lost."""
    monkeypatch.chdir(tmp_path)
    text = RANDOM_FEATURES.replace("SEED", str(seed)).replace("KEPT", str(kept))
    Path("net.py").write_text(text)
    spaces = {}
    exec(text, spaces)
    torch.manual_seed(99)
    torch.save(spaces["Features"](4).state_dict(), "5.pt")
    checkpoints = [StoredTime(5, "5.pt", read_facts(Path("5.pt")).fingerprint)]
    settings = replace(SETTINGS, model="net.py:Features")
    if known:
        take(dataset, checkpoints, settings=settings)
    else:
        with pytest.raises(UserError, match=r"draws random numbers when it is made, .* seed them in the model's"):
            take(dataset, checkpoints, settings=settings)


def test_names_that_are_not_taken_are_noted_for_each_time(saved, dataset):
    _, checkpoints = saved
    content = torch.load("100.pt", weights_only=True)
    del content["net"]["module.fc2.bias"]
    torch.save(content, "100.pt")
    checkpoints[0] = StoredTime(100, "100.pt", read_facts(Path("100.pt")).fingerprint)
    history = take(dataset, checkpoints, strict=False)["history"]
    notes = json.loads(load_metadata(history)["not_taken"])
    assert notes == {"100": ["Not in the file, and left at their initial values: fc2.bias."], "200": []}
    files = {100: "100.pt", 200: "200.pt"}
    assert weights_not_taken([load_metadata(history)], files) == [f"100.pt: {notes['100'][0]}"]


def test_what_a_file_lacks_is_as_it_was_at_first(saved, dataset):
    _, checkpoints = saved
    content = torch.load("200.pt")["net"]
    torch.save({name: value for name, value in content.items() if "fc2" not in name}, "200.pt")
    changed = [checkpoints[0], StoredTime(200, "200.pt", read_facts(Path("200.pt")).fingerprint)]
    take(dataset, changed, strict=False)
    together = pq.read_table("predictions.out").to_pydict()["confidence"][24:]
    take(dataset, changed[1:], strict=False)
    assert pq.read_table("predictions.out").to_pydict()["confidence"] == together


def test_weights_that_are_not_finite_are_noted(saved, dataset):
    _, checkpoints = saved
    content = torch.load("200.pt")
    content["net"]["module.fc1.bias"][0] = float("nan")
    torch.save(content, "200.pt")
    broken = StoredTime(200, "200.pt", read_facts(Path("200.pt")).fingerprint)
    with pytest.raises(
        NotFiniteError, match=r"200\.pt holds values that are not finite .* Give the same command again"
    ):
        take(dataset, [checkpoints[0], broken])
    assert unusable_fingerprints()[None] == {broken.fingerprint}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.unlink(), r"200\.pt is gone.*leave_out: \[200\]"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), r"200\.pt is not whole since the workflow was planned"),
        (lambda path: torch.save({"a": torch.zeros(1)}, path), r"200\.pt has changed since the workflow was planned"),
    ],
)
def test_files_that_are_not_what_was_planned(saved, dataset, tmp_path, change, said):
    change(tmp_path / "200.pt")
    with pytest.raises(UserError, match=said):
        take(dataset, saved[1])


CACHED = """
from torch import nn
from torch.nn import functional


class Cached(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.fc1, self.kept = nn.Linear(64, classes), None

    def forward(self, x):
        if self.kept is None:
            self.kept = self.fc1.weight * 2
        return self.fc1(x.flatten(1)) * 0 + functional.linear(x.flatten(1), self.kept)
"""


def test_a_model_that_keeps_what_it_computed_from_its_weights(dataset, tmp_path, monkeypatch):
    """Such as merged or normalised weights: each checkpoint has a network of its own, and no sample passes before."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cached.py").write_text(CACHED)
    settings = SnapshotSettings(
        model=f"{tmp_path}/cached.py:Cached", model_kwargs={}, seed=17, compacted=False, pooling=Pooling()
    )
    checkpoints, expected = [], []
    images, _ = read_part(dataset, "eval")
    for time in (100, 200):
        torch.manual_seed(time)
        state = {"fc1.weight": torch.randn(4, 64), "fc1.bias": torch.zeros(4)}
        torch.save(state, f"{time}.pt")
        checkpoints.append(StoredTime(time, f"{time}.pt", read_facts(Path(f"{time}.pt")).fingerprint))
        logits = torch.from_numpy(images).float().flatten(1) @ (2 * state["fc1.weight"]).T
        expected += logits.argmax(1).tolist()
    take(dataset, checkpoints, settings=settings)
    assert pq.read_table("predictions.out").to_pydict()["predicted"] == expected
