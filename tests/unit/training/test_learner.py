"""A step of training, with each part of its recipe, against a plain PyTorch loop or a formula written out."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.optim import lr_scheduler

from evolution.seeds import integer_seed
from evolution.training.augmentation import Augmentation
from evolution.training.learner import Learner, Task, build_learner
from evolution.training.schedules import Schedule
from evolution.training.settings import Averaging
from support.same_bits import assert_same_bits
from support.tiny_training import SETTINGS

pytestmark = pytest.mark.usefixtures("one_thread")

CLASSES, RATE, DECAY = 4, 0.05, 0.01
MEAN, STD = np.array([0.4], np.float32), np.array([0.3], np.float32)
# Of 26 images, the classes being of different sizes.
LABELS = torch.tensor([0] * 12 + [1] * 7 + [2] * 5 + [3] * 2)[
    torch.randperm(26, generator=torch.Generator().manual_seed(1))
]
IMAGES = torch.randn(26, 1, 8, 8, generator=torch.Generator().manual_seed(2))
WEIGHTS = [0.5, 1.0, 2.0, 4.0]


def task_of(steps=None):
    return Task(
        shape=(1, 8, 8),
        classes=CLASSES,
        labels=LABELS.numpy(),
        mean=MEAN,
        std=STD,
        steps=steps,
        device=torch.device("cpu"),
    )


def smooth_network():
    """A network without the kinks of a ReLU: near them another rounding is another gradient."""
    torch.manual_seed(5)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, CLASSES))


def learner_of(*, steps=None, **changes):
    """A learner by gradient descent, unless the changes say otherwise."""
    base = {"optimizer": "sgd", "learning_rate": RATE, "weight_decay": 0.0}
    learner = Learner(smooth_network(), replace(SETTINGS, **base | changes), task_of(steps))
    learner.train()
    return learner


def steps_of(learner, count, images=IMAGES, labels=LABELS):
    return [learner.step(images, labels, done=done).item() for done in range(count)]


def plain_steps(model, optimizer, count, loss=functional.cross_entropy, scheduler=None):
    """A plain loop, all images a step; the loss of each step."""
    losses = []
    for _ in range(count):
        optimizer.zero_grad()
        value = loss(model(IMAGES), LABELS)
        value.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        losses.append(value.item())
    return losses


def weights_of(model):
    return nn.utils.parameters_to_vector(model.parameters()).detach()


def sgd(model, **arguments):
    return torch.optim.SGD(model.parameters(), lr=RATE, **arguments)


@pytest.mark.parametrize(
    ("changes", "make"),
    [
        ({}, sgd),
        ({"optimizer": "adamw"}, lambda model: torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)),
        ({"optimizer": "RMSprop"}, lambda model: torch.optim.RMSprop(model.parameters(), lr=RATE, weight_decay=DECAY)),
    ],
)
def test_a_step_is_that_of_a_plain_loop(changes, make):
    learner = learner_of(**changes | ({"weight_decay": DECAY} if changes else {}))
    twin = copy.deepcopy(learner.model)
    losses = plain_steps(twin, make(twin), 4)
    assert steps_of(learner, 4) == pytest.approx([26 * loss for loss in losses], rel=1e-6)
    assert torch.equal(weights_of(learner.model), weights_of(twin))


def test_nesterovs_momentum():
    """Written out: v becomes m v + g, and the weights move by g + m v."""
    kwargs = {"momentum": 0.9, "nesterov": True}
    learner = learner_of(optimizer_kwargs=kwargs, weight_decay=DECAY)
    twin = copy.deepcopy(learner.model).double()
    velocities = [torch.zeros_like(parameter) for parameter in twin.parameters()]
    for _ in range(4):
        twin.zero_grad()
        functional.cross_entropy(twin(IMAGES.double()), LABELS).backward()
        with torch.no_grad():
            for parameter, velocity in zip(twin.parameters(), velocities):
                gradient = parameter.grad + DECAY * parameter
                velocity.mul_(0.9).add_(gradient)
                parameter -= RATE * (gradient + 0.9 * velocity)
    steps_of(learner, 4)
    torch.testing.assert_close(weights_of(learner.model).double(), weights_of(twin), rtol=1e-4, atol=1e-6)


# The loss.


def smoothed(logits, labels):
    """Label smoothing written out: a tenth of the label is spread over all classes."""
    logs = torch.log_softmax(logits, 1)
    return -(0.9 * logs[torch.arange(len(labels)), labels] + 0.1 * logs.mean(1)).mean()


def weighted(weights):
    def loss(logits, labels):
        logs = torch.log_softmax(logits, 1)[torch.arange(len(labels)), labels]
        of_images = torch.tensor(weights)[labels]
        return -(of_images * logs).sum() / of_images.sum()

    return loss


LOSSES = {
    "label smoothing": ({"label_smoothing": 0.1}, smoothed),
    "class weights": ({"class_weights": WEIGHTS}, weighted(WEIGHTS)),
    # N / (classes * images of the class), of 12, 7, 5 and 2 images.
    "balanced": ({"class_weights": "balanced"}, weighted([26 / 4 / count for count in (12, 7, 5, 2)])),
    "both": (
        {"class_weights": WEIGHTS, "label_smoothing": 0.1},
        nn.CrossEntropyLoss(torch.tensor(WEIGHTS), label_smoothing=0.1),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss(name):
    changes, loss = LOSSES[name]
    learner = learner_of(**changes)
    twin, plain = copy.deepcopy(learner.model), copy.deepcopy(learner.model)
    losses = plain_steps(twin, sgd(twin), 3, loss)
    assert steps_of(learner, 3) == pytest.approx([26 * loss for loss in losses], rel=1e-5)
    torch.testing.assert_close(weights_of(learner.model), weights_of(twin), rtol=1e-4, atol=1e-6)
    plain_steps(plain, sgd(plain), 3)
    assert (weights_of(learner.model) - weights_of(plain)).abs().max() > 1e-3


# Accumulation.


@pytest.mark.parametrize("name", ["plain", *LOSSES])
@pytest.mark.parametrize(("batch_size", "accumulate"), [(13, 2), (7, 4), (1, 26)])
def test_accumulated_batches_are_one_large_batch(name, batch_size, accumulate):
    """Whatever their sizes, and however much their images weigh: 7, 7, 7 and 5 images are 26."""
    changes, loss = LOSSES.get(name, ({}, functional.cross_entropy))
    learner = learner_of(batch_size=batch_size, accumulate=accumulate, **changes)
    twin = copy.deepcopy(learner.model)
    passes = []
    learner.model.register_forward_pre_hook(lambda module, inputs: passes.append(len(inputs[0])))
    steps_of(learner, 3)
    assert passes[: len(passes) // 3] == [len(part) for part in IMAGES.split(batch_size)]
    plain_steps(twin, sgd(twin), 3, loss)
    torch.testing.assert_close(weights_of(learner.model), weights_of(twin), rtol=1e-4, atol=1e-6)


def test_the_mean_of_the_batches_means_would_be_another_step():
    """So the test above can fail."""
    learner = learner_of(batch_size=7, accumulate=4, class_weights=WEIGHTS)
    twin, loss = copy.deepcopy(learner.model), weighted(WEIGHTS)
    means = [loss(twin(images), labels) for images, labels in zip(IMAGES.split(7), LABELS.split(7))]
    (sum(means) / 4).backward()
    sgd(twin).step()
    steps_of(learner, 1)
    assert (weights_of(learner.model) - weights_of(twin)).abs().max() > 1e-3


@pytest.mark.parametrize(("batch_size", "accumulate"), [(26, 1), (7, 4), (2, 13)])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_the_loss_of_accumulated_batches_is_that_of_one(batch_size, accumulate, weights):
    """With class weights each batch's own mean divides by another sum."""
    learner = learner_of(batch_size=batch_size, accumulate=accumulate, class_weights=weights)
    tensor = None if weights is None else torch.tensor(weights)
    expected = functional.cross_entropy(learner.model(IMAGES), LABELS, weight=tensor).item()
    assert steps_of(learner, 1) == [pytest.approx(expected * len(IMAGES), rel=1e-5)]


