"""Trainings of each kind of input and target, and the files of their snapshots."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import r2_score

from evolution.activations.predictions import load_predictions
from evolution.activations.snapshots import SnapshotSettings, take_snapshots, trained_networks
from evolution.errors import ModelError
from evolution.io.tables import load_table, save_table
from evolution.models.build import build_model
from evolution.models.outputs import Pooling
from snapshot import write_snapshots
from support.tiny_training import SETTINGS, start, train_epochs
from support.training_samples import MODELS, write_training

pytestmark = pytest.mark.usefixtures("one_thread")

LAYERS = {"table": ["fc1", "fc3"], "signals": ["conv1", "fc2"], "tokens": ["embedding", "block2", "norm", "head"]}
OUTPUTS = {"classes": 3, "number": 1, "labels": 3}


@pytest.fixture
def trained(tmp_path):
    """A function that trains for two epochs; the arguments of write_snapshots, and the weights."""

    def run(kind, target):
        path = write_training(tmp_path / "dataset.npz", kind=kind, target=target)
        settings = {"model": MODELS[kind]}
        checkpoint, weights, history, _ = train_epochs(
            tmp_path, path, 1, 2, start(tmp_path, path, **settings), **settings
        )
        save_table(tmp_path / "history.parquet", history)
        arguments = {
            "dataset": path,
            "checkpoints": [checkpoint],
            "times": [1, 2],
            "unit": "epoch",
            "histories": [str(tmp_path / "history.parquet")],
            "settings": SnapshotSettings(
                model=MODELS[kind], model_kwargs={}, seed=SETTINGS.seed, compacted=False, pooling=Pooling()
            ),
            "activations": {layer: str(tmp_path / f"{layer}.npy") for layer in LAYERS[kind]},
            "classifier": str(tmp_path / "classifier.npy"),
            "predictions": str(tmp_path / "predictions.parquet"),
        }
        return arguments, weights["weights"]

    return run


def outputs_by_hand(path, kind, target, weights):
    """What the network puts out for the evaluation samples, and a layer of tokens, computed in one pass."""
    with np.load(path) as archive:
        inputs, words = torch.from_numpy(archive["inputs_0"]), len(archive["vocabulary"]) if kind == "tokens" else None
    model = build_model(
        MODELS[kind], kwargs={}, shape=tuple(inputs.shape[1:]), classes=OUTPUTS[target], vocabulary=words, seed=1
    )
    model.load_state_dict(weights)
    seen = {}
    for name, module in model.named_modules():
        module.register_forward_hook(lambda _, __, output, name=name: seen.update({name: output.numpy().copy()}))
    with torch.inference_mode():
        return model.eval()(inputs).numpy(), seen, inputs.numpy()


@pytest.mark.parametrize("target", OUTPUTS)
@pytest.mark.parametrize("kind", MODELS)
def test_layers_and_predictions(trained, kind, target):
    arguments, weights = trained(kind, target)
    write_snapshots(**arguments)
    predicted, confidence = load_predictions([arguments["predictions"]], [1, 2], 30)
    with np.load(arguments["dataset"]) as archive:
        scale = archive["target_scale"] if target == "number" else None
    for index in (0, 1):
        outputs, seen, inputs = outputs_by_hand(arguments["dataset"], kind, target, weights[index + 1])
        for layer in LAYERS[kind]:
            rows = seen[layer]
            if rows.ndim == 3 and kind == "tokens":
                rows = np.stack([vectors[tokens != 0].mean(0) for vectors, tokens in zip(rows, inputs)])
            found = np.load(arguments["activations"][layer])[index]
            np.testing.assert_allclose(found, rows.reshape(30, -1), atol=1e-5)
        if target == "classes":
            np.testing.assert_array_equal(predicted[index], outputs.argmax(1))
            assert np.isfinite(confidence).all()
            continue
        expected = scale[0] + scale[1] * outputs[:, 0] if target == "number" else 1 / (1 + np.exp(-outputs))
        np.testing.assert_allclose(predicted[index], expected, rtol=1e-4, atol=1e-5)
        assert np.isnan(confidence).all()
    classifier = np.load(arguments["classifier"])
    assert classifier.shape[1] == 30 + (0 if target == "number" else 3)
    assert np.isfinite(classifier).all() == (target == "classes")


@pytest.mark.parametrize("target", OUTPUTS)
def test_a_history_of_another_network(trained, tmp_path, target):
    arguments, _ = trained("table", target)
    table = load_table(arguments["histories"][0]).to_pydict()
    name = {"classes": "class_accuracy", "number": "eval_r2", "labels": "class_average_precision"}[target]
    table[name] = [np.array(value) * 0.5 + 0.1 for value in table[name]]
    save_table(tmp_path / "history.parquet", {key: [np.array(value).tolist() for value in table[key]] for key in table})
    with pytest.raises(ModelError, match=r"the snapshot of epoch 1 is not the network that was trained"):
        write_snapshots(**arguments)


@pytest.mark.parametrize("names", [[], ["a", "b", "c"]])
def test_samples_without_labels(trained, names):
    """Of a network that was trained with labels: what it predicts is known where its outputs are named."""
    arguments, weights = trained("table", "classes")
    with np.load(arguments["dataset"]) as archive:
        arrays = {name: archive[name] for name in archive if name not in ("eval_labels", "train_labels")}
    np.savez(arguments["dataset"], **arrays | {"target": "none", "class_names": np.array(names, str)})
    if not names:
        with pytest.raises(
            ModelError, match=r"mlp needs the number of its outputs, and data without labels do not say"
        ):
            write_snapshots(**arguments)
        counted = replace(arguments["settings"], model_kwargs={"classes": 3})
        write_snapshots(**arguments | {"settings": counted})
        # The outputs are there, and nobody knows what they stand for.
        predicted, confidence = load_predictions([arguments["predictions"]], [1, 2], 30)
        assert (predicted == -1).all() and np.isnan(confidence).all()
        return
    write_snapshots(**arguments)
    predicted, confidence = load_predictions([arguments["predictions"]], [1, 2], 30)
    outputs, *_ = outputs_by_hand(arguments["dataset"], "table", "classes", weights[2])
    np.testing.assert_array_equal(predicted[1], outputs.argmax(1))
    assert np.isfinite(confidence).all() and np.isnan(np.load(arguments["classifier"])).all()


def test_a_network_of_elsewhere_predicts_the_number_itself(trained):
    arguments, weights = trained("table", "number")
    found = take_snapshots(
        dataset=arguments["dataset"],
        networks=trained_networks(arguments["checkpoints"], [1, 2]),
        times=[1, 2],
        settings=arguments["settings"],
        activations={},
        evaluated=None,
        trained_here=False,
    )
    outputs, *_ = outputs_by_hand(arguments["dataset"], "table", "number", weights[2])
    predicted = np.asarray(found.predictions["predicted"])[30:]
    np.testing.assert_allclose(predicted, outputs[:, 0], rtol=1e-4, atol=1e-5)
    with np.load(arguments["dataset"]) as archive:
        assert found.evaluation[1]["eval_r2"] == pytest.approx(r2_score(archive["eval_labels"], outputs), rel=1e-4)
