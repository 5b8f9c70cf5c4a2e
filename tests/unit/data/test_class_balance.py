"""How images are shared among classes."""

import pytest

from evolution.data.class_balance import images_per_class, most_to_train_on


@pytest.mark.parametrize(("size", "classes", "expected"), [(10, 5, [2] * 5), (11, 3, [4, 4, 3]), (2, 3, [1, 1, 0])])
def test_images_per_class(size, classes, expected):
    assert images_per_class(size, classes) == expected


@pytest.mark.parametrize("size", range(23))
def test_all_images_are_shared_and_no_class_has_two_more_than_another(size):
    counts = images_per_class(size, 7)
    assert sum(counts) == size and max(counts) - min(counts) <= 1
    assert counts == sorted(counts, reverse=True), "the first classes get the images that are left over"


def test_what_is_left_to_train_on():
    assert most_to_train_on((10, 12), None, 6) == 14  # 3 of each are evaluated on
    assert most_to_train_on((10, 12), None, 7) == 12  # 4 and 3
    assert most_to_train_on((10, 12), (5, 5), 6) == 20
    assert most_to_train_on((50,), None, 30) == 20
    assert most_to_train_on((10, 12), None, 24) == 0
