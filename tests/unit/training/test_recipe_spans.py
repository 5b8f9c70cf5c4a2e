"""Trainings with recipes of the user's, cut into spans and uncut."""

import copy
import sys

import numpy as np
import pytest
import torch
from torch import nn

from evolution.errors import ModelError
from evolution.models.build import build_model
from evolution.seeds import integer_seed
from support.own_models import write_models
from support.tiny_training import SETTINGS, assert_same_bits_when_cut, start, train_epochs

pytestmark = pytest.mark.usefixtures("one_thread")

RECIPES = '''
import copy

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Labels(nn.Module):
    """The cross entropy, and something more in a class below."""

    def __init__(self, model, classes):
        super().__init__()

    def loss(self, model, images, labels):
        return functional.cross_entropy(model(images), labels)


class Head(Labels):
    """The network's outputs are features here, and a head of the recipe's has the logits."""

    def __init__(self, model, classes, width=8):
        super().__init__(model, classes)
        hidden = [nn.Linear(classes, width), nn.BatchNorm1d(width), nn.ReLU()]
        self.head = nn.Sequential(*hidden, nn.Linear(width, classes))

    def loss(self, model, images, labels):
        return functional.cross_entropy(self.head(model(images)), labels)


class Teacher(Labels):
    """Momentum of 0.9, as a mean teacher has it."""

    def __init__(self, model, classes):
        super().__init__(model, classes)
        self.teacher = copy.deepcopy(model).requires_grad_(False)

    def loss(self, model, images, labels):
        with torch.no_grad():
            target = self.teacher(images).softmax(1)
        logits = model(images)
        return functional.cross_entropy(logits, labels) + functional.cross_entropy(logits, target)

    @torch.no_grad()
    def after_step(self, model):
        for own, other in zip(self.teacher.parameters(), model.parameters(), strict=True):
            own.mul_(0.9).add_(other, alpha=0.1)


class Queue(Labels):
    """Features of the last batches are negatives, as in MoCo."""

    def __init__(self, model, classes, length=24):
        super().__init__(model, classes)
        self.register_buffer("queue", functional.normalize(torch.randn(length, classes), dim=1))
        self.register_buffer("at", torch.zeros((), dtype=torch.int64))

    def loss(self, model, images, labels):
        one, two = (functional.normalize(model(images + 0.1 * torch.randn_like(images)), dim=1) for _ in range(2))
        similarity = torch.cat([(one * two).sum(1, keepdim=True), one @ self.queue.clone().T], 1) / 0.2
        places = (self.at + torch.arange(len(two))) % len(self.queue)
        self.queue[places] = two.detach()
        self.at += len(two)
        return functional.cross_entropy(similarity, torch.zeros(len(one), dtype=torch.int64))


class OwnOptimizer(Labels):
    """The last layer learns ten times as fast."""

    def optimizer(self, model, learning_rate, weight_decay):
        last = list(model.fc2.parameters())
        rest = [each for each in model.parameters() if not any(each is other for other in last)]
        groups = [{"params": rest}, {"params": last, "lr": 10 * learning_rate, "momentum": 0.5}]
        return torch.optim.SGD(groups, lr=learning_rate, momentum=0.9, weight_decay=weight_decay)


class Fading(Labels):
    """A penalty whose weight falls from step to step, and noise from a generator of NumPy's."""

    def __init__(self, model, classes):
        super().__init__(model, classes)
        self.weight, self.noise = 1.0, np.random.default_rng(3)

    def loss(self, model, images, labels):
        logits = model(images) + float(self.noise.normal())
        return functional.cross_entropy(logits, labels) + self.weight * logits.square().mean()

    def after_step(self, model):
        self.weight *= 0.9

    def get_extra_state(self):
        return {"weight": self.weight, "noise": self.noise.bit_generator.state}

    def set_extra_state(self, state):
        self.weight, self.noise.bit_generator.state = state["weight"], state["noise"]


class SecondOptimizer(Labels):
    """A critic of the features, which after_step trains."""

    def __init__(self, model, classes):
        super().__init__(model, classes)
        self.critic = nn.Linear(classes, 1).requires_grad_(False)
        self.second = torch.optim.Adam(self.critic.parameters(), lr=0.01)

    def loss(self, model, images, labels):
        logits = model(images)
        self.seen = logits.detach()
        return functional.cross_entropy(logits, labels) + self.critic(logits).mean()

    def after_step(self, model):
        self.critic.requires_grad_(True)
        self.second.zero_grad()
        with torch.enable_grad():
            (-self.critic(self.seen).square().mean()).backward()
        self.second.step()
        self.critic.requires_grad_(False)

    def get_extra_state(self):
        return self.second.state_dict()

    def set_extra_state(self, state):
        self.second.load_state_dict(state)


class LeavesBehind(Labels):
    """A hook keeps the features of each batch, and after_step the norm of a layer."""

    def __init__(self, model, classes):
        super().__init__(model, classes)
        self.features, self.norm, self.losses = None, None, {}
        model.fc1.register_forward_hook(self.keep)

    def keep(self, module, inputs, output):
        if module.training:
            self.features = output

    def loss(self, model, images, labels):
        loss = functional.cross_entropy(model(images), labels)
        self.losses["last"] = loss.item()
        return loss + 0.01 * self.features.square().mean()

    def after_step(self, model):
        self.norm = model.fc1.weight.norm().item()


class CounterOutside(Labels):
    def __init__(self, model, classes):
        super().__init__(model, classes)
        self.steps = 0

    def after_step(self, model):
        self.steps += 1


class LastLossOutside(Labels):
    """What a batch leaves behind, where the next one uses it: a step later nothing of it is to be seen."""
    last = 0.0

    def loss(self, model, images, labels):
        loss = functional.cross_entropy(model(images), labels)
        self.last, last = loss.item(), self.last
        return loss * (1 + last)


class StepOutside(Labels):
    """The same in after_step, which moves a buffer by it."""

    def __init__(self, model, classes):
        super().__init__(model, classes)
        self.register_buffer("sum", torch.zeros(()))
        self.last = 0.0

    def after_step(self, model):
        self.sum += self.last
        self.last = 3.0


class BufferLater(Labels):
    def after_step(self, model):
        if not hasattr(self, "late"):
            self.register_buffer("late", torch.ones(2))


class GroupLater(Labels):
    def optimizer(self, model, learning_rate, weight_decay):
        self.made = torch.optim.SGD(model.conv1.parameters(), lr=learning_rate)
        return self.made

    def after_step(self, model):
        if len(self.made.param_groups) == 1:
            self.made.add_param_group({"params": list(model.fc2.parameters())})


class FromTheNetwork(Labels):
    """Draws the weights back to those that the network had when the recipe was made, which it keeps in an attribute."""

    def __init__(self, model, classes):
        super().__init__(model, classes)
        self.start = [each.detach().clone() for each in model.parameters()]

    def loss(self, model, images, labels):
        pull = sum((each - start).square().sum() for each, start in zip(model.parameters(), self.start))
        return functional.cross_entropy(model(images), labels) + pull


class ChangesInPlace(Labels):
    """Noise on images and labels, in place: the data set must stay as it is."""

    def loss(self, model, images, labels):
        images += 0.1 * torch.randn(images.shape)
        wrong = torch.rand(labels.shape) < 0.2
        labels[wrong] = torch.randint(0, 4, (int(wrong.sum()),))
        return super().loss(model, images, labels)


class FreezesOnce(Labels):
    """Puts batch norm and dropout into evaluation mode after some steps, once."""

    def __init__(self, model, classes):
        super().__init__(model, classes)
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    def after_step(self, model):
        self.steps += 1
        if self.steps == 2:
            for module in model.modules():
                if isinstance(module, (nn.BatchNorm2d, nn.Dropout)):
                    module.eval()


class NormalisesByHook(Labels):
    """Changes what the network puts out, and snapshots are taken of the network alone."""

    def __init__(self, model, classes):
        super().__init__(model, classes)
        last = [module for module in model.modules() if isinstance(module, nn.Linear)][-1]
        last.register_forward_pre_hook(lambda module, inputs: (functional.normalize(inputs[0]),))


class ArrayInExtraState(Labels):
    def get_extra_state(self):
        return np.zeros(3)

    def set_extra_state(self, state):
        pass
'''


