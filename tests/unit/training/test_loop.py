"""Training against networks and optimizers that are written out, and what an epoch draws."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from evolution.errors import UserError
from evolution.io.checkpoints import load_checkpoint
from evolution.models.device import choose_device
from support.tiny_dataset import read_part, write_dataset
from support.tiny_training import SETTINGS, start, train_epochs

pytestmark = pytest.mark.usefixtures("one_thread")


# The networks as standard layers in a row, with the tensors of the state dict in its order.
REFERENCES = {
    "tiny_cnn": lambda: nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 4),
    ),
    "small_cnn": lambda: nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 128, 3, padding=1), nn.BatchNorm2d(128), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 4),
    ),
    "mlp": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 4)
    ),
}  # fmt: skip


def reference(name, weights):
    model = REFERENCES[name]()
    ours = model.state_dict()
    assert len(ours) == len(weights)
    model.load_state_dict({key: tensor.contiguous() for key, tensor in zip(ours, weights.values(), strict=True)})
    return model


def adamw(parameters, learning_rate, weight_decay):
    """AdamW (Loshchilov and Hutter 2019) written out; returns its step."""
    first = [torch.zeros_like(parameter) for parameter in parameters]
    second = [torch.zeros_like(parameter) for parameter in parameters]
    steps = 0

    def step():
        nonlocal steps
        steps += 1
        for parameter, mean, square in zip(parameters, first, second):
            mean.mul_(0.9).add_(0.1 * parameter.grad)
            square.mul_(0.999).add_(0.001 * parameter.grad**2)
            corrected = (mean / (1 - 0.9**steps)) / ((square / (1 - 0.999**steps)).sqrt() + 1e-8)
            parameter.data -= learning_rate * (weight_decay * parameter.data + corrected)

    return step


def sgd(parameters, learning_rate, weight_decay):
    def step():
        for parameter in parameters:
            parameter.data -= learning_rate * (parameter.grad + weight_decay * parameter.data)

    return step


def plain_loop(name, weights, dataset, steps, make_optimizer, learning_rate, weight_decay):
    """The loss of each step of a full-batch training, and the model."""
    images, labels = (torch.from_numpy(array) for array in read_part(dataset, "train"))
    model = reference(name, weights).train()
    step = make_optimizer(list(model.parameters()), learning_rate, weight_decay)
    losses = []
    for _ in range(steps):
        model.zero_grad()
        loss = functional.cross_entropy(model(images.float()), labels)
        loss.backward()
        step()
        losses.append(loss.item())
    return losses, model


@pytest.mark.parametrize(
    ("model", "kwargs", "optimizer", "make_optimizer"),
    [
        ("tiny_cnn", {}, "adamw", adamw),
        ("small_cnn", {"dropout": 0.0}, "adamw", adamw),
        ("mlp", {}, "adamw", adamw),
        ("tiny_cnn", {}, "sgd", sgd),
    ],
)
def test_full_batch_training_equals_a_plain_loop(tmp_path, dataset, model, kwargs, optimizer, make_optimizer):
    settings = {"model": model, "model_kwargs": kwargs, "optimizer": optimizer, "learning_rate": 3e-3}
    begun = start(tmp_path, dataset, **settings)
    _, checkpoint, history, _ = train_epochs(tmp_path, dataset, 1, 6, begun, **settings)
    weights = load_checkpoint(begun)["weights"][0]
    losses, trained = plain_loop(model, weights, dataset, 6, make_optimizer, 3e-3, SETTINGS.weight_decay)
    assert history["train_loss"] == pytest.approx(losses, rel=1e-4)
    assert losses[-1] < losses[0]
    images = torch.from_numpy(read_part(dataset, "eval")[0]).float()
    # In training mode: the gradient of a bias before a batch norm is only rounding, of which AdamW makes full steps.
    ours = reference(model, checkpoint["weights"][6]).train()
    torch.testing.assert_close(ours(images), trained.train()(images), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("name", "kwargs"), [("tiny_cnn", {}), ("small_cnn", {"dropout": 0.0})])
def test_history(tmp_path, dataset, name, kwargs):
    settings = {"model": name, "model_kwargs": kwargs}
    begun, before, history_of_start, _ = train_epochs(tmp_path, dataset, 0, 0, **settings)
    _, checkpoint, history, timing = train_epochs(tmp_path, dataset, 1, 3, begun, **settings)
    assert history["time"] == timing["time"] == [1, 2, 3]
    assert all(seconds > 0 for seconds in timing["seconds"])
    history = {column: history_of_start[column] + values for column, values in history.items()}
    assert history["time"] == [0, 1, 2, 3]
    assert len(set(history["eval_accuracy"])) > 1, "the accuracies change, so they say something"

    weights = before["weights"] | checkpoint["weights"]
    parts = {role: [torch.from_numpy(array) for array in read_part(dataset, role)] for role in ("train", "eval")}

    def network(epoch):
        return reference(name, weights[epoch]).double()

    def right(role, epoch):
        images, labels = parts[role]
        return network(epoch).eval()(images).argmax(1) == labels

    train_images, train_labels = parts["train"]
    assert math.isnan(history["train_loss"][0])
    for epoch in range(4):
        if epoch > 0:
            loss = functional.cross_entropy(network(epoch - 1).train()(train_images), train_labels)
            assert history["train_loss"][epoch] == pytest.approx(loss.item(), rel=1e-5)
        assert history["train_accuracy"][epoch] == pytest.approx(right("train", epoch).double().mean().item())
        eval_right = right("eval", epoch).double()
        assert history["eval_accuracy"][epoch] == pytest.approx(eval_right.mean().item())
        by_class = [eval_right[parts["eval"][1] == label].mean().item() for label in range(4)]
        assert history["class_accuracy"][epoch] == pytest.approx(by_class)


def test_a_class_without_eval_images_has_no_accuracy(tmp_path):
    dataset = write_dataset(tmp_path / "dataset.npz", eval_size=3)
    _, _, history, _ = train_epochs(tmp_path, dataset, 0, 0)
    assert [math.isnan(accuracy) for accuracy in history["class_accuracy"][0]] == [False, False, False, True]


def test_seed_and_kwargs_reach_the_network(tmp_path, dataset):
    def first_layer(folder, **changes):
        weights = load_checkpoint(start(tmp_path / folder, dataset, model="mlp", **changes))["weights"][0]
        return weights["fc1.weight"]

    base = first_layer("a")
    assert torch.equal(first_layer("b"), base)
    assert not torch.equal(first_layer("c", seed=18), base)
    with pytest.raises(UserError, match=r"model\.kwargs"):
        first_layer("d", model_kwargs={"depth": 3})


def test_threads_are_torchs(tmp_path, dataset):
    for threads in (2, 1):
        train_epochs(tmp_path, dataset, 0, 0, threads=threads)
        assert torch.get_num_threads() == threads


def test_a_gpu_where_there_is_none(tmp_path, dataset, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"^training\.device: cuda .* auto or cpu"):
        train_epochs(tmp_path, dataset, 0, 0, device="cuda")
    assert (
        choose_device("auto", key="training.device").type == choose_device("cpu", key="training.device").type == "cpu"
    )


def test_a_gpu_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert (
        choose_device("auto", key="training.device").type == choose_device("cuda", key="training.device").type == "cuda"
    )
    assert choose_device("cpu", key="training.device").type == "cpu"


@pytest.mark.parametrize(("batch_size", "epoch"), [(None, 2), (8, 1)])
def test_a_training_that_diverges(tmp_path, dataset, batch_size, epoch):
    settings = {"optimizer": "sgd", "learning_rate": 1e30, "batch_size": batch_size}
    begun = start(tmp_path, dataset, **settings)
    with pytest.raises(UserError, match=rf"at epoch {epoch} the loss is (nan|inf), with training.learning_rate 1e\+30"):
        train_epochs(tmp_path, dataset, 1, 4, begun, **settings)
