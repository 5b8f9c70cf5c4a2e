"""What every snapshot would fail of is found when the recorder is made."""

import pytest
import torch
from torch import nn

from activation_recorder import Recorder, RecorderError
from support.recorded import Net, images

pytestmark = pytest.mark.usefixtures("one_thread")

X, Y = images(21)


class Squeezed(Net):
    """A batch of one sample loses its batch."""

    def forward(self, x):
        return self.fc2(self.fc1(self.conv(x).flatten(1))[:, :, None].squeeze())


class Dropout(Net):
    def forward(self, x):
        return nn.functional.dropout(super().forward(x))


class AtMost(Net):
    def forward(self, x):
        if len(x) > 5:
            raise MemoryError("too many")
        return super().forward(x)


class Centred(Net):
    def forward(self, x):
        return super().forward(x - x.mean(0))


class Counts(Net):
    passes = 0

    def forward(self, x):
        self.passes += 1
        return super().forward(x) * self.passes


def bare_norm():
    model = Net()
    model.bn = nn.BatchNorm2d(4, track_running_stats=False)
    return model


@pytest.mark.parametrize(
    ("model", "batch_size", "says"),
    [
        (Squeezed, 1, "conv puts out|fc2 puts out|cannot be run"),
        (AtMost, None, r"cannot be run on all samples, 250 at once \(MemoryError: too many\)\. .* smaller batch_size"),
        (Dropout, None, "a second pass over the same samples gives other outputs"),
        (Counts, None, "a second pass over the same samples gives other outputs"),
        (Centred, None, "something in the model looks at the whole batch"),
        (bare_norm, None, "bn has no running statistics. Build it with track_running_stats=True"),
    ],
)
def test_what_is_refused_before_the_training(model, batch_size, says, tmp_path):
    torch.manual_seed(0)
    with pytest.raises(RecorderError, match=says):
        Recorder(model(), X, Y, path=tmp_path / "rec", at=[0], batch_size=batch_size)
    assert not (tmp_path / "rec").exists()


@pytest.mark.parametrize("batch_size", [4, 5, 20])
def test_a_last_part_of_one_sample_is_none(batch_size, tmp_path):
    Recorder(Squeezed(), X, Y, path=tmp_path, at=[0], batch_size=batch_size, layers=["fc1"]).step(0)
    assert (tmp_path / "0" / "fc1.npy").is_file()


def test_the_model_stays_as_it_was():
    model = Counts()
    state, draws = {name: value.clone() for name, value in model.state_dict().items()}, torch.get_rng_state()
    with pytest.raises(RecorderError):
        Recorder(model, X, Y, path="nowhere", at=[0])
    assert model.passes == 0 and all(module.training for module in model.modules())
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert torch.equal(draws, torch.get_rng_state())