@pytest.fixture
def named(tmp_path):
    """A function that names a recipe, as `training.recipe` does."""
    (tmp_path / "recipes.py").write_text(RECIPES, encoding="utf-8")
    return lambda name: f"{tmp_path / 'recipes.py'}:{name}"


KEPT = (
    "Labels",
    "Head",
    "Teacher",
    "Queue",
    "OwnOptimizer",
    "Fading",
    "SecondOptimizer",
    "LeavesBehind",
    "FromTheNetwork",
    "ChangesInPlace",
    "FreezesOnce",
)


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("batch_size", [None, 16])
def test_a_training_cut_in_two_gives_the_same_bits(tmp_path, dataset, named, name, batch_size):
    assert_same_bits_when_cut(tmp_path, dataset, recipe=named(name), batch_size=batch_size)


@pytest.mark.parametrize("name", ["Teacher", "Queue", "OwnOptimizer", "Fading", "ChangesInPlace", "FreezesOnce"])
def test_a_training_cut_within_an_epoch_gives_the_same_bits(tmp_path, dataset, named, name):
    """10 steps, of which 5 make an epoch, cut after the third and the seventh."""
    changes = {"model": "small_cnn", "recipe": named(name), "batch_size": 8, "about": {"unit": "step"}}
    begun = start(tmp_path, dataset, **changes)
    whole = train_epochs(tmp_path, dataset, 1, 10, begun, **changes)[1]
    at, found = begun, {}
    for first, last in ((1, 3), (4, 7), (8, 10)):
        torch.rand(3), np.random.rand(3)
        at, checkpoint, *_ = train_epochs(tmp_path, dataset, first, last, at, **changes)
        found |= checkpoint["weights"]
    torch.testing.assert_close(found, whole["weights"], rtol=0, atol=0)
    # assert_close knows no text, which the state of NumPy's generator holds.
    extra, expected = (each["state"]["recipe"].pop("_extra_state", None) for each in (checkpoint, whole))
    assert extra == expected
    torch.testing.assert_close(checkpoint["state"], whole["state"], rtol=0, atol=0)


