"""What the unit tests share."""

import urllib.error
import urllib.request

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from support.tiny_dataset import write_dataset


@pytest.fixture
def one_thread():
    """One thread for NumPy, scikit-learn and torch, as most jobs have: on a busy machine two wait for each other."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def dataset(tmp_path):
    """Path of a dataset.npz: 40 training and 24 eval images of 1 x 8 x 8 pixels, 4 classes."""
    return write_dataset(tmp_path / "dataset.npz")


@pytest.fixture
def features():
    """200 digits seen through a random ReLU layer of 600 units: float32 (200, 600), and their labels."""
    from sklearn.datasets import load_digits

    random = np.random.default_rng(0)
    pixels, labels = load_digits(return_X_y=True)
    weights = random.normal(size=(64, 600)) / 8
    return np.maximum(pixels[:200] @ weights + random.normal(size=600), 0).astype(np.float32), labels[:200]


@pytest.fixture
def no_network(monkeypatch):
    """Every download fails as on a machine without a network."""

    def urlopen(*args, **kwargs):
        raise urllib.error.URLError("Network is unreachable")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
