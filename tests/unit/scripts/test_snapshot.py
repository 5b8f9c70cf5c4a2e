"""The files of a span's snapshots."""

import json

import numpy as np
import pytest

from evolution.activations.snapshots import SnapshotSettings
from evolution.errors import ModelError, UserError
from evolution.io.tables import load_table, save_table
from evolution.models.build import build_run_model
from evolution.models.networks import MLP
from evolution.models.outputs import Pooling
from snapshot import write_snapshots
from support.stateful_models import write_stateful
from support.tiny_dataset import read_part

pytestmark = pytest.mark.usefixtures("one_thread")


def class_accuracies(weights, images, labels):
    """The share of each class's images that the network predicts right, computed in float64."""
    x, matrices = images.reshape(len(images), -1), {name: values.double().numpy() for name, values in weights.items()}
    for number in (1, 2, 3):
        x = x @ matrices[f"fc{number}.weight"].T + matrices[f"fc{number}.bias"]
        x = np.maximum(x, 0) if number < 3 else x
    return [float((x.argmax(1) == labels)[labels == label].mean()) for label in range(4)]


@pytest.fixture
def span(tmp_path, dataset):
    """The arguments of write_snapshots for two epochs, and the weights of these."""
    import torch

    weights = {}
    for epoch in (2, 4):
        torch.manual_seed(epoch)
        weights[epoch] = MLP((1, 8, 8), 4).state_dict()
    torch.save({"weights": weights, "state": {}, "time": 4}, tmp_path / "0001-0004.pt")
    images, labels = read_part(dataset, "eval")
    accuracies = [class_accuracies(weights[epoch], images, labels) for epoch in (2, 4)]
    save_table(tmp_path / "history.parquet", {"epoch": [2, 4], "class_accuracy": accuracies})
    arguments = {
        "dataset": dataset,
        "checkpoints": [str(tmp_path / "0001-0004.pt")],
        "times": [2, 4],
        "unit": "epoch",
        "histories": [str(tmp_path / "history.parquet")],
        "settings": SnapshotSettings(model="mlp", model_kwargs={}, seed=17, compacted=False, pooling=Pooling()),
        "activations": {name: str(tmp_path / "activations" / f"{name}.npy") for name in ("fc1", "fc3")},
        "classifier": str(tmp_path / "classifier.npy"),
        "predictions": str(tmp_path / "predictions.parquet"),
    }
    return arguments, weights


def test_files_of_a_span(tmp_path, span):
    arguments, weights = span
    write_snapshots(**arguments)
    images = read_part(arguments["dataset"], "eval")[0].reshape(24, -1)
    layers = {name: np.load(path) for name, path in arguments["activations"].items()}
    classifier = np.load(arguments["classifier"])
    assert layers["fc1"].shape == (2, 24, 256) and layers["fc3"].shape == (2, 24, 4)
    assert classifier.shape == (2, 28, 128)
    for index, epoch in enumerate([2, 4]):
        x, matrices = images, {name: values.double().numpy() for name, values in weights[epoch].items()}
        for number in (1, 2, 3):
            if number == 3:
                np.testing.assert_allclose(classifier[index], np.vstack([x, matrices["fc3.weight"]]), atol=1e-4)
            x = x @ matrices[f"fc{number}.weight"].T + matrices[f"fc{number}.bias"]
            if f"fc{number}" in layers:
                np.testing.assert_allclose(layers[f"fc{number}"][index], x, atol=1e-4)
            x = np.maximum(x, 0)
    table = load_table(arguments["predictions"], "epoch", "sample", "predicted", "confidence")
    assert table["epoch"].to_pylist() == [2] * 24 + [4] * 24
    assert table["sample"].to_pylist() == 2 * list(range(24))
    assert table["predicted"].to_pylist() == layers["fc3"].argmax(2).ravel().tolist()


def test_nothing_is_written_where_an_epoch_is_missing(tmp_path, span):
    arguments, _ = span
    with pytest.raises(UserError, match=r"history\.parquet is damaged .*no epoch 6"):
        write_snapshots(**arguments | {"times": [2, 6]})
    history = load_table(arguments["histories"][0]).to_pydict()
    rows = {"epoch": [2, 6], "class_accuracy": history["class_accuracy"]}
    save_table(tmp_path / "history.parquet", rows)
    with pytest.raises(UserError, match=r"no weights of time \[6\]"):
        write_snapshots(**arguments | {"times": [2, 6]})
    assert {path.name for path in tmp_path.rglob("*") if path.suffix in (".npy", ".parquet")} == {"history.parquet"}


def test_a_snapshot_of_another_network_than_the_trained_one(tmp_path, span):
    arguments, _ = span
    save_table(tmp_path / "history.parquet", {"epoch": [2, 4], "class_accuracy": [[1.0] * 4, [1.0] * 4]})
    with pytest.raises(ModelError, match="the snapshot of epoch 2 is not the network that was trained"):
        write_snapshots(**arguments)
    assert not (tmp_path / "predictions.parquet").exists()


def test_predictions_carry_warnings_where_there_are_any(tmp_path, span):
    arguments, _ = span
    write_snapshots(**arguments)
    assert load_table(arguments["predictions"]).schema.metadata is None
    model = write_stateful(tmp_path)("Softmax")
    settings = SnapshotSettings(model=model, model_kwargs={}, seed=17, compacted=False, pooling=Pooling())
    network = build_run_model(settings, shape=(1, 8, 8), classes=4)
    import torch

    torch.save({"weights": {0: network.state_dict()}, "state": {}, "time": 0}, tmp_path / "0000.pt")
    images, labels = read_part(arguments["dataset"], "eval")
    right = network(torch.from_numpy(images).float()).argmax(1).numpy() == labels
    accuracies = [[float(right[labels == label].mean()) for label in range(4)]]
    save_table(tmp_path / "history.parquet", {"epoch": [0], "class_accuracy": accuracies})
    own = {"checkpoints": [str(tmp_path / "0000.pt")], "times": [0], "settings": settings, "activations": {}}
    write_snapshots(**arguments | own)
    (warning,) = json.loads(load_table(arguments["predictions"]).schema.metadata[b"warnings"])
    assert "ends in a softmax" in warning
