import math
import random
import shutil

import numpy as np
import pytest
import torch
from tiny_dataset import read_part, write_dataset
from torch import nn
from torch.nn import functional

import snapshot
import train
from evolution import models
from evolution.checkpoints import load_checkpoint
from evolution.files import JobError

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = {
    "previous": None,
    "model_name": "tiny_cnn",
    "model_kwargs": {},
    "batch_size": None,
    "optimizer_name": "adamw",
    "learning_rate": 1e-2,
    "weight_decay": 1e-2,
    "device_name": "cpu",
    "threads": 1,
    "seed": 17,
    "kept_epochs": None,
}


def train_epochs(folder, dataset, first, last, previous=None, **changes):
    """Train epochs `first` to `last`; return the checkpoint's path and what train_span returned."""
    settings = SETTINGS | changes | {"previous": previous}
    result = train.train_span(dataset, epochs=range(first, last + 1), **settings)
    path = str(folder / f"{first}-{last}.pt")
    train.save_checkpoint(path, result[0])
    return path, *result


def start(folder, dataset, **changes):
    """The checkpoint of epoch 0."""
    folder.mkdir(exist_ok=True)
    return train_epochs(folder, dataset, 0, 0, **changes)[0]


# The networks without a trick: standard layers in a row, the state dict's tensors in its order.
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
    """Full-batch training; the loss of each step and the model."""
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
    settings = {"model_name": model, "model_kwargs": kwargs, "optimizer_name": optimizer, "learning_rate": 3e-3}
    begun = start(tmp_path, dataset, **settings)
    _, checkpoint, history, _ = train_epochs(tmp_path, dataset, 1, 6, begun, **settings)
    weights = load_checkpoint(begun)["weights"][0]
    losses, trained = plain_loop(model, weights, dataset, 6, make_optimizer, 3e-3, SETTINGS["weight_decay"])
    assert history["train_loss"] == pytest.approx(losses, rel=1e-4)
    assert losses[-1] < losses[0]
    images = torch.from_numpy(read_part(dataset, "eval")[0]).float()
    # In training mode: the bias before a batch norm has no gradient but rounding, which AdamW makes full steps of.
    ours = reference(model, checkpoint["weights"][6]).train()
    torch.testing.assert_close(ours(images), trained.train()(images), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_training_cut_in_two_gives_the_same_bits(tmp_path, dataset, optimizer, batch_size):
    # small_cnn has everything that carries state from step to step: dropout, batch norm, and the optimizer's.
    settings = {"model_name": "small_cnn", "optimizer_name": optimizer, "batch_size": batch_size}
    begun = start(tmp_path, dataset, **settings)
    _, whole, whole_history, _ = train_epochs(tmp_path, dataset, 1, 4, begun, **settings)
    middle, first, first_history, _ = train_epochs(tmp_path, dataset, 1, 2, begun, **settings)
    torch.rand(7)
    _, second, second_history, _ = train_epochs(tmp_path, dataset, 3, 4, middle, **settings)
    parts = first["weights"] | second["weights"]
    assert list(parts) == list(whole["weights"]) == [1, 2, 3, 4]
    for epoch, weights in whole["weights"].items():
        for name, tensor in weights.items():
            assert torch.equal(parts[epoch][name], tensor), (epoch, name)
    for name, column in whole_history.items():
        assert first_history[name] + second_history[name] == column
    assert second["optimizer"]["param_groups"] == whole["optimizer"]["param_groups"]
    torch.testing.assert_close(second["optimizer"]["state"], whole["optimizer"]["state"], rtol=0, atol=0)


def test_going_on_leaves_the_checkpoint_before_as_it_is(tmp_path, dataset):
    begun, *_ = train_epochs(tmp_path, dataset, 1, 1, start(tmp_path, dataset))
    before = (tmp_path / "1-1.pt").read_bytes()
    train_epochs(tmp_path, dataset, 2, 3, begun)
    assert (tmp_path / "1-1.pt").read_bytes() == before


@pytest.mark.parametrize(("name", "kwargs"), [("tiny_cnn", {}), ("small_cnn", {"dropout": 0.0})])
def test_history(tmp_path, dataset, name, kwargs):
    settings = {"model_name": name, "model_kwargs": kwargs}
    begun, before, history_of_start, _ = train_epochs(tmp_path, dataset, 0, 0, **settings)
    _, checkpoint, history, timing = train_epochs(tmp_path, dataset, 1, 3, begun, **settings)
    assert history["epoch"] == timing["epoch"] == [1, 2, 3]
    assert all(seconds > 0 for seconds in timing["seconds"])
    history = {column: history_of_start[column] + values for column, values in history.items()}
    assert history["epoch"] == [0, 1, 2, 3]
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


class Recorder(nn.Module):
    """A linear model that remembers the images of each training step."""

    def __init__(self):
        super().__init__()
        self.linear, self.seen = nn.Linear(1, 3), []

    def forward(self, images):
        assert self.training
        self.seen.append(images.flatten().tolist())
        return self.linear(images)


@pytest.mark.parametrize(
    ("batch_size", "sizes"), [(None, [20]), (20, [20]), (100, [20]), (8, [8, 8, 4]), (19, [19, 1]), (1, [1] * 20)]
)
def test_an_epoch_shows_every_image_once(batch_size, sizes):
    images, labels = torch.arange(20.0)[:, None], torch.arange(20) % 3
    orders = {}
    for epoch, seed in ((1, 0), (2, 0), (1, 1), (1, 0)):
        model = Recorder().eval()
        still = torch.optim.SGD(model.parameters(), lr=0)
        loss = train.train_epoch(model, still, images, labels, batch_size, seed, epoch)
        assert [len(batch) for batch in model.seen] == sizes
        order = [image for batch in model.seen for image in batch]
        assert sorted(order) == list(range(20))
        assert orders.setdefault((epoch, seed), order) == order, "the same epoch and seed, the same order"
        assert loss == pytest.approx(functional.cross_entropy(model.linear(images), labels).item(), rel=1e-5)
    assert len(set(map(tuple, orders.values()))) == (1 if len(sizes) == 1 else 3)


def test_dropout_draws_anew_each_epoch():
    class Dropping(Recorder):
        def forward(self, images):
            return self.linear(super().forward(nn.functional.dropout(images, 0.5))[:, :1])

    drawn = {}
    for epoch, seed in ((1, 0), (2, 0), (1, 1), (1, 0)):
        model = Dropping()
        train.train_epoch(
            model,
            torch.optim.SGD(model.parameters(), lr=0),
            torch.ones(50, 1),
            torch.zeros(50).long(),
            None,
            seed,
            epoch,
        )
        assert drawn.setdefault((epoch, seed), model.seen) == model.seen
    assert len({str(seen) for seen in drawn.values()}) == 3


def test_predict_in_chunks(monkeypatch):
    monkeypatch.setitem(train.EVALUATION_CHUNK, "cpu", 7)
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.9))
    images = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    assert train.predict(model, images).tolist() == model[0](images).argmax(1).tolist()