# Clipping.


@pytest.mark.parametrize(("batch_size", "accumulate"), [(None, 1), (7, 4)])
def test_gradients_are_clipped_together_and_after_all_batches(batch_size, accumulate):
    learner = learner_of(clip_norm=0.1, batch_size=batch_size, accumulate=accumulate)
    before, twin = weights_of(learner.model), copy.deepcopy(learner.model)
    functional.cross_entropy(twin(IMAGES), LABELS).backward()
    gradient = nn.utils.parameters_to_vector([parameter.grad for parameter in twin.parameters()])
    assert gradient.norm() > 0.2
    steps_of(learner, 1)
    expected = before - RATE * gradient * (0.1 / gradient.norm())
    torch.testing.assert_close(weights_of(learner.model), expected, rtol=1e-4, atol=1e-7)
    assert ((before - weights_of(learner.model)) / RATE).norm() == pytest.approx(0.1, rel=1e-3)


def test_small_gradients_stay_as_they_are():
    clipped, plain = learner_of(clip_norm=1e3), learner_of()
    assert steps_of(clipped, 3) == steps_of(plain, 3)
    assert torch.equal(weights_of(clipped.model), weights_of(plain.model))


# The learning rate.

STEPS = 8
SCHEDULES = {
    "cosine": (
        Schedule("cosine", final=0.1),
        lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, STEPS, eta_min=0.1 * RATE),
    ),
    "linear": (
        Schedule("linear", final=0.2),
        lambda optimizer: lr_scheduler.LinearLR(optimizer, 1.0, 0.2, total_iters=STEPS),
    ),
    "step": (
        Schedule("step", at=(0.5, 6), factor=0.3),
        lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [4, 6], gamma=0.3),
    ),
    "one cycle": (
        Schedule("one_cycle"),
        lambda optimizer: lr_scheduler.OneCycleLR(optimizer, RATE, STEPS, cycle_momentum=False),
    ),
    "warm-up": (
        Schedule("constant", warmup=3),
        lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda done: min((done + 1) / 4, 1)),
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_each_step_has_its_learning_rate(name):
    schedule, make = SCHEDULES[name]
    learner = learner_of(schedule=schedule, steps=STEPS)
    twin = copy.deepcopy(learner.model)
    optimizer = sgd(twin)
    scheduler = make(optimizer)
    rates = []
    for done in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        plain_steps(twin, optimizer, 1, scheduler=scheduler)
        learner.step(IMAGES, LABELS, done=done)
        assert learner.optimizer.param_groups[0]["lr"] == pytest.approx(rates[-1], rel=1e-6)
        torch.testing.assert_close(weights_of(learner.model), weights_of(twin), rtol=1e-4, atol=1e-6)
    assert len(set(rates)) > 2


