"""Snapshots hold what the workflow's own recording holds."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from activation_recorder.network import named_modules
from activation_recorder.outputs import LayerFault, Pooling
from activation_recorder.passes import trace
from activation_recorder.planning import pooled_width
from activation_recorder.rehearsal import rehearse
from activation_recorder.samples import Samples
from activation_recorder.snapshot import Plan, write_snapshot
from evolution.activations.stored_rows import stored_rows
from evolution.models import outputs as theirs
from evolution.models.hooks import record_outputs
from evolution.models.networks import SmallCNN
from support.recorded import Net, images

pytestmark = pytest.mark.usefixtures("one_thread")


def take(folder, model, inputs, layers, *, chunk=250, compact=False, classes=None, held_bytes=10**9, **pooling):
    """A snapshot's arrays by the names of their files."""
    samples, pooling = Samples({"": inputs}), Pooling(**pooling)
    shapes = {module.name: module.shape for module in trace(model, samples)[0]}
    widths = {layer: pooled_width(shapes[layer], pooling) for layer in layers}
    plan = Plan(widths, pooling, compact, classes, None, chunk)
    plan = replace(plan, classifier=rehearse(model, named_modules(model), samples, plan)[0])
    folder.mkdir(exist_ok=True)
    write_snapshot(folder, model, named_modules(model), samples, plan, held_bytes=held_bytes)
    return {file.stem: np.load(file, allow_pickle=False) for file in folder.iterdir()}


@pytest.mark.parametrize("chunk", [250, 16])
@pytest.mark.parametrize("maps", ["flatten", "mean"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=["contiguous", "channels last"])
def test_the_bytes_of_the_workflow_in_uncompacted_rows(tmp_path, chunk, maps, layout):
    """So that what the workflow makes of them is the same as through checkpoints."""
    torch.manual_seed(0)
    model = SmallCNN((1, 16, 16), 5).to(memory_format=layout)
    inputs = torch.randn(50, 1, 16, 16).to(memory_format=layout)
    layers = ["conv1", "conv3", "fc1", "fc2"]
    found = take(tmp_path, model, inputs, layers, chunk=chunk, classes=5, maps=maps)
    expected = record_outputs(model, inputs, layers=layers, pooling=theirs.Pooling(maps=maps), classes=5, chunk=chunk)
    for layer in layers:
        assert found[layer].tobytes() == expected.layers[layer].tobytes(), layer
        assert found[layer].flags.c_contiguous and found[layer].dtype == np.float32
        kept, expected_kept = (stored_rows(rows, seed=0).rows for rows in (found[layer], expected.layers[layer]))
        assert kept.tobytes() == expected_kept.tobytes()
    assert found["predictions"].tobytes() == expected.logits.tobytes()
    for part in ("inputs", "weight", "bias"):
        assert found[f"classifier_{part}"].tobytes() == getattr(expected.classifier, part).tobytes()


@pytest.mark.parametrize(("chunk", "held_bytes"), [(250, 10**9), (7, 10**9), (7, 20_000), (7, 4_000), (7, 1)])
def test_compacted_rows_keep_distances_however_little_is_held(tmp_path, chunk, held_bytes):
    torch.manual_seed(0)
    model, inputs = Net(), images(20)[0]
    # Of fc2's 3 numbers nothing can be saved.
    layers = ["conv", "bn", "fc1", "fc2"]
    rows = take(tmp_path / "raw", model, inputs, layers, chunk=chunk)
    found = take(
        tmp_path / "compact", model, inputs, layers, chunk=chunk, compact=True, held_bytes=max(held_bytes, 800)
    )
    assert {layer: array.shape[1] for layer, array in found.items()} == {"conv": 20, "bn": 20, "fc1": 16, "fc2": 3}
    for layer in ("conv", "bn"):
        one, other = (array[layer].astype(np.float64) for array in (found, rows))
        np.testing.assert_allclose(
            np.linalg.norm(one[:, None] - one, axis=2),
            np.linalg.norm(other[:, None] - other, axis=2),
            rtol=1e-5,
            atol=1e-6,
        )
    for layer in ("fc1", "fc2"):
        assert found[layer].tobytes() == rows[layer].tobytes()


def test_an_output_that_is_written_over_is_kept_as_it_was(tmp_path):
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 30), nn.ReLU(inplace=True), nn.Linear(30, 3))
    found = take(tmp_path, model, images(40)[0], ["1"], chunk=16)
    assert (found["1"] < 0).any()


def test_the_classifiers_inputs_are_kept_as_they_were(tmp_path):
    class Overwrites(Net):
        def forward(self, x):
            hidden = self.fc1(self.conv(x).flatten(1))
            out = self.fc2(hidden)
            hidden.zero_()
            return out

    found = take(tmp_path, Overwrites(), images(10)[0], ["fc1"], classes=3)
    np.testing.assert_array_equal(found["classifier_inputs"], found["fc1"])
    assert found["fc1"].any()


def test_a_network_that_calls_itself_or_ends_in_no_linear_layer_has_no_classifier(tmp_path):
    class Twice(Net):
        def forward(self, x, again=True):
            return self(x, again=False) + self(x.flip(3), again=False) if again else super().forward(x)

    inputs = images(10)[0]
    assert set(take(tmp_path / "one", Twice(), inputs, [], classes=3)) == {"predictions"}
    pooled = nn.Sequential(nn.Conv2d(1, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert set(take(tmp_path / "two", pooled, inputs, ["0"], classes=3)) == {"0", "predictions"}
    no_bias = nn.Sequential(nn.Flatten(), nn.Linear(36, 3, bias=False))
    assert not take(tmp_path / "three", no_bias, inputs, ["1"], classes=3)["classifier_bias"].any()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda model: setattr(model.fc1, "forward", lambda x: x[:, :5]), "fc1 puts out 5 numbers .* 16 before"),
        (lambda model: setattr(model, "forward", lambda x: model.fc2(x.flatten(1)[:, :16])), "conv, fc1 does not run"),
        (lambda model: setattr(model.fc1, "forward", lambda x: None), "fc1 puts out no tensor"),
    ],
)
def test_a_layer_that_does_otherwise_than_before(tmp_path, change, says):
    model, samples = Net(), Samples({"": images(10)[0]})
    change(model)
    plan = Plan({"conv": 144, "fc1": 16}, Pooling(), True, None, None, 4)
    with pytest.raises(LayerFault, match=says):
        write_snapshot(tmp_path, model, named_modules(model), samples, plan)


def test_more_samples_than_coordinates_are_made_for_are_written_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr("activation_recorder.snapshot.MOST_SAMPLES", 15)
    assert take(tmp_path, Net(), images(20)[0], ["conv"], compact=True)["conv"].shape == (20, 144)
