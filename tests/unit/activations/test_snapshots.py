"""Snapshots against a forward pass that is written out."""

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.nn.modules.module import register_module_forward_pre_hook

from evolution.activations.agreement import Evaluated
from evolution.activations.snapshots import SnapshotSettings, layer_groups, take_snapshots, trained_networks
from evolution.activations.stored_rows import stored_rows
from evolution.errors import LayerError, ModelError, UserError
from evolution.models.build import build_run_model
from evolution.models.networks import SmallCNN
from evolution.models.outputs import Pooling
from support.stateful_models import write_stateful
from support.tiny_dataset import read_part

pytestmark = pytest.mark.usefixtures("one_thread")

LAYERS = ["conv1", "conv2", "conv3", "fc1", "fc2"]


def trained_like(seed):
    """A small_cnn whose batch norms have seen data: random scales, shifts, means and variances."""
    torch.manual_seed(seed)
    model = SmallCNN((1, 8, 8), 4)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.startswith("bn") and tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape) + 0.5)
    return model


def direct_outputs(weights, images):
    """The outputs of small_cnn's layers in evaluation mode, module by module, in float64."""
    weights = {name: tensor.double() for name, tensor in weights.items()}
    outputs, x = {}, torch.from_numpy(images).double()
    for number in (1, 2, 3):
        conv, norm = f"conv{number}", f"bn{number}"
        outputs[conv] = x = functional.conv2d(x, weights[f"{conv}.weight"], weights[f"{conv}.bias"], padding=1)
        mean, variance, scale, shift = (
            weights[f"{norm}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        outputs[norm] = x = (x - mean) / torch.sqrt(variance + 1e-5) * scale + shift
        x = functional.max_pool2d(torch.relu(x), 2)
    outputs["fc1"] = x = functional.linear(x.flatten(1), weights["fc1.weight"], weights["fc1.bias"])
    outputs["fc2"] = functional.linear(torch.relu(x), weights["fc2.weight"], weights["fc2.bias"])
    return {name: output.flatten(1).numpy() for name, output in outputs.items()}


@pytest.fixture
def span(tmp_path, dataset):
    """Weights of epochs 0, 2 and 3 in two checkpoints; the dataset's path, the checkpoints' and the weights."""
    weights = {epoch: trained_like(epoch).state_dict() for epoch in (0, 1, 2, 3)}
    paths = []
    for name, epochs in (("0000.pt", [0]), ("0001-0003.pt", [1, 2, 3])):
        paths.append(str(tmp_path / name))
        torch.save({"weights": {epoch: weights[epoch] for epoch in epochs}, "state": {}, "time": epochs[-1]}, paths[-1])
    return dataset, paths, weights


class Entries:
    """Takes entries as an NpyWriter does, and keeps them."""

    def __init__(self, count):
        self.entries = [None] * count
        self.notes = {}

    def put(self, index, entry, note=None):
        assert self.entries[index] is None
        self.entries[index] = entry.copy()
        self.notes[index] = note


def take(dataset, paths, epochs, layers=LAYERS, compacted=False, tolerance="auto", noted=False, **limits):
    """Activations (epochs, N, D) of each layer, the classifier's rows at each epoch, and the predictions."""
    activations, classifier = {layer: Entries(len(epochs)) for layer in layers}, Entries(len(epochs))
    snapshots = take_snapshots(
        dataset=dataset,
        networks=trained_networks(paths, epochs),
        times=epochs,
        settings=SnapshotSettings(
            model="small_cnn", model_kwargs={}, seed=17, compacted=compacted, pooling=Pooling(), tolerance=tolerance
        ),
        activations=activations,
        classifier=classifier,
        evaluated=None,
        **limits,
    )
    if noted:
        return np.stack(activations[layers[0]].entries), activations[layers[0]].notes
    return (
        {layer: np.stack(kept.entries) for layer, kept in activations.items()},
        classifier.entries,
        snapshots.predictions,
    )


@pytest.mark.parametrize("chunk", [250, 24, 7, 1])
def test_activations_equal_a_direct_forward_pass(span, chunk):
    dataset, paths, weights = span
    images, _ = read_part(dataset, "eval")
    layers = [*LAYERS, "bn2"]
    activations, _, _ = take(dataset, paths, [0, 2, 3], layers, chunk=chunk)
    assert list(activations) == layers
    for index, epoch in enumerate([0, 2, 3]):
        for name, expected in direct_outputs(weights[epoch], images).items():
            if name in layers:
                assert activations[name].dtype == np.float32
                assert activations[name].shape == (3, *expected.shape)
                np.testing.assert_allclose(activations[name][index], expected, rtol=1e-4, atol=1e-4)


def test_predictions(span):
    dataset, paths, weights = span
    images, _ = read_part(dataset, "eval")
    _, _, predictions = take(dataset, paths, [0, 2, 3], ["fc2"])
    assert predictions["time"].tolist() == [0] * 24 + [2] * 24 + [3] * 24
    assert predictions["sample"].tolist() == list(range(24)) * 3
    logits = np.concatenate([direct_outputs(weights[epoch], images)["fc2"] for epoch in (0, 2, 3)])
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert predictions["predicted"].tolist() == probability.argmax(axis=1).tolist()
    np.testing.assert_allclose(predictions["confidence"], probability.max(axis=1), rtol=1e-4)
    assert {name: column.dtype.name for name, column in predictions.items()} == {
        "time": "int32",
        "sample": "int32",
        "predicted": "int32",
        "confidence": "float32",
    }


def test_a_time_that_lies_in_a_checkpoint_of_its_own(span, tmp_path):
    """Between times of another checkpoint, as one that was added later: each prediction stands at its own time."""
    dataset, _, weights = span
    images, _ = read_part(dataset, "eval")
    paths = [str(tmp_path / name) for name in ("chain.pt", "added.pt")]
    for path, epochs in zip(paths, ([1, 3], [2])):
        torch.save({"weights": {epoch: weights[epoch] for epoch in epochs}, "state": {}, "time": 3}, path)
    _, _, predictions = take(dataset, paths, [1, 2, 3], ["fc2"])
    expected = [direct_outputs(weights[epoch], images)["fc2"].argmax(1).tolist() for epoch in (1, 2, 3)]
    assert expected[1] != expected[2], "the test needs networks that differ"
    assert predictions["predicted"].reshape(3, 24).tolist() == expected
    assert predictions["time"].reshape(3, 24)[:, 0].tolist() == [1, 2, 3]


def test_compact_activations_have_the_same_inner_products(span):
    dataset, paths, weights = span
    activations, _, _ = take(dataset, paths, [2], compacted=True)
    exact = direct_outputs(weights[2], read_part(dataset, "eval")[0])
    assert {name: array.shape for name, array in activations.items()} == {
        "conv1": (1, 24, 24),
        "conv2": (1, 24, 24),
        "conv3": (1, 24, 24),
        "fc1": (1, 24, 24),
        "fc2": (1, 24, 4),
    }
    for name, (rows,) in activations.items():
        products = exact[name] @ exact[name].T
        np.testing.assert_allclose(rows @ rows.T, products, atol=1e-5 * products.max())


@pytest.mark.parametrize("chunk", [250, 7])
def test_the_classifiers_inputs_and_weights(span, chunk):
    dataset, paths, weights = span
    images, _ = read_part(dataset, "eval")
    for compacted in (False, True):
        _, classifiers, _ = take(dataset, paths, [3, 0], [], compacted, chunk=chunk)
        for epoch, rows in zip([3, 0], classifiers):
            inputs = np.maximum(direct_outputs(weights[epoch], images)["fc1"], 0)
            exact = np.vstack([inputs, weights[epoch]["fc2.weight"].numpy()])
            assert rows.dtype == np.float32
            assert rows.shape == ((28, 28) if compacted else (28, 256))
            np.testing.assert_allclose(rows @ rows.T, exact @ exact.T, atol=1e-4 * (exact**2).sum(1).max())


def test_what_is_within_a_tolerance_comes_with_the_spectrum_of_the_raw_rows(span):
    dataset, paths, _ = span
    ((raw,), _), (_, notes) = (
        take(dataset, paths, [2], ["conv1"], compacted=compacted, tolerance=0.8, noted=True)
        for compacted in (False, True)
    )
    centred = raw.astype(np.float64) - raw.mean(0, dtype=np.float64)
    expected = np.linalg.svd(centred, compute_uv=False)
    expected *= np.sqrt(len(raw) / np.square(expected).sum())
    np.testing.assert_allclose(notes[0], expected, atol=1e-3)


@pytest.mark.parametrize("compacted", [True, False])
def test_an_epoch_gives_the_same_bytes_alone_and_in_a_span(span, compacted):
    dataset, paths, _ = span
    together, classifiers, all_predictions = take(dataset, paths, [0, 2, 3], compacted=compacted)
    alone, (classifier,), predictions = take(dataset, paths[1:], [2], LAYERS[::-1], compacted)
    for name in LAYERS:
        assert together[name][1].tobytes() == alone[name][0].tobytes()
    assert classifiers[1].tobytes() == classifier.tobytes()
    for name, column in predictions.items():
        assert all_predictions[name][24:48].tobytes() == column.tobytes()


@pytest.mark.parametrize(
    ("layers", "said"),
    [(["conv1", "conv9"], "conv9 is not in the model, which has"), (["conv1", "pool"], "pool runs more than once")],
)
@pytest.mark.parametrize("chunk", [250, 7])
def test_layers_that_cannot_be_followed(span, layers, said, chunk):
    dataset, paths, _ = span
    with pytest.raises(LayerError, match=f"^layers: {said}"):
        take(dataset, paths, [0], layers, chunk=chunk)


def test_an_epoch_that_no_checkpoint_has(span):
    dataset, paths, _ = span
    with pytest.raises(UserError, match=r"0001-0003\.pt is damaged .*no weights of time \[7\]"):
        take(dataset, paths, [2, 7])


def test_a_tolerance_counts_where_activations_are_compacted(span):
    dataset, paths, _ = span
    (raw,), (within,) = (
        take(dataset, paths, [2], ["conv1"], compacted=compacted, tolerance=0.8)[0]["conv1"]
        for compacted in (False, True)
    )
    assert raw.shape[1] > 1000
    assert within.shape[1] < 18
    np.testing.assert_array_equal(within, stored_rows(raw, seed=17, tolerance=0.8).rows)


@pytest.mark.parametrize("compacted", [True, False])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_activations_that_are_not_finite(span, tmp_path, value, compacted):
    dataset, _, weights = span
    weights[3]["fc1.bias"][5] = value
    path = str(tmp_path / "diverged.pt")
    torch.save({"weights": {3: weights[3]}, "state": {}, "time": 3}, path)
    with pytest.raises(UserError, match=r"layer fc1 at epoch 3 .* not finite.*training\.learning_rate"):
        take(dataset, [path], [3], compacted=compacted)


@pytest.mark.parametrize(("held_bytes", "passes"), [(1, 5), (24 * 4 * 300, 4), (10**9, 1)])
def test_layers_that_are_not_held_at_once_have_the_same_bytes(span, held_bytes, passes):
    dataset, paths, _ = span
    together, (classifier,), all_predictions = take(dataset, paths, [2], compacted=True)
    runs = []

    def note(module, inputs):
        if isinstance(module, SmallCNN):
            runs.append(len(inputs[0]))

    hook = register_module_forward_pre_hook(note)
    try:
        apart, (classifier_apart,), predictions = take(dataset, paths, [2], compacted=True, held_bytes=held_bytes)
    finally:
        hook.remove()
    # The first pass, of a few images, finds out how large the layers' outputs are; the last two see whether the same
    # comes out again.
    assert runs == [8, *[24] * passes, 8, 8]
    for name in LAYERS:
        assert together[name].tobytes() == apart[name].tobytes()
    assert classifier.tobytes() == classifier_apart.tobytes()
    assert all(column.tobytes() == all_predictions[name].tobytes() for name, column in predictions.items())


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ({"a": 4, "b": 3, "c": 3, "d": 1}, [["a", "b", "c"], ["d"]]),
        ({"a": 11, "b": 1, "c": 1}, [["a"], ["b", "c"]]),
        ({"a": 1, "b": 30, "c": 1}, [["a"], ["b"], ["c"]]),
        ({"a": 1}, [["a"]]),
        ({}, []),
    ],
)
def test_layers_that_are_held_at_once(sizes, groups):
    assert layer_groups(sizes, limit=10) == groups