def test_a_state_with_the_rate_of_a_step_moves_no_base_rate():
    schedule = Schedule("cosine", warmup=2)
    first, second = (learner_of(schedule=schedule, steps=STEPS) for _ in range(2))
    steps_of(first, 5)
    assert first.optimizer.param_groups[0]["lr"] < RATE
    second.restore(first.state())
    second.step(IMAGES, LABELS, done=2)
    assert second.optimizer.param_groups[0]["lr"] == RATE


# Precision.


def test_bfloat16_is_torchs_autocast():
    learner, exact = learner_of(precision="bfloat16"), learner_of()
    twin = copy.deepcopy(learner.model)
    optimizer, losses = sgd(twin), []
    for _ in range(3):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = functional.cross_entropy(twin(IMAGES), LABELS)
        loss.backward()
        optimizer.step()
        losses.append(26 * loss.item())
    assert steps_of(learner, 3) == pytest.approx(losses, rel=1e-6)
    assert torch.equal(weights_of(learner.model), weights_of(twin))
    assert {parameter.dtype for parameter in learner.model.parameters()} == {torch.float32}
    steps_of(exact, 3)
    assert not torch.equal(weights_of(learner.model), weights_of(exact.model))
    torch.testing.assert_close(weights_of(learner.model), weights_of(exact.model), rtol=0.1, atol=1e-2)


# The average.


@pytest.mark.parametrize("follow", ["average", "weights"])
def test_the_average_and_what_is_followed(follow):
    learner, plain = learner_of(average=Averaging(0.9, follow=follow)), learner_of()
    initial = weights_of(learner.model)
    assert torch.equal(weights_of(learner.followed), initial), "before the first step"
    seen = []
    for done in range(3):
        learner.step(IMAGES, LABELS, done=done)
        plain.step(IMAGES, LABELS, done=done)
        seen.append(weights_of(learner.model))
    # The training knows nothing of it.
    assert torch.equal(seen[-1], weights_of(plain.model))
    expected = 0.9**2 * seen[0] + 0.1 * 0.9 * seen[1] + 0.1 * seen[2]
    averaged = learner.state()["average"]
    found = torch.cat([averaged[f"module.{name}"].flatten() for name, _ in learner.model.named_parameters()])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)
    assert torch.equal(weights_of(learner.followed), found if follow == "average" else seen[-1])


def test_a_step_of_several_batches_is_one_step_of_the_average():
    learner = learner_of(average=Averaging(0.5), batch_size=7, accumulate=4)
    steps_of(learner, 1)
    assert torch.equal(weights_of(learner.followed), weights_of(learner.model))
    first = weights_of(learner.model)
    learner.step(IMAGES, LABELS, done=1)
    torch.testing.assert_close(weights_of(learner.followed), (first + weights_of(learner.model)) / 2)


# Augmentation.

