"""Too little memory, and a batch of one image, in a training."""

import pytest
import torch

from evolution.errors import UserError
from evolution.training.faults import lone_image_explained, memory_explained
from support.tiny_training import start, train_epochs

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("batch_size", [None, 16])
def test_a_gpu_without_enough_memory(batch_size):
    """The error that torch raises; test_loop_gpu.py has a real one."""
    with pytest.raises(UserError) as error, memory_explained(batch_size):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has 8 GiB.\nMore lines.")
    message = str(error.value)
    assert message.startswith("The GPU has too little memory for this training, which takes ")
    assert ("all training samples" if batch_size is None else "16 samples at once (CUDA out of memory.") in message
    for key in ("training.batch_size", "dataset.train_size", "model.name", "training.device to cpu"):
        assert key in message
    assert "\n" not in message


def test_a_machine_without_enough_memory():
    with pytest.raises(UserError, match="The machine has too little memory") as error, memory_explained(None):
        torch.empty(2**60, dtype=torch.uint8)
    assert "lower training.batch_size" in str(error.value)
    assert "cpu" not in str(error.value).split("One of these helps")[1]


def test_a_fault_that_says_nothing_of_itself():
    with pytest.raises(UserError, match=r"too little memory .* \(MemoryError\)"), memory_explained(None):
        raise MemoryError


def test_other_faults_keep_their_traceback():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), memory_explained(None):
        torch.zeros(2, 3) @ torch.zeros(2, 3)


NORMED = """
import math
from torch import nn

def normed(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), 8), nn.BatchNorm1d(8), nn.Linear(8, classes))
"""


def test_a_batch_of_one_image_and_batch_norm(tmp_path, dataset):
    (tmp_path / "normed.py").write_text(NORMED)
    model = f"{tmp_path / 'normed.py'}:normed"
    first = start(tmp_path, dataset, model=model)
    with pytest.raises(UserError, match=r"^training\.batch_size: 1 leaves a batch of a single sample.*train_size"):
        train_epochs(tmp_path, dataset, 1, 1, first, model=model, batch_size=1)


RECIPE = """
from torch.nn import functional

class Recipe:
    def __init__(self, model, classes):
        pass

    def loss(self, model, images, labels):
        return functional.cross_entropy(model(images), labels)
"""


def test_a_batch_of_one_image_in_a_recipe_of_the_users(tmp_path, dataset):
    (tmp_path / "normed.py").write_text(NORMED)
    (tmp_path / "recipe.py").write_text(RECIPE)
    settings = {"model": f"{tmp_path / 'normed.py'}:normed", "recipe": f"{tmp_path / 'recipe.py'}:Recipe"}
    first = start(tmp_path, dataset, **settings)
    with pytest.raises(UserError, match=r"^training\.batch_size: 1 leaves a batch of a single sample"):
        train_epochs(tmp_path, dataset, 1, 1, first, batch_size=1, **settings)


@pytest.mark.parametrize(("images", "text"), [(1, "another fault"), (2, "Expected more than 1 value per channel")])
def test_other_faults_of_a_step_stay_as_they_are(images, text):
    with pytest.raises(ValueError, match=text), lone_image_explained(images, 1):
        raise ValueError(text)
