"""Training that cannot go on: a loss that diverges, no GPU, too little memory, a batch of one image."""

import math

import pytest
import torch
from torch import nn

import train
from evolution.errors import UserError
from evolution.models import networks
from evolution.training import loop
from support.tiny_training import start, train_epochs

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(("batch_size", "epoch"), [(None, 2), (8, 1)])
def test_a_training_that_diverges(tmp_path, dataset, batch_size, epoch):
    settings = {"optimizer_name": "sgd", "learning_rate": 1e30, "batch_size": batch_size}
    begun = start(tmp_path, dataset, **settings)
    with pytest.raises(UserError, match=rf"at epoch {epoch} the loss is (nan|inf), with training.learning_rate 1e\+30"):
        train_epochs(tmp_path, dataset, 1, 4, begun, **settings)


def test_a_gpu_where_there_is_none(tmp_path, dataset, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"training\.device: cuda .* auto or cpu"):
        train_epochs(tmp_path, dataset, 0, 0, device_name="cuda")
    assert loop.choose_device("auto").type == loop.choose_device("cpu").type == "cpu"


def test_a_gpu_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert loop.choose_device("auto").type == loop.choose_device("cuda").type == "cuda"
    assert loop.choose_device("cpu").type == "cpu"


@pytest.mark.parametrize("batch_size", [None, 16])
def test_a_gpu_without_enough_memory(tmp_path, dataset, monkeypatch, batch_size):
    """The error that torch raises, raised where it comes up; a real one needs a GPU, see test_train_gpu.py."""

    def fails(*args):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has 8 GiB.\nMore lines.")

    begun = start(tmp_path, dataset)
    monkeypatch.setattr(train.functional, "cross_entropy", fails)
    with pytest.raises(UserError) as error, loop.memory_explained(batch_size):
        train_epochs(tmp_path, dataset, 1, 1, begun, batch_size=batch_size)
    message = str(error.value)
    assert message.startswith("The GPU has too little memory for this training, which takes ")
    assert ("all training images" if batch_size is None else "16 images at once (CUDA out of memory.") in message
    for key in ("training.batch_size", "dataset.train_size", "model.name", "training.device to cpu"):
        assert key in message
    assert "\n" not in message


def test_a_machine_without_enough_memory():
    with pytest.raises(UserError, match="The machine has too little memory") as error, loop.memory_explained(None):
        torch.empty(2**60, dtype=torch.uint8)
    assert "lower training.batch_size" in str(error.value)
    assert "cpu" not in str(error.value).split("One of these helps")[1]


def test_a_fault_that_says_nothing_of_itself():
    with pytest.raises(UserError, match=r"too little memory .* \(MemoryError\)"), loop.memory_explained(None):
        raise MemoryError


def test_other_faults_keep_their_traceback():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), loop.memory_explained(None):
        torch.zeros(2, 3) @ torch.zeros(2, 3)


def test_a_batch_of_one_image_and_batch_norm(tmp_path, dataset, monkeypatch):
    monkeypatch.setitem(networks.NETWORKS, "normed", lambda shape, classes: nn.Sequential(
        nn.Flatten(), nn.Linear(math.prod(shape), 8), nn.BatchNorm1d(8), nn.Linear(8, classes)))  # fmt: skip
    first = start(tmp_path, dataset, model_name="normed")
    with pytest.raises(UserError, match=r"training\.batch_size: 1 leaves a batch of a single image.*train_size"):
        train_epochs(tmp_path, dataset, 1, 1, first, model_name="normed", batch_size=1)
