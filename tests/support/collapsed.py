"""Layers before and after neural collapse, for the tests."""

import numpy as np

LABELS = np.arange(60) % 6


def simplex(classes=6, features=9):
    """The corners of a simplex of that many classes, turned into more features, about a point that is not 0."""
    turned, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(features, classes)))
    return (np.eye(classes) - 1 / classes) @ turned.T, 0.3 * np.arange(features)


def layer(noise=1.0, features=9):
    """Six noisy classes of different sizes at different positions."""
    random = np.random.default_rng(1)
    return random.normal(size=(6, features))[LABELS] * 2 + noise * random.normal(size=(60, features)) + 1
