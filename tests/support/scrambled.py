"""Layouts in which some dots lie among strangers, for the tests."""

import numpy as np

SWAPPED = 30


def scramble(layout):
    """The layout with its first 30 dots in each other's positions; float64 (N, 2)."""
    order = np.arange(len(layout))
    order[:SWAPPED] = np.roll(order[:SWAPPED], 7)
    return layout.astype(np.float64)[order]
