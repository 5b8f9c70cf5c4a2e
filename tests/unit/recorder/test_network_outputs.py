"""The classifier of networks that end in all kinds of ways."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from activation_recorder import Recorder
from support.recorded import images, train

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore::FutureWarning")]

X, Y = images(20)
FILES = {"classifier_inputs.npy", "classifier_weight.npy", "classifier_bias.npy"}


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.flat, self.body = nn.Flatten(), nn.Linear(36, 16)
        self.head, self.other = nn.Linear(16, 3), nn.Linear(16, 3)

    def forward(self, x):
        return self.end(self.body(self.flat(x)).relu())


class TwoHeads(Body):
    def end(self, x):
        return (self.head(x) + self.other(x)) / 2


class AuxiliaryHeadLast(Body):
    def end(self, x):
        return self.head(x), self.other(x.square())


class LowRank(Body):
    """A layer and an addition of low rank to it."""

    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Linear(16, 2), nn.Linear(2, 3)

    def end(self, x):
        return self.head(x) + self.up(self.down(x))


class Cosine(nn.Linear):
    def forward(self, x):
        return 10 * nn.functional.linear(nn.functional.normalize(x), nn.functional.normalize(self.weight))


class CosineHead(Body):
    def __init__(self):
        super().__init__()
        self.head = Cosine(16, 3)

    def end(self, x):
        return self.head(x)


class CallsItself(Body):
    def forward(self, x, flat=False):
        x = x if flat else self.flat(x)
        return self.head(self.body(x)) if flat else self(x, flat=True) + self(x.flip(1), flat=True)


@pytest.mark.parametrize("model", [TwoHeads, AuxiliaryHeadLast, LowRank, CosineHead, CallsItself])
def test_a_layer_that_does_not_give_the_outputs_is_left_out_and_said_once(model, tmp_path, caplog):
    recorder = Recorder(model(), X, Y, path=tmp_path, at=range(3), layers=["flat"])
    for step in range(3):
        recorder.step(step)
        assert {file.name for file in (tmp_path / str(step)).iterdir()} == {"flat.npy", "predictions.npy"}
    assert [entry.message for entry in caplog.records if "does not give the model's outputs" in entry.message] == [
        entry.message for entry in caplog.records if entry.levelname == "WARNING"
    ]
    assert "classifier is not recorded" in caplog.text


class Ends(Body):
    def __init__(self, end):
        super().__init__()
        self.end_with = end

    def end(self, x):
        return self.end_with(self.head(x))


@pytest.mark.parametrize("end", [nn.Identity(), nn.Softmax(1), nn.LogSoftmax(1), lambda x: x / 0.1])
def test_ends_that_leave_the_classes_as_they_are(end, tmp_path):
    Recorder(Ends(end), X, Y, path=tmp_path, at=[0]).step(0)
    assert {file.name for file in (tmp_path / "0").iterdir()} > FILES


def test_a_classifier_that_gives_the_outputs_no_more_is_said_and_all_times_have_the_same_files(tmp_path, caplog):
    model = TwoHeads()
    nn.init.zeros_(model.head.weight)
    nn.init.zeros_(model.head.bias)
    recorder = Recorder(model, X, Y, path=tmp_path, at=range(3))
    recorder.step(0)
    nn.init.normal_(model.head.weight)
    recorder.step(1)
    recorder.step(2)
    assert caplog.text.count("gave the model's outputs at the start, and does not at step 1") == 1
    assert all({file.name for file in (tmp_path / str(step)).iterdir()} > FILES for step in range(3))
    # A training that goes on keeps to it.
    resumed = Recorder(model, X, Y, path=tmp_path, at=[7])
    resumed.step(7)
    assert {file.name for file in (tmp_path / "7").iterdir()} > FILES


LINEAR = {
    "weight_norm": parametrizations.weight_norm,
    "spectral_norm": parametrizations.spectral_norm,
    "orthogonal": parametrizations.orthogonal,
    "the old weight_norm": weight_norm,
    "the old spectral_norm": spectral_norm,
    "pruned": lambda layer: prune.l1_unstructured(layer, "weight", 0.3),
}


@pytest.mark.parametrize("change", LINEAR.values(), ids=LINEAR)
def test_a_weight_that_is_computed_is_that_of_the_pass_and_training_stays_as_it_was(change, tmp_path):
    def model():
        torch.manual_seed(3)
        return nn.Sequential(nn.Flatten(), nn.Linear(36, 16), nn.ReLU(), change(nn.Linear(16, 3)))

    recorded = train(lambda model: Recorder(model, X, Y, path=tmp_path, at=range(9)), model=model())
    assert recorded == train(model=model())
    for step in (0, 3, 8):
        inputs, weight, bias, outputs = (
            np.load(tmp_path / str(step) / f"{name}.npy")
            for name in ("classifier_inputs", "classifier_weight", "classifier_bias", "predictions")
        )
        np.testing.assert_allclose(inputs @ weight.T + bias, outputs, atol=1e-5)
