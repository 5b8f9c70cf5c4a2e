"""A training that is cut between any two steps is the training in one go, bit for bit, with each part of its recipe."""

import math
import random

import numpy as np
import pytest
import torch

from evolution.errors import UserError
from evolution.io.checkpoints import load_checkpoint
from evolution.training.schedules import Schedule
from evolution.training.settings import Averaging, Stop
from support.same_bits import assert_same_bits
from support.tiny_dataset import write_dataset
from support.tiny_training import start, train_epochs

pytestmark = pytest.mark.usefixtures("one_thread")

# 40 images in batches of 16, 16 and 8.
LENGTH, EPOCHS = 3, 3
STEPS = LENGTH * EPOCHS
# small_cnn has everything that carries a state from step to step: dropout, batch norm, and the optimizer's moments.
BASE = {"model": "small_cnn", "batch_size": 16}

AUGMENTATION = [{"RandomCrop": {"size": 8, "padding": 2}}, {"MixUp": {"alpha": 0.4}}]
PARTS = {
    "mini-batches": {},
    "adam": {"optimizer": "adam"},
    "sgd with nesterov": {"optimizer": "sgd", "optimizer_kwargs": {"momentum": 0.9, "nesterov": True}},
    "RMSprop": {"optimizer": "RMSprop", "optimizer_kwargs": {"momentum": 0.5}},
    "constant after a warm-up": {"schedule": Schedule("constant", warmup=4)},
    "cosine": {"schedule": Schedule("cosine", warmup=2)},
    "linear": {"schedule": Schedule("linear", warmup=0.25, final=0.1)},
    "step": {"schedule": Schedule("step", warmup=2, at=(0.5, 7))},
    "one cycle": {"schedule": Schedule("one_cycle", warmup=2)},
    "augmentation": {"augmentation": AUGMENTATION},
    "label smoothing": {"label_smoothing": 0.1},
    "class weights": {"class_weights": [0.5, 1.0, 2.0, 4.0]},
    "clipping": {"clip_norm": 0.1},
    # The last step of an epoch has one batch of 8 and one of 4: steps of 14, 14 and 12 images.
    "accumulation": {"batch_size": 7, "accumulate": 2},
    "the average is followed": {"average": Averaging(0.9)},
    "the weights are followed": {"average": Averaging(0.9, follow="weights")},
    "bfloat16": {"precision": "bfloat16"},
    "all at once": {
        "batch_size": 7,
        "accumulate": 2,
        "optimizer": "sgd",
        "optimizer_kwargs": {"momentum": 0.9, "nesterov": True},
        "schedule": Schedule("cosine", warmup=2),
        "augmentation": AUGMENTATION,
        "label_smoothing": 0.1,
        "class_weights": [0.5, 1.0, 2.0, 4.0],
        "clip_norm": 0.5,
        "average": Averaging(0.9),
        "precision": "bfloat16",
    },
}
# Where a training is cut: after which of its steps.
CUTS = {
    "within an epoch": [5],
    "at the ends of epochs": [3, 6],
    "after the first step": [1],
    "into single steps": list(range(1, STEPS)),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("data") / "dataset.npz")


def draw():
    """Numbers from each generator, as another job would draw them."""
    torch.rand(7), np.random.rand(7), np.random.randn(1), random.gauss(0, 1)


class Trained:
    """A training of some steps or epochs, cut after some of them, each part through a checkpoint on disk."""

    def __init__(self, folder, data, settings, *, last=STEPS, cuts=(), **about):
        folder.mkdir(exist_ok=True)
        about = {"unit": "step", "epochs": EPOCHS} | about
        self.weights, self.history = {}, {}
        path = start(folder, data, **settings)
        for first, end in zip([1, *(cut + 1 for cut in cuts)], [*cuts, last]):
            draw()
            kept = about.get("kept")
            of_part = about | ({} if kept is None else {"kept": [time for time in kept if first <= time <= end]})
            path, checkpoint, history, _ = train_epochs(folder, data, first, end, path, about=of_part, **settings)
            self.weights |= checkpoint["weights"]
            for name, column in history.items():
                self.history[name] = self.history.get(name, []) + column
        self.path = path
        # What is on disk, where the weights and the state share a tensor.
        loaded = load_checkpoint(path)
        self.end = {key: value for key, value in loaded.items() if key not in ("weights", "time")}

    def rows(self, times):
        """The rows of the history at some times."""
        columns = {name: dict(zip(self.history["time"], column)) for name, column in self.history.items()}
        return {name: {time: column[time] for time in times} for name, column in columns.items()}


@pytest.fixture(scope="module")
def whole_trainings(tmp_path_factory, data):
    """Part of a recipe to its training in one go."""
    made = {}

    def whole(part):
        if part not in made:
            made[part] = Trained(tmp_path_factory.mktemp("whole"), data, BASE | PARTS[part])
        return made[part]

    return whole


