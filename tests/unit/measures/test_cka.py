"""CKA against the formulas of the papers, written out with full matrices."""

import math

import numpy as np
import pytest

from evolution.measures.cka import HELD_NUMBERS, pairwise_cka, some_samples
from support.cka_by_formula import by_formula, plain_hsic, unbiased_hsic


def linear_cka(first, second, unbiased=False):
    """Of one pair, as this workflow has it."""
    return float(pairwise_cka([first, second])[int(unbiased)][0, 1])


@pytest.fixture
def layers():
    """Three representations of 40 samples: narrow, related to the first, and wider than there are samples."""
    random = np.random.default_rng(0)
    first = random.normal(size=(40, 5)) + 3
    return [first, np.maximum(first @ random.normal(size=(5, 7)), 0), random.normal(size=(40, 90)) - 1]


@pytest.mark.parametrize("held", [HELD_NUMBERS, 3 * 40 * 7])
def test_formulas(layers, held):
    for chosen in (layers, layers[:2]):  # by Gram matrices; by products of features
        for found, hsic in zip(pairwise_cka(chosen, held_numbers=held), (plain_hsic, unbiased_hsic)):
            expected = [[by_formula(first, second, hsic) for second in chosen] for first in chosen]
            np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("outlier", [1, 100, 10_000])
def test_one_row_that_outweighs_all_others_costs_no_digits(outlier):
    # Its products are in the centred Gram matrix and cancel in the unbiased estimator: float32 would lose the rest.
    random = np.random.default_rng(2)
    first = random.normal(size=(100, 150))
    second = first + random.normal(size=first.shape)
    first[0] *= outlier
    second[0] *= outlier
    for found, hsic in zip(pairwise_cka([first, second]), (plain_hsic, unbiased_hsic)):
        assert found[0, 1] == pytest.approx(by_formula(first, second, hsic), abs=1e-6)


def test_columns_of_zeros_change_nothing(layers):
    first, _, third = layers
    padded, zeros = np.pad(third, ((0, 0), (2, 30))), np.zeros((40, 90))
    for found, hsic in zip(pairwise_cka([first, padded, zeros]), (plain_hsic, unbiased_hsic)):
        assert found[0, 1] == pytest.approx(by_formula(first, third, hsic), rel=1e-9)
        assert np.isnan(found[2]).all()


def test_one_pair(layers):
    first, _, third = layers
    assert linear_cka(first, third) == pytest.approx(by_formula(first, third, plain_hsic), rel=1e-10)
    assert linear_cka(first, third, unbiased=True) == pytest.approx(by_formula(first, third, unbiased_hsic), rel=1e-9)


def test_rotation_scale_and_shift_change_nothing(layers):
    random = np.random.default_rng(1)
    rotation, _ = np.linalg.qr(random.normal(size=(7, 7)))
    for unbiased in (False, True):
        turned = 1e-20 * (layers[1] @ rotation + random.normal(size=7))
        assert linear_cka(layers[1], turned, unbiased) == pytest.approx(1, abs=1e-9)
        assert linear_cka(layers[0], turned, unbiased) == pytest.approx(linear_cka(*layers[:2], unbiased), abs=1e-9)
        # What CKA does change with: another linear map.
        assert linear_cka(layers[0], layers[0] * [9, 1, 1, 1, 1], unbiased) < 0.9


def test_independent_data():
    random = np.random.default_rng(2)
    pairs = [(random.normal(size=(100, 300)), random.normal(size=(100, 300))) for _ in range(5)]
    # The plain estimator's bias: with D = 3 N it finds much in common where there is nothing.
    assert min(linear_cka(*pair) for pair in pairs) > 0.7
    unbiased = [linear_cka(*pair, unbiased=True) for pair in pairs]
    assert max(map(abs, unbiased)) < 0.03
    assert min(unbiased) < 0 < max(unbiased)


def test_constant_representation(layers, recwarn):
    constant = np.full((40, 6), 0.1, np.float32)
    for found in pairwise_cka([layers[0], constant, np.zeros((40, 2))]):
        assert found[0, 0] == 1
        assert np.isnan(found[1:]).all() and np.isnan(found[:, 1:]).all()
    assert not recwarn.list


def test_few_samples():
    rows = np.arange(6.0).reshape(3, 2)
    assert linear_cka(rows, rows) == pytest.approx(1)
    assert math.isnan(linear_cka(rows, rows, unbiased=True))


def test_other_samples(layers):
    with pytest.raises(ValueError, match=r"\[39, 40\] samples"):
        linear_cka(layers[0], layers[1][1:])


def test_of_many_samples_some_are_drawn_by_the_seed():
    np.testing.assert_array_equal(some_samples(20, 7, most=20), np.arange(20))
    chosen = some_samples(30, 7, most=20)
    assert len(set(chosen)) == 20 and sorted(chosen) == list(chosen)
    assert list(some_samples(30, 8, most=20)) != list(chosen) == list(some_samples(30, 7, most=20))
