"""Drawings of signals and rows: where there is ink, by hand."""

import numpy as np
import pytest

from evolution.data.sketches import (
    ABOVE,
    BELOW,
    CHANNEL_COLOURS,
    HEIGHT,
    MOST_BARS,
    NAMES_WIDTH,
    WIDTH,
    row_sketches,
    signal_sketches,
)


def inked(image):
    """Where an image (3, H, W) is not white."""
    return (image < 200).any(axis=0)


def test_a_rising_signal_rises_from_the_lower_left():
    time = np.linspace(0, 1, 50)
    up, down = signal_sketches(np.stack([time, 1 - time]))
    assert up.shape == (3, HEIGHT, WIDTH) and up.dtype == np.uint8
    for image, sign in ((up, -1), (down, 1)):
        heights = [np.flatnonzero(inked(image)[:, column]).mean() for column in range(5, WIDTH - 5)]
        slope = np.polyfit(range(5, WIDTH - 5), heights, 1)[0]
        assert slope == pytest.approx(sign * (HEIGHT - 6) / (WIDTH - 5), rel=0.03)


def test_all_samples_are_on_one_scale_and_each_channel_on_its_own():
    flat = np.repeat(np.array([[[0.0], [50.0]], [[1.0], [70.0]]]), 30, axis=2)
    low, high = signal_sketches(flat)
    assert np.flatnonzero(inked(low).any(axis=1)).min() > HEIGHT - 8, "both channels are at their lowest"
    assert np.flatnonzero(inked(high).any(axis=1)).max() < 8, "and at their highest"


def test_channels_have_colours_and_further_ones_are_grey():
    signals = np.repeat(np.arange(5.0)[None, :, None], 10, axis=2) * np.linspace(0.5, 1, 4)[:, None, None]
    found = signal_sketches(np.random.default_rng(0).normal(size=(4, 5, 10)) + signals)
    colours = {tuple(colour) for colour in found[0].reshape(3, -1).T}
    assert set(CHANNEL_COLOURS) <= colours
    assert signal_sketches(np.zeros((2, 1, 1))).shape == (2, 3, HEIGHT, WIDTH), "one sample long, and constant"


def test_one_outlier_does_not_flatten_the_others():
    signals = np.tile(np.sin(np.linspace(0, 9, 100)), (20, 1))
    plain = signal_sketches(signals)[3]
    signals[0, 50] = 1e6
    np.testing.assert_array_equal(signal_sketches(signals)[3], plain)


def test_bars_are_standard_deviations():
    rows = np.array([[2.0, 7.0, -1.0], [0.0, 7.0, 1.0]])  # Of two rows each is one standard deviation from the mean.
    first, second = row_sketches(rows, [])
    third = HEIGHT // 3
    blue, orange = ((first == np.array(colour)[:, None, None]).all(axis=0) for colour in (ABOVE, BELOW))
    assert blue[:third].sum() > 200 and not blue[third + 2 :].any()
    assert orange[2 * third :].sum() > 200 and not orange[: 2 * third].any()
    assert not (first[:, third + 4 : 2 * third - 4, :40] < 200).any(), "a column of one value has no bar"
    columns = np.flatnonzero(blue[: third // 2 + 2].any(axis=0))
    assert len(columns) == pytest.approx((WIDTH - 4) / 2 / 3, abs=2), "a third of the way to the edge"
    assert columns.min() >= WIDTH // 2 - 1, "from the middle to the right"
    assert (second == np.array(ABOVE)[:, None, None]).all(axis=0)[2 * third :].any()


def test_few_columns_are_named_and_of_many_the_first_are_drawn():
    rows = np.random.default_rng(0).normal(size=(4, 3))
    named, plain = row_sketches(rows, ["age", "a very long name of a column", ""]), row_sketches(rows, [])
    assert (named[0][:, :, :NAMES_WIDTH] < 60).any() and not np.array_equal(named, plain)
    many = np.random.default_rng(0).normal(size=(4, MOST_BARS + 9))
    np.testing.assert_array_equal(
        row_sketches(many, [str(n) for n in range(41)]), row_sketches(many[:, :MOST_BARS], [])
    )
