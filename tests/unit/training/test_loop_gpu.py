"""Training on a GPU, where there is one."""

import warnings

import pytest
import torch

from evolution.errors import UserError
from evolution.models.device import choose_device
from evolution.training.faults import memory_explained
from support.tiny_training import assert_same_bits_when_cut, start, train_epochs

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use")


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_training_cut_in_two_gives_the_same_bits(tmp_path, dataset, optimizer, batch_size):
    assert_same_bits_when_cut(tmp_path, dataset, optimizer=optimizer, batch_size=batch_size, device="cuda")


def test_checkpoints_are_the_same_bytes_and_need_no_gpu(tmp_path, dataset):
    files = []
    for folder in ("a", "b"):
        begun = start(tmp_path / folder, dataset, device="cuda")
        path, *_ = train_epochs(tmp_path / folder, dataset, 1, 3, begun, device="cuda")
        with open(path, "rb") as file:
            files.append(file.read())
    assert files[0] == files[1]
    loaded = torch.load(path, weights_only=True)
    tensors = [tensor for weights in loaded["weights"].values() for tensor in weights.values()]
    tensors += [tensor for state in loaded["state"]["optimizer"]["state"].values() for tensor in state.values()]
    assert {tensor.device.type for tensor in tensors} == {"cpu"}


@pytest.mark.parametrize("batch_size", [None, 16])
def test_losses_are_those_of_a_cpu(tmp_path, dataset, monkeypatch, batch_size):
    # Without this a GPU's convolutions round to 10 bits. Dropout is off, since its draws depend on the device.
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    settings = {"model": "small_cnn", "model_kwargs": {"dropout": 0.0}, "batch_size": batch_size}
    settings |= {"learning_rate": 1e-3}
    begun = start(tmp_path, dataset, **settings)
    losses = [
        train_epochs(tmp_path, dataset, 1, 5, begun, device=device, **settings)[2]["train_loss"]
        for device in ("cpu", "cuda")
    ]
    assert losses[1] == pytest.approx(losses[0], abs=1e-3)


def test_steps_do_not_wait_for_the_gpu(tmp_path, dataset):
    begun = start(tmp_path, dataset)
    waits = []
    for batch_size in (None, 4):
        train_epochs(tmp_path, dataset, 1, 1, begun, batch_size=batch_size, device="cuda")
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
            try:
                train_epochs(tmp_path, dataset, 1, 1, begun, batch_size=batch_size, device="cuda")
            finally:
                torch.cuda.set_sync_debug_mode("default")
        waits.append(sum("synchronizing" in str(warning.message) for warning in found))
    # One for the order of the images.
    assert 0 < waits[0] <= waits[1] <= waits[0] + 1


def test_a_real_gpu_without_enough_memory():
    with pytest.raises(UserError, match="The GPU has too little memory"), memory_explained(None):
        torch.empty(2 * torch.cuda.mem_get_info()[1], dtype=torch.uint8, device="cuda")


def test_auto_takes_the_gpu():
    assert choose_device("auto", key="training.device").type == "cuda"
