"""What the tests of measures share."""

import pytest


@pytest.fixture(params=["numpy", "torch"])
def device(request, monkeypatch):
    """Where to measure: None for NumPy, or torch's CPU, on which code runs as on a GPU."""
    if request.param == "numpy":
        return None
    import torch

    refuse_numpy_on_tensors(monkeypatch)
    return torch.device("cpu")


def refuse_numpy_on_tensors(monkeypatch):
    """Let NumPy refuse torch's arrays, as it does those of a GPU: those of the CPU it would take without a word."""
    import torch

    def refuse(*_):
        raise TypeError("can't convert a tensor to numpy: copy it to the host first")

    monkeypatch.setattr(torch.Tensor, "__array__", refuse)
