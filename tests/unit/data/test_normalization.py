"""What images are normalised by: their own statistics by NumPy, none, or given numbers."""

import logging

import numpy as np
import pytest

from evolution.data.normalization import normalization, standardization
from evolution.errors import DataError
from support.own_files import noise

IMAGES = noise(20, 3, 6, 5) // np.array([1, 2, 3], np.uint8)[:, None, None]


def test_the_images_own_statistics():
    mean, std = normalization("auto", IMAGES)
    np.testing.assert_allclose(mean, (IMAGES / 255).mean(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(std, (IMAGES / 255).std(axis=(0, 2, 3)), rtol=1e-6)
    assert mean.dtype == std.dtype == np.float32


@pytest.mark.parametrize(
    ("normalize", "mean", "std"),
    [
        ("none", [0, 0, 0], [1, 1, 1]),
        ({"mean": 0.5, "std": 0.25}, [0.5] * 3, [0.25] * 3),
        ({"mean": [0.1, 0.2, 0.3], "std": 1}, [0.1, 0.2, 0.3], [1, 1, 1]),
        ({"mean": 0, "std": [0.25, 0.5, 1.0]}, [0, 0, 0], [0.25, 0.5, 1]),
    ],
)
def test_given_numbers(normalize, mean, std, caplog):
    with caplog.at_level(logging.INFO, logger="evolution"):
        found = normalization(normalize, IMAGES)
    np.testing.assert_array_equal(found, np.float32([mean, std]))
    assert found[0].dtype == found[1].dtype == np.float32
    assert "(dataset.normalize)" in caplog.text and "train pixels in [0, 1]: mean" in caplog.text


@pytest.mark.parametrize(
    ("normalize", "images", "said"),
    [
        ({"mean": [0.1, 0.2], "std": 1}, IMAGES, "mean: [0.1, 0.2] has 2 numbers, and the images have 3 channels"),
        ({"mean": 0, "std": [1, 1, 1]}, IMAGES[:, :1], "std: [1, 1, 1] has 3 numbers, and the images have 1 channel;"),
    ],
)
def test_a_list_of_another_length_than_the_channels(normalize, images, said):
    with pytest.raises(DataError) as error:
        normalization(normalize, images)
    assert str(error.value).startswith(f"dataset.normalize.{said}")


def test_rows_and_signals_by_their_columns_and_channels(caplog):
    random = np.random.default_rng(0)
    rows, signals = random.normal(3, 2, (50, 4)), random.normal(3, 2, (50, 4, 7))
    rows[:, 1] = 0.1
    with caplog.at_level(logging.INFO, logger="evolution"):
        mean, std = standardization("auto", rows, of="column")
    np.testing.assert_allclose(mean, rows.mean(axis=0))
    np.testing.assert_allclose(std[[0, 2, 3]], rows.std(axis=0)[[0, 2, 3]])
    assert mean[1] == 0.1 and std[1] == 1 and caplog.messages == ["each column standardised by the training samples"]
    mean, std = standardization("auto", signals, of="channel")
    np.testing.assert_allclose(mean, signals.mean(axis=(0, 2)))
    np.testing.assert_allclose(std, signals.std(axis=(0, 2)))
    for given, expected in (("none", ([0] * 4, [1] * 4)), ({"mean": 3, "std": [1, 2, 3, 4]}, ([3] * 4, [1, 2, 3, 4]))):
        found = standardization(given, rows, of="column")
        assert [each.tolist() for each in found] == list(expected)
    with pytest.raises(
        DataError, match="has 2 numbers, and the samples have 4 columns; give one number, or one for each"
    ):
        standardization({"mean": [1, 2], "std": 1}, rows, of="column")