def test_a_recipe_with_all_other_keys_cut_in_two(tmp_path, dataset, named):
    from evolution.training.schedules import Schedule
    from evolution.training.settings import Averaging

    assert_same_bits_when_cut(
        tmp_path,
        dataset,
        recipe=named("OwnOptimizer"),
        batch_size=8,
        accumulate=2,
        schedule=Schedule("cosine", warmup=2),
        about={"epochs": 4},
        augmentation=["RandomHorizontalFlip"],
        clip_norm=0.5,
        average=Averaging(0.9),
    )


def test_a_recipe_and_a_model_in_files_of_ones_own(tmp_path, dataset, named):
    """The files import from their own folder, and the teacher is a copy of the model."""
    model = f"{write_models(tmp_path)}:Own"
    assert_same_bits_when_cut(tmp_path, dataset, recipe=named("Teacher"), model=model)


@pytest.mark.parametrize("recipe", ["other/recipes.py:Labels", "installed_recipes:Labels"])
def test_a_model_that_imports_something_as_it_runs(tmp_path, dataset, monkeypatch, recipe):
    """From its own folder, after a recipe from another folder or from a package was loaded."""
    (tmp_path / "other").mkdir()
    for folder in (tmp_path / "other", tmp_path / "packages"):
        folder.mkdir(exist_ok=True)
        (folder / "recipes.py").write_text(RECIPES, encoding="utf-8")
    (tmp_path / "packages" / "recipes.py").rename(tmp_path / "packages" / "installed_recipes.py")
    monkeypatch.syspath_prepend(tmp_path / "packages")
    models = write_models(tmp_path)
    text = models.read_text(encoding="utf-8")
    late = text.replace(
        "    def forward(self, x):\n", "    def forward(self, x):\n        import late_part_of_own\n", 1
    )
    models.write_text(late, encoding="utf-8")
    (tmp_path / "late_part_of_own.py").write_text("", encoding="utf-8")
    recipe = f"{tmp_path}/{recipe}" if "/" in recipe else recipe
    assert_same_bits_when_cut(tmp_path, dataset, recipe=recipe, model=f"{models}:Own")
    # The next model sees none of these folders.
    (tmp_path / "third").mkdir()
    build_model(f"{write_models(tmp_path / 'third')}:Own", kwargs={}, shape=(1, 8, 8), classes=4, seed=1)
    assert sys.path[0] == str(tmp_path / "third") and str(tmp_path / "other") not in sys.path