@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("part", PARTS)
def test_a_cut_changes_no_bit(tmp_path, data, whole_trainings, part, cuts):
    whole = whole_trainings(part)
    found = Trained(tmp_path, data, BASE | PARTS[part], cuts=cuts)
    assert list(whole.weights) == whole.history["time"] == list(range(1, STEPS + 1))
    assert_same_bits(found.weights, whole.weights)
    assert_same_bits(found.history, whole.history)
    # The optimizer's state, and the average.
    assert_same_bits(found.end, whole.end)


@pytest.mark.parametrize("part", list(PARTS)[1:])
def test_each_part_of_a_recipe_changes_the_training(whole_trainings, part):
    """Otherwise the tests here would say nothing of it."""
    plain, with_part = whole_trainings("mini-batches"), whole_trainings(part)
    same = [
        torch.equal(plain.weights[step]["fc1.weight"], with_part.weights[step]["fc1.weight"]) for step in (1, STEPS)
    ]
    follows_weights = part == "the weights are followed"
    assert same[1] == follows_weights
    if follows_weights:
        average = with_part.end["state"]["average"]["module.fc1.weight"]
        assert not torch.equal(average, plain.weights[STEPS]["fc1.weight"])


def test_a_cut_changes_no_bit_of_a_training_on_all_images_at_once(tmp_path, data):
    settings = BASE | {"batch_size": None}
    whole = Trained(tmp_path / "whole", data, settings, last=4)
    for cuts in ([1], [1, 2, 3]):
        found = Trained(tmp_path / str(len(cuts)), data, settings, last=4, cuts=cuts)
        assert_same_bits([found.weights, found.history, found.end], [whole.weights, whole.history, whole.end])
    # A step is an epoch.
    epochs = Trained(tmp_path / "epochs", data, settings, last=4, cuts=[2], unit="epoch")
    assert_same_bits([epochs.weights, epochs.history, epochs.end], [whole.weights, whole.history, whole.end])


@pytest.mark.parametrize("part", ["mini-batches", "one cycle", "all at once"])
@pytest.mark.parametrize("cuts", [[], [1, 2]])
def test_time_in_epochs_is_the_same_training(tmp_path, data, whole_trainings, part, cuts):
    whole = whole_trainings(part)
    epochs = Trained(tmp_path, data, BASE | PARTS[part], last=EPOCHS, cuts=cuts, unit="epoch")
    ends = range(LENGTH, STEPS + 1, LENGTH)
    assert_same_bits(list(epochs.weights.values()), [whole.weights[step] for step in ends])
    rows = whole.rows(ends)
    assert_same_bits(epochs.history["time"], [1, 2, 3])
    for name in rows.keys() - {"time"}:
        assert_same_bits(epochs.history[name], list(rows[name].values()))
    assert_same_bits(epochs.end, whole.end)


def test_the_learning_rate_follows_the_steps_through_all_epochs(tmp_path, data):
    """It is half a cosine over the whole training, in epochs as in steps."""
    settings = BASE | {"schedule": Schedule("cosine"), "optimizer": "sgd", "learning_rate": 0.1}
    for unit, length in (("step", 1), ("epoch", LENGTH)):
        for last in (1, 2, 3):
            trained = Trained(tmp_path / unit, data, settings, last=last, unit=unit)
            (group,) = trained.end["state"]["optimizer"]["param_groups"]
            done = last * length - 1
            assert group["lr"] == pytest.approx(0.1 * (1 + math.cos(math.pi * done / STEPS)) / 2, rel=1e-9)


def test_each_epoch_augments_otherwise(tmp_path, data):
    """At a learning rate of next to nothing, losses differ by what was drawn alone."""
    settings = {"model": "mlp", "batch_size": None, "augmentation": AUGMENTATION, "learning_rate": 1e-12}
    losses = Trained(tmp_path, data, settings, last=4, unit="epoch").history["train_loss"]
    assert len({round(loss, 4) for loss in losses}) == 4


def test_steps_go_on_from_epochs(tmp_path, data, whole_trainings):
    """A checkpoint knows no unit."""
    whole = whole_trainings("mini-batches")
    one_epoch = Trained(tmp_path / "epoch", data, BASE, last=1, unit="epoch")
    about = {"unit": "step", "epochs": EPOCHS}
    _, found, *_ = train_epochs(tmp_path, data, LENGTH + 1, STEPS, one_epoch.path, about=about, **BASE)
    assert_same_bits(found["weights"], {step: whole.weights[step] for step in range(LENGTH + 1, STEPS + 1)})


