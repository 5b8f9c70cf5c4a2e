"""Evaluations that repeat themselves, and those that do not."""

import numpy as np
import pytest
from torch import nn

from evolution.errors import ModelError
from evolution.models.repeatability import check_repeatable, equal_but_for_rounding, few_of


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(8, 30)).astype(np.float32)


@pytest.mark.parametrize(("moved", "equal"), [(0, True), (1e-7, True), (1e-3, True), (0.5, False)])
def test_a_difference_counts_by_the_range_of_the_values(rows, moved, equal):
    for scale in (1e-20, 1, 1e20):
        other = rows * np.float32(scale)
        one = other.copy()
        one[3, 4] += moved * scale
        assert equal_but_for_rounding(one, other, 0.03) == equal
        assert equal_but_for_rounding(one, other, 1e-5) == (moved < 1e-5)


def test_large_values_that_are_close_to_each_other(rows):
    """float32 has 24 bits: sums near 1000 round by some 1e-4 of what is left of them."""
    offset = np.float32(1000) + np.float32(1e-3) * rows
    assert equal_but_for_rounding(np.nextafter(offset, np.float32(0)), offset, 0.03)
    assert not equal_but_for_rounding(offset + 1, offset, 0.03)


def test_values_that_are_not_finite(rows):
    """They must be in the same places."""
    one, other = rows.copy(), rows.copy()
    other[0], other[1] = np.nan, np.inf
    assert not equal_but_for_rounding(one, other, 0.03) and not equal_but_for_rounding(other, one, 0.03)
    one[0], one[1] = np.nan, np.inf
    assert equal_but_for_rounding(one, other, 0.03)
    assert equal_but_for_rounding(np.full_like(rows, np.nan), np.full_like(rows, np.nan), 0.03)
    assert equal_but_for_rounding(np.zeros_like(rows), np.zeros_like(rows), 0.03)


@pytest.mark.parametrize(("images", "few"), [(1000, 8), (16, 8), (10, 5), (3, 1), (1, 1)])
def test_the_images_that_pass_alone(images, few):
    """Different ones, in reverse order, so that none has a neighbour that it has among all in the same place."""
    chosen = few_of(images).tolist()
    assert len(set(chosen)) == few and chosen == sorted(chosen, reverse=True) and set(chosen) <= set(range(images))


def test_the_message_names_the_layer_and_the_cause(rows):
    same = {"hidden": rows, "": rows[:, :3]}
    noisy = same | {"hidden": rows + 0.1}
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3, track_running_stats=False))
    check_repeatable(model, in_batch=same, alone=same, again=same)
    with pytest.raises(ModelError, match=r"gives other outputs \(at layer hidden\), so a snapshot would hold noise"):
        check_repeatable(model, in_batch=same, alone=same, again=noisy)
    moved = same | {"": rows[:, :3] + 1}
    with pytest.raises(ModelError, match=r"samples of its batch: 1 has no running statistics\."):
        check_repeatable(model, in_batch=moved, alone=same, again=same)
    with pytest.raises(ModelError, match=r"\(at layer hidden\): something in it looks at the whole batch"):
        check_repeatable(nn.Linear(3, 3), in_batch=same | {"hidden": rows + 1}, alone=same, again=same)
