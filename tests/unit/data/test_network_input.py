"""The images of a dataset.npz as the network gets them, against the same computed apart."""

import numpy as np
import pytest

from evolution.data.network_input import load_part, network_input
from support.tiny_dataset import read_part


@pytest.mark.parametrize(("role", "size"), [("train", 40), ("eval", 24)])
def test_parts_of_a_dataset(dataset, role, size):
    images, labels, classes = load_part(dataset, role)
    expected, expected_labels = read_part(dataset, role)
    assert images.shape == (size, 1, 8, 8) and images.dtype == np.float32
    np.testing.assert_allclose(images, expected, atol=1e-5)
    np.testing.assert_array_equal(labels, expected_labels)
    assert classes == 4


def test_each_channel_has_its_own_scale():
    images = np.full((2, 3, 2, 2), 255, np.uint8)
    scaled = network_input(images, np.float32([0, 0.5, 1]), np.float32([1, 0.25, 0.5]))
    np.testing.assert_array_equal(scaled[:, :, 0, 0], [[1, 2, 0]] * 2)
    assert scaled.dtype == np.float32