def take_own(tmp_path, dataset, name, layers=(), class_accuracy=None, epochs=(0,)):
    """Snapshots of a model of `support.stateful_models`, as it is before training."""
    model = write_stateful(tmp_path)(name)
    settings = SnapshotSettings(model=model, model_kwargs={}, seed=17, compacted=False, pooling=Pooling())
    network = build_run_model(settings, shape=(1, 8, 8), classes=4)
    path = str(tmp_path / "0000.pt")
    torch.save({"weights": {epoch: network.state_dict() for epoch in epochs}, "state": {}, "time": 0}, path)
    classifier = Entries(len(epochs))
    snapshots = take_snapshots(
        dataset=dataset,
        networks=trained_networks([path], list(epochs)),
        times=list(epochs),
        settings=settings,
        activations={layer: Entries(len(epochs)) for layer in layers},
        classifier=classifier,
        evaluated=class_accuracy and Evaluated(class_accuracy, "cpu"),
    )
    return snapshots.predictions, snapshots.warnings, classifier.entries[0]


@pytest.mark.parametrize(
    ("model", "layers", "said"),
    [
        ("DropoutAlwaysOn", [], r"gives other outputs, so a snapshot would hold noise.*training=self\.training"),
        ("HiddenDropoutAlwaysOn", ["after"], r"gives other outputs \(at layer after\)"),
        ("BatchNormWithoutStatistics", [], "norm has no running statistics"),
        ("CentredOverTheBatch", [], "looks at the whole batch"),
        ("CentredOverNeighbours", [], "depends on the other samples of its batch"),
    ],
)
def test_evaluations_that_do_not_repeat_themselves(tmp_path, dataset, model, layers, said):
    with pytest.raises(ModelError, match=f"^model\\.name: .*{said}"):
        take_own(tmp_path, dataset, model, layers)