def test_kept_epochs(tmp_path, dataset):
    begun = start(tmp_path, dataset)
    path, some, *_ = train_epochs(tmp_path, dataset, 1, 4, begun, kept_epochs=[2])
    assert list(some["weights"]) == [2, 4], "and the last, which the next span starts from"
    _, every, *_ = train_epochs(tmp_path, dataset, 1, 4, begun)
    for epoch in (2, 4):
        assert all(
            torch.equal(some["weights"][epoch][name], every["weights"][epoch][name]) for name in every["weights"][4]
        )
    assert load_checkpoint(path)["epoch"] == 4


def test_seed_and_kwargs_reach_the_network(tmp_path, dataset):
    def first_layer(folder, **changes):
        weights = load_checkpoint(start(tmp_path / folder, dataset, model_name="mlp", **changes))["weights"][0]
        return weights["fc1.weight"]

    base = first_layer("a")
    assert torch.equal(first_layer("b"), base)
    assert not torch.equal(first_layer("c", seed=18), base)
    with pytest.raises(JobError, match=r"model\.kwargs"):
        first_layer("d", model_kwargs={"depth": 3})


def test_threads_are_torchs(tmp_path, dataset):
    for threads in (2, 1):
        train_epochs(tmp_path, dataset, 0, 0, threads=threads)
        assert torch.get_num_threads() == threads


@pytest.mark.parametrize(("batch_size", "epoch"), [(None, 2), (8, 1)])
def test_a_training_that_diverges(tmp_path, dataset, batch_size, epoch):
    settings = {"optimizer_name": "sgd", "learning_rate": 1e30, "batch_size": batch_size}
    begun = start(tmp_path, dataset, **settings)
    with pytest.raises(JobError, match=rf"at epoch {epoch} the loss is (nan|inf), with training.learning_rate 1e\+30"):
        train_epochs(tmp_path, dataset, 1, 4, begun, **settings)