@pytest.mark.parametrize("part", ["mini-batches", "all at once"])
@pytest.mark.parametrize("cuts", [[], [4], [3, 8]])
def test_rows_depend_neither_on_the_cut_nor_on_which_times_are_kept(tmp_path, data, whole_trainings, part, cuts):
    whole = whole_trainings(part)
    found = Trained(tmp_path, data, BASE | PARTS[part], cuts=cuts, kept=[2, 7])
    assert list(found.weights) == [2, 7]
    assert_same_bits(found.weights, {step: whole.weights[step] for step in (2, 7)})
    # The ends of epochs have a row, whether kept or not.
    assert found.history["time"] == [2, 3, 6, 7, 9]
    assert_same_bits(found.rows(found.history["time"]), whole.rows(found.history["time"]))
    assert_same_bits(found.end, whole.end)


DRAWING = """
import random

import numpy as np
import torch
from torch import nn


class Drawing(nn.Module):
    # In evaluation it draws from each generator, and makes no use of it; in training dropout draws.

    def __init__(self, shape, classes):
        super().__init__()
        self.read, self.dropout = nn.Linear(shape[0] * shape[1] * shape[2], classes), nn.Dropout(0.5)

    def forward(self, x):
        if not self.training:
            torch.rand(3), np.random.randn(1), random.random()
        else:
            x = x + 0.1 * random.gauss(0, 1) + 0.1 * float(np.random.randn(1)[0])
        return self.read(self.dropout(x.flatten(1)))
"""


@pytest.mark.parametrize("stop", [None, Stop(diverged=True)])
def test_what_a_model_draws_in_an_evaluation_moves_nothing(tmp_path, data, stop):
    (tmp_path / "drawing.py").write_text(DRAWING)
    settings = {"model": f"{tmp_path / 'drawing.py'}:Drawing", "batch_size": 16, "stop": stop}
    seldom = Trained(tmp_path / "seldom", data, settings, kept=[STEPS])
    often = Trained(tmp_path / "often", data, settings)
    assert_same_bits(often.weights[STEPS], seldom.weights[STEPS])
    cut = Trained(tmp_path / "cut", data, settings, cuts=[1, 5])
    assert_same_bits([cut.weights, cut.history], [often.weights, often.history])


def test_the_end_of_a_part_within_an_epoch_is_in_its_checkpoint(tmp_path, data):
    def so_far(last):
        return Trained(tmp_path / str(last), data, BASE, last=last, kept=[]).end.get("epoch_so_far")

    assert {key: value for key, value in so_far(4).items() if key in ("done", "images")} == {"done": 1, "images": 16}
    assert {key: value for key, value in so_far(5).items() if key in ("done", "images")} == {"done": 2, "images": 32}
    assert so_far(3) is None


# A span that is trained again, for more of its times to be kept.


@pytest.mark.parametrize("part", ["mini-batches", "all at once"])
@pytest.mark.parametrize(("cut", "last", "kept"), [(None, 5, [2, 5]), (4, 8, [5, 7, 8])])
def test_a_part_that_is_trained_again_is_the_same(tmp_path, data, whole_trainings, part, cut, last, kept):
    settings, whole = BASE | PARTS[part], whole_trainings(part)
    begun = start(tmp_path, data, **settings)
    if cut is not None:
        begun = Trained(tmp_path / "before", data, settings, last=cut, kept=[]).path
    known = {step: whole.rows([step])["train_loss"][step] for step in (3, 6, 9)}
    about = {"unit": "step", "epochs": EPOCHS, "kept": kept, "repeated": known}
    _, again, history, _ = train_epochs(tmp_path, data, (cut or 0) + 1, last, begun, about=about, **settings)
    assert_same_bits(again["weights"], {step: whole.weights[step] for step in kept})
    # The ends of epochs have their row already.
    assert_same_bits(history, {name: list(column.values()) for name, column in whole.rows(kept).items()})


def test_epochs_that_are_trained_again(tmp_path, data, whole_trainings):
    whole = whole_trainings("mini-batches")
    known = {epoch: whole.rows([epoch * LENGTH])["train_loss"][epoch * LENGTH] for epoch in (1, 2, 3)}
    begun = start(tmp_path, data, **BASE)
    about = {"kept": [2], "repeated": known}
    _, again, history, _ = train_epochs(tmp_path, data, 1, 2, begun, about=about, **BASE)
    assert_same_bits(again["weights"], {2: whole.weights[2 * LENGTH]})
    assert history["time"] == [2]
    known[1] += 1e-12
    with pytest.raises(UserError, match="at epoch 1 its loss is"):
        train_epochs(tmp_path, data, 1, 2, begun, about=about, **BASE)


def test_another_training_is_no_repetition(tmp_path, data, whole_trainings):
    known = {3: float(np.nextafter(whole_trainings("mini-batches").rows([3])["train_loss"][3], 9))}
    begun = start(tmp_path, data, **BASE)
    about = {"unit": "step", "epochs": EPOCHS, "kept": [4], "repeated": known}
    with pytest.raises(
        UserError, match=rf"at step 3 its loss is [\d.]+, and before it was {known[3]!r}.*checkpoints and"
    ):
        train_epochs(tmp_path, data, 1, 4, begun, about=about, **BASE)
