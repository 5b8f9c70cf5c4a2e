"""What the tests of measures share."""

import pytest


@pytest.fixture(params=["numpy", "torch"])
def device(request):
    """Where to measure: None for NumPy, or torch's CPU, on which code runs as on a GPU."""
    if request.param == "numpy":
        return None
    import torch

    return torch.device("cpu")
