"""The device that a network runs on."""

import pytest
import torch

from evolution.errors import UserError
from evolution.models.device import choose_device, device_said, exact_on_gpu, lacks_memory


@pytest.mark.parametrize("there", [False, True])
def test_devices(monkeypatch, there):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert choose_device("cpu", key="activations.device").type == "cpu"
    assert choose_device("auto", key="activations.device").type == ("cuda" if there else "cpu")
    if there:
        assert choose_device("cuda", key="activations.device").type == "cuda"
    else:
        with pytest.raises(UserError, match=r"^activations\.device: cuda was asked for"):
            choose_device("cuda", key="activations.device")


def test_the_log_says_why_it_is_the_cpu():
    """Where the config says cpu, that is why; None is the CPU without torch."""
    assert [device_said("auto", device) for device in (torch.device("cpu"), None)] == [
        "cpu, as torch finds no usable GPU here"
    ] * 2
    assert device_said("cpu", torch.device("cpu")) == device_said("cpu", None) == "cpu"
    assert device_said("auto", torch.device("cuda")) == "cuda"


def test_exact_on_gpu():
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.allow_tf32
    try:
        exact_on_gpu()
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]


def test_memory_that_runs_out():
    for error in (MemoryError(), torch.OutOfMemoryError("CUDA out of memory.")):
        assert lacks_memory(error)
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**60)
    assert lacks_memory(raised.value)
    assert not lacks_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