def test_predictions_that_are_not_the_trainings(tmp_path, dataset):
    table, *_ = take_own(tmp_path, dataset, "Plain")
    labels = read_part(dataset, "eval")[1]
    right = table["predicted"] == labels
    found = [right[labels == label].mean() for label in range(4)]
    take_own(tmp_path, dataset, "Plain", class_accuracy={0: found})
    with pytest.raises(ModelError, match=r"epoch 0 is not the network that was trained: it predicts \d+ of 24"):
        take_own(tmp_path, dataset, "Plain", class_accuracy={0: [1 - share for share in found]})


@pytest.mark.parametrize(
    ("model", "has"),
    [
        ("Plain", True),
        ("InBfloat16", True),
        ("LogSoftmax", True),
        ("Temperature", True),
        ("Softmax", True),
        ("TwoHeads", False),
    ],
)
def test_the_classifier_of_models_that_end_in_something_else(tmp_path, dataset, model, has):
    _, _, rows = take_own(tmp_path, dataset, model)
    assert rows.shape == ((28, 16) if has else (28, 1)) and np.isfinite(rows).all() == has


@pytest.mark.parametrize(
    ("model", "said"), [("Softmax", "softmax"), ("Sigmoid", "sigmoid"), ("Relu", "ReLU"), ("Plain", None)]
)
def test_outputs_that_are_no_logits_are_said_once(tmp_path, dataset, caplog, model, said):
    _, warnings, _ = take_own(tmp_path, dataset, model, epochs=(0, 1))
    assert len(warnings) == (said is not None)
    if said:
        assert f"end in a {said}" in warnings[0].replace("ends", "end") and caplog.text.count(warnings[0]) == 1
