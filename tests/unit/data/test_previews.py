"""What a person looks at in place of a sample."""

import numpy as np
import pytest
from PIL import Image

from evolution.data.previews import LARGEST, TILE, previews_of, tile
from evolution.errors import DataError

NAMES = ["a", "b"]


def made(previews, first=None):
    first = np.zeros((2, 3), np.float32) if first is None else first
    return previews_of(previews, first_input=first, names=NAMES, where="data.py:f")


@pytest.mark.parametrize("channels", [1, 3])
def test_images_that_the_network_sees_are_stretched(channels):
    first = np.random.default_rng(0).normal(size=(2, channels, 6, 5)).astype(np.float32)
    found = made(None, first)
    expected = (first - first.min()) / (first.max() - first.min()) * 255
    assert found.shape == first.shape and found.dtype == np.uint8
    assert np.abs(found - expected).max() <= 0.5 + 1e-3


def test_other_samples_are_a_tile_with_their_name():
    found = made(None)
    assert found.shape == (2, 1, TILE, TILE)
    np.testing.assert_array_equal(found[1, 0], np.asarray(tile("b")))
    assert (found[0] != found[1]).any() and found.min() < 100 and np.median(found) == 255


@pytest.mark.parametrize("shape", [(6, 5), (1, 6, 5), (6, 5, 1)])
def test_grey_images(shape):
    images = [np.full(shape, value, np.uint8) for value in (7, 200)]
    np.testing.assert_array_equal(made(images), np.stack([np.full((1, 6, 5), value) for value in (7, 200)]))


@pytest.mark.parametrize("axis", [0, 2])
def test_colour_images_and_floats(axis):
    image = np.random.default_rng(0).random((3, 6, 5))
    given = image if axis == 0 else image.transpose(1, 2, 0)
    np.testing.assert_array_equal(made([given, given])[0], np.rint(image * 255))


def test_images_of_pillow_texts_and_large_ones():
    large = Image.new("RGBA", (200, 100), (255, 0, 0, 255))
    found = made([large, "some text that is longer than a line and goes on for many lines " * 3])
    assert found.shape == (2, 3, LARGEST // 2, LARGEST)
    assert found[0, 0].min() == 255 and found[0, 1].max() == 0


@pytest.mark.parametrize(
    ("preview", "said"),
    [
        (np.zeros(5), r"is \(5,\); it is an image"),
        (np.full((4, 4), 1.5), "outside 0 to 1"),
        (np.zeros((4, 4, 2)), "is an"),
    ],
)
def test_what_is_no_preview(preview, said):
    with pytest.raises(DataError, match=rf"preview of a .*{said}"):
        made([preview, preview])