def test_a_training_that_begins_with_weights_of_a_file(tmp_path, dataset, named):
    """So does the teacher; a later job, which builds another network first, takes the teacher from the state."""
    given = build_model("tiny_cnn", kwargs={}, shape=(1, 8, 8), classes=4, seed=99).state_dict()
    torch.save(given, tmp_path / "weights.pt")
    changes = {"recipe": named("Teacher"), "model": "tiny_cnn"}
    begun, first, *_ = train_epochs(tmp_path, dataset, 0, 0, initial_weights=str(tmp_path / "weights.pt"), **changes)
    assert all(torch.equal(first["state"]["recipe"][f"teacher.{name}"], value) for name, value in given.items())
    whole = train_epochs(tmp_path, dataset, 1, 2, begun, **changes)[1]
    middle, *_ = train_epochs(tmp_path, dataset, 1, 1, begun, **changes)
    parts = train_epochs(tmp_path, dataset, 2, 2, middle, **changes)[1]
    torch.testing.assert_close(parts["state"], whole["state"], rtol=0, atol=0)


def test_the_recipe_of_the_labels_is_the_training_without_one(tmp_path, dataset, named):
    """Up to the order of sums: small_cnn's own operations compute the same in another way."""
    ends = []
    for recipe in (None, named("Labels")):
        begun = start(tmp_path / str(bool(recipe)), dataset, recipe=recipe, batch_size=16)
        ends.append(train_epochs(tmp_path, dataset, 1, 2, begun, recipe=recipe, batch_size=16)[1]["weights"][2])
    torch.testing.assert_close(ends[0], ends[1])


def test_a_teacher_follows_the_network_by_its_momentum(tmp_path, dataset, named):
    begun, before, *_ = train_epochs(tmp_path, dataset, 0, 0, recipe=named("Teacher"))
    checkpoint = train_epochs(tmp_path, dataset, 1, 3, begun, recipe=named("Teacher"))[1]
    expected = copy.deepcopy(before["weights"][0])
    for time in (1, 2, 3):
        for name, value in expected.items():
            value.mul_(0.9).add_(checkpoint["weights"][time][name], alpha=0.1)
    found = {name.removeprefix("teacher."): value for name, value in checkpoint["state"]["recipe"].items()}
    torch.testing.assert_close(found, expected)


