"""What the unit tests share."""

import urllib.error
import urllib.request

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from evolution.data import image_folder
from support.tiny_dataset import write_dataset


@pytest.fixture
def one_thread():
    """One thread for NumPy, scikit-learn and torch, as most jobs have: with two, a busy machine makes both wait."""
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
    def urlopen(*args, **kwargs):
        raise urllib.error.URLError("Network is unreachable")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)


@pytest.fixture
def nothing_remembered():
    """Listings are kept for a process; here folders change within one."""

    for remembered in (image_folder.folder_contents, image_folder.folder_shape, image_folder.folder_digest):
        remembered.cache_clear()
