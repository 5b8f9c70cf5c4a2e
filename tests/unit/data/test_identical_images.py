"""Images that are the same, against a comparison of all with all."""

import numpy as np
import pytest

from evolution.data.identical_images import identical_images, many_copies
from support.own_files import noise


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 5), (1, 1, 1), (1, 3, 5), (3, 8, 8), (1, 1, 7)])
def test_numbers_are_the_same_where_pixels_are(shape):
    images = noise(60, *shape)
    images[[3, 40]] = images[7]
    images[59] = images[58]
    images[20] = images[21]
    images[20].flat[-1] ^= 1
    (numbers,) = identical_images(images)
    same = (images[:, None] == images[None]).reshape(60, 60, -1).all(axis=2)
    np.testing.assert_array_equal(numbers[:, None] == numbers[None], same)


def test_images_of_equal_sums_are_compared():
    """All images of two bytes."""
    images = np.stack(np.meshgrid(np.arange(256), np.arange(256)), axis=-1).reshape(-1, 1, 1, 2).astype(np.uint8)
    assert len(np.unique(identical_images(images)[0])) == 256**2
    first, second = identical_images(images, images[::-1])
    np.testing.assert_array_equal(first, second[::-1])


def test_strided_images():
    images = noise(20, 8, 8, 3).transpose(0, 3, 1, 2)
    assert len(set(identical_images(images)[0])) == 20
    assert len(set(identical_images(np.broadcast_to(images[:1], (5, 3, 8, 8)))[0])) == 1


def test_parts_share_their_numbers():
    first, second = noise(20, 3, 8, 8), noise(9, 3, 8, 8, seed=1)
    second[4], second[7] = first[11], second[2]
    one, other = identical_images(first, second)
    assert (len(one), len(other)) == (20, 9)
    assert one[11] == other[4] and other[7] == other[2]
    assert len({*one.tolist(), *other.tolist()}) == 20 + 9 - 2


def test_many_copies_are_said():
    numbers = np.array([7, 3, 5, 5, 8, 5, *range(10, 24)])
    assert list(many_copies(numbers[:2], str, "rows")) == [], "no copies"
    assert list(many_copies(numbers, str, "rows")) == [], "a tenth"
    assert list(many_copies(numbers[:-1], "rows[{}]".format, "rows", alike=", value for value")) == [
        "The 19 training rows are only 17 different ones, value for value; one is there 3 times (as rows[2])."
    ]