def test_two_groups_of_an_optimizer_of_ones_own(tmp_path, dataset, named):
    """One step of all images: each group moves by its own rate times the gradient, with weight decay."""
    changes = {"recipe": named("OwnOptimizer"), "learning_rate": 0.05, "weight_decay": 0.1}
    begun, before, *_ = train_epochs(tmp_path, dataset, 0, 0, **changes)
    after = train_epochs(tmp_path, dataset, 1, 1, begun, **changes)[1]
    assert [group["lr"] for group in after["state"]["optimizer"]["param_groups"]] == [0.05, 0.5]
    seed = integer_seed(SETTINGS.seed, "weights")
    model = build_model("tiny_cnn", kwargs={}, shape=(1, 8, 8), classes=4, seed=seed)
    model.load_state_dict(before["weights"][0])
    with np.load(dataset) as data:
        pixels = (data["train_images"] / 255 - data["mean"]) / data["std"]
        labels = torch.from_numpy(data["train_labels"])
    nn.functional.cross_entropy(model(torch.from_numpy(pixels.astype(np.float32))), labels).backward()
    for name, parameter in model.named_parameters():
        rate = 0.5 if name.startswith("fc2") else 0.05
        moved = parameter.detach() - rate * (parameter.grad + 0.1 * parameter.detach())
        torch.testing.assert_close(after["weights"][1][name], moved, rtol=1e-4, atol=1e-6)


OUTSIDE = {
    "CounterOutside": r"recipes\.py:CounterOutside keeps steps from one step to the next, which its state",
    "LastLossOutside": r"recipes\.py:LastLossOutside keeps last from one step to the next",
    "StepOutside": r"recipes\.py:StepOutside keeps last from one step to the next",
    "BufferLater": r"recipes\.py:BufferLater: load_state_dict failed: RuntimeError: .*",
    "GroupLater": r"recipes\.py:GroupLater: its optimizer does not take its own state \(loaded state dict has a",
}


def test_snapshots_change_nothing_where_a_recipe_sets_modules_to_evaluation(tmp_path, dataset, named):
    changes = {"model": "small_cnn", "recipe": named("FreezesOnce"), "batch_size": 8}
    begun = start(tmp_path, dataset, **changes)
    often, seldom = (
        train_epochs(tmp_path, dataset, 1, 10, begun, about={"unit": "step", "kept": kept}, **changes)[1]
        for kept in (range(1, 11), [10])
    )
    torch.testing.assert_close(often["weights"][10], seldom["weights"][10], rtol=0, atol=0)


def test_a_recipe_that_changes_how_the_network_evaluates_is_refused(tmp_path, dataset, named):
    with pytest.raises(ModelError, match=r"(?s)^training\.recipe: .*snapshots are taken without it.*such as by a hook"):
        train_epochs(tmp_path, dataset, 0, 0, recipe=named("NormalisesByHook"))


@pytest.mark.parametrize(("name", "said"), OUTSIDE.items())
def test_what_is_kept_outside_stops_the_next_span_and_not_this_one(tmp_path, dataset, named, name, said):
    changes = {"recipe": named(name), "batch_size": 16}
    begun, first, *_ = train_epochs(tmp_path, dataset, 0, 0, **changes)
    assert "unresumable" not in first
    end, checkpoint, history, _ = train_epochs(tmp_path, dataset, 1, 2, begun, **changes)
    assert list(checkpoint["weights"]) == history["time"] == [1, 2]
    with pytest.raises(
        ModelError, match=rf"(?s)^training\.recipe: .*{said}.*Or set training\.epochs_per_job and steps_per_job to null"
    ):
        train_epochs(tmp_path, dataset, 3, 4, end, **changes)


def test_what_it_took_from_a_network_with_other_weights(tmp_path, dataset, named):
    """A later job makes the recipe with the weights of the seed; at time 0 it was made with those of a file."""
    given = build_model("tiny_cnn", kwargs={}, shape=(1, 8, 8), classes=4, seed=99).state_dict()
    torch.save(given, tmp_path / "weights.pt")
    changes = {"recipe": named("FromTheNetwork")}
    first = train_epochs(tmp_path, dataset, 0, 0, initial_weights=str(tmp_path / "weights.pt"), **changes)[1]
    assert "keeps start[0], start[1], start[2], start[3] from one step" in first["unresumable"]


def test_a_state_that_is_not_read_without_running_code(tmp_path, dataset, named):
    message = (
        r"^training\.recipe: the state of the recipe cannot be read back .* It holds _extra_state; get_extra_state"
    )
    with pytest.raises(ModelError, match=message):
        start(tmp_path, dataset, recipe=named("ArrayInExtraState"))