def test_a_gpu_where_there_is_none(tmp_path, dataset, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(JobError, match=r"training\.device: cuda .* auto or cpu"):
        train_epochs(tmp_path, dataset, 0, 0, device_name="cuda")
    assert train.choose_device("auto").type == train.choose_device("cpu").type == "cpu"


def test_a_gpu_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert train.choose_device("auto").type == train.choose_device("cuda").type == "cuda"
    assert train.choose_device("cpu").type == "cpu"


def test_checkpoints_are_plain_data_and_the_same_bytes(tmp_path, dataset):
    files = []
    for folder, name in (("a", "0001.pt"), ("b", "another name.ckpt")):
        path, *_ = train_epochs(tmp_path, dataset, 1, 2, start(tmp_path / folder, dataset))
        files.append(shutil.copy(path, tmp_path / folder / name))
    assert (tmp_path / "a" / "0001.pt").read_bytes() == (tmp_path / "b" / "another name.ckpt").read_bytes()
    checkpoint = train.train_span(dataset, epochs=range(1), **SETTINGS)[0]
    for name in ("x.pt", "yy.bin"):
        train.save_checkpoint(str(tmp_path / name), checkpoint)
    assert (tmp_path / "x.pt").read_bytes() == (tmp_path / "yy.bin").read_bytes()
    for path in files:
        loaded = torch.load(path, weights_only=True)
        assert set(loaded) == {"weights", "optimizer", "epoch"}
        assert list(loaded["weights"]) == [1, 2] and loaded["epoch"] == 2


def test_going_on_from_a_damaged_checkpoint(tmp_path, dataset):
    begun = start(tmp_path, dataset)
    np.save(tmp_path / "array.npy", np.ones(3))
    shutil.move(tmp_path / "array.npy", begun)
    with pytest.raises(JobError, match=r"0-0\.pt is damaged"):
        train_epochs(tmp_path, dataset, 1, 1, begun)


@pytest.mark.parametrize("batch_size", [None, 16])
def test_a_gpu_without_enough_memory(tmp_path, dataset, monkeypatch, batch_size):
    """The error that torch raises, raised where it comes up; a real one needs a GPU, see below."""

    def fails(*args):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has 8 GiB.\nMore lines.")

    begun = start(tmp_path, dataset)
    monkeypatch.setattr(train.functional, "cross_entropy", fails)
    with pytest.raises(JobError) as error, train.memory_explained(batch_size):
        train_epochs(tmp_path, dataset, 1, 1, begun, batch_size=batch_size)
    message = str(error.value)
    assert message.startswith("The GPU has too little memory for this training, which takes ")
    assert ("all training images" if batch_size is None else "16 images at once (CUDA out of memory.") in message
    for key in ("training.batch_size", "dataset.train_size", "model.name", "training.device to cpu"):
        assert key in message
    assert "\n" not in message


def test_a_machine_without_enough_memory():
    with pytest.raises(JobError, match="The machine has too little memory") as error, train.memory_explained(None):
        torch.empty(2**60, dtype=torch.uint8)
    assert "lower training.batch_size" in str(error.value)
    assert "cpu" not in str(error.value).split("One of these helps")[1]


def test_a_fault_that_says_nothing_of_itself():
    with pytest.raises(JobError, match=r"too little memory .* \(MemoryError\)"), train.memory_explained(None):
        raise MemoryError


def test_other_faults_keep_their_traceback():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), train.memory_explained(None):
        torch.zeros(2, 3) @ torch.zeros(2, 3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_real_gpu_without_enough_memory():
    with pytest.raises(JobError, match="The GPU has too little memory"), train.memory_explained(None):
        torch.empty(2 * torch.cuda.mem_get_info()[1], dtype=torch.uint8, device="cuda")


class DrawsBesidesItsWeights(nn.Module):
    """Random features that are in no state dict, from each generator that a user may draw from."""

    def __init__(self, shape, classes):
        super().__init__()
        self.features = torch.randn(math.prod(shape), 30)
        self.shift = torch.from_numpy(np.random.rand(30).astype(np.float32)) + random.random()
        self.read = nn.Linear(30, classes)

    def forward(self, x):
        return self.read(torch.relu(x.flatten(1) @ self.features + self.shift))


def test_snapshots_see_the_network_that_was_trained(tmp_path, dataset, monkeypatch):
    # What no state dict holds must be drawn alike by each training link and by the snapshot.
    monkeypatch.setitem(models.MODELS, "random_features", DrawsBesidesItsWeights)
    first = start(tmp_path, dataset, model_name="random_features")
    middle, *_ = train_epochs(tmp_path, dataset, 1, 2, first, model_name="random_features")
    last, _, history, _ = train_epochs(tmp_path, dataset, 3, 4, middle, model_name="random_features")
    _, _, uncut, _ = train_epochs(tmp_path, dataset, 1, 4, first, model_name="random_features")
    assert uncut["train_loss"][2:] == history["train_loss"]
    predictions = snapshot.snapshot_span(
        dataset, [last], [4], ["read"], "random_features", {}, SETTINGS["seed"], False, lambda *_: None
    )
    with np.load(dataset) as data:
        right = (predictions["predicted"] == data["eval_labels"]).mean()
    assert right == history["eval_accuracy"][-1]


def test_a_batch_of_one_image_and_batch_norm(tmp_path, dataset, monkeypatch):
    monkeypatch.setitem(models.MODELS, "normed", lambda shape, classes: nn.Sequential(
        nn.Flatten(), nn.Linear(math.prod(shape), 8), nn.BatchNorm1d(8), nn.Linear(8, classes)))  # fmt: skip
    first = start(tmp_path, dataset, model_name="normed")
    with pytest.raises(JobError, match=r"training\.batch_size: 1 leaves a batch of a single image.*train_size"):
        train_epochs(tmp_path, dataset, 1, 1, first, model_name="normed", batch_size=1)