TRANSFORMS = [{"RandomCrop": {"size": 8, "padding": 2}}, {"MixUp": {"alpha": 0.4}}]


@pytest.mark.parametrize(("batch_size", "accumulate"), [(None, 1), (7, 4)])
def test_augmented_batches(batch_size, accumulate):
    """Each batch of a step is drawn and mixed by itself, from the number of the step."""
    learner = learner_of(augmentation=TRANSFORMS, batch_size=batch_size, accumulate=accumulate)
    twin = copy.deepcopy(learner.model)
    augment, optimizer = Augmentation(TRANSFORMS, mean=MEAN, std=STD, classes=CLASSES), sgd(twin)
    images, labels = IMAGES.clamp(-1, 1.5), LABELS
    size, seen = batch_size or len(images), []
    for done in (3, 4):
        optimizer.zero_grad()
        for number, (batch, of_batch) in enumerate(zip(images.split(size), labels.split(size))):
            seed = integer_seed(SETTINGS.seed, "augmentation", done, number)
            changed, shares = augment(batch, of_batch, seed=seed)
            assert shares.shape == (len(batch), CLASSES)
            loss = -(shares * torch.log_softmax(twin(changed), 1)).sum() / len(images)
            loss.backward()
            seen.append(changed)
        optimizer.step()
        learner.step(images, labels, done=done)
        torch.testing.assert_close(weights_of(learner.model), weights_of(twin), rtol=1e-4, atol=1e-6)
    assert not torch.equal(seen[0], seen[len(seen) // 2]), "the steps have draws of their own"


def test_augmentation_draws_from_the_step_alone():
    first, second = learner_of(augmentation=TRANSFORMS), learner_of(augmentation=TRANSFORMS)
    first.step(IMAGES, LABELS, done=5)
    before = torch.get_rng_state()
    torch.rand(9), np.random.rand(3)
    second.step(IMAGES, LABELS, done=5)
    assert torch.equal(weights_of(first.model), weights_of(second.model))
    torch.set_rng_state(before)
    first.step(IMAGES, LABELS, done=6)
    assert torch.equal(torch.get_rng_state(), before), "dropout draws as without augmentation"


def test_images_of_the_caller_stay_as_they_are():
    learner, images = learner_of(augmentation=TRANSFORMS), IMAGES.clone()
    learner.step(images, LABELS, done=0)
    assert torch.equal(images, IMAGES)


# What goes from one step to the next.


EVERYTHING = {
    "model": "small_cnn",
    "batch_size": 7,
    "accumulate": 4,
    "optimizer": "adamw",
    "schedule": Schedule("cosine", warmup=2),
    "average": Averaging(0.9),
    "clip_norm": 1.0,
    "augmentation": TRANSFORMS,
    "class_weights": WEIGHTS,
}


def test_going_on_from_a_state_that_lay_in_a_file(tmp_path):
    first, second = (build_learner(replace(SETTINGS, **EVERYTHING), task_of(STEPS)) for _ in range(2))
    first.train()
    steps_of(first, 3)
    state = first.state()
    assert list(state) == ["model", "optimizer", "average"]
    torch.save(state, tmp_path / "state.pt")
    # What happens after it does not reach it.
    torch.manual_seed(0)
    first.step(IMAGES, LABELS, done=3)
    second.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    second.train()
    torch.manual_seed(0)
    second.step(IMAGES, LABELS, done=3)
    assert_same_bits(second.state(), first.state())
    assert list(learner_of().state()) == ["model", "optimizer"]


def test_loss_and_gradients_without_a_step():
    learner = learner_of(batch_size=7, accumulate=4, class_weights=WEIGHTS)
    twin, before = copy.deepcopy(learner.model), weights_of(learner.model)
    loss = nn.CrossEntropyLoss(torch.tensor(WEIGHTS))(twin(IMAGES), LABELS)
    loss.backward()
    assert learner.loss_and_gradients(IMAGES, LABELS, done=0) == pytest.approx(loss.item(), rel=1e-5)
    assert torch.equal(weights_of(learner.model), before)
    for name, parameter in learner.parameters().items():
        torch.testing.assert_close(parameter.grad, twin.get_parameter(name).grad, rtol=1e-4, atol=1e-6)


def test_the_network_is_prepared_before_the_average_is_made():
    def fill(model):
        for parameter in model.parameters():
            nn.init.constant_(parameter, 0.25)

    learner = build_learner(replace(SETTINGS, model="mlp", average=Averaging(0.9)), task_of(), prepare=fill)
    assert set(weights_of(learner.model).tolist()) == set(weights_of(learner.followed).tolist()) == {0.25}
