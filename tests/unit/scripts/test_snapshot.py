"""The files of a span's snapshots."""

import numpy as np
import pytest

from evolution.activations.snapshots import SnapshotSettings
from evolution.errors import UserError
from evolution.io.tables import load_table
from evolution.models.networks import MLP
from evolution.models.outputs import Pooling
from snapshot import write_snapshots
from support.tiny_dataset import read_part

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def span(tmp_path, dataset):
    """The arguments of write_snapshots for two epochs, and the weights of these."""
    import torch

    weights = {}
    for epoch in (2, 4):
        torch.manual_seed(epoch)
        weights[epoch] = MLP((1, 8, 8), 4).state_dict()
    torch.save({"weights": weights, "optimizer": {}, "epoch": 4}, tmp_path / "0001-0004.pt")
    arguments = {
        "dataset": dataset,
        "checkpoints": [str(tmp_path / "0001-0004.pt")],
        "epochs": [2, 4],
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
    with pytest.raises(UserError, match=r"no weights of epoch \[6\]"):
        write_snapshots(**arguments | {"epochs": [2, 6]})
    assert not any(path.suffix in (".npy", ".parquet") for path in tmp_path.rglob("*"))
