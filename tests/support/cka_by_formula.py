"""Linear CKA by the formulas of the papers, written out with full matrices; for the tests."""

import math

import numpy as np


def plain_hsic(first, second):
    """tr(K H L H) with H = I - 11'/n (Gretton et al. 2005), without the factor that cancels."""
    n = len(first)
    h = np.eye(n) - np.ones((n, n)) / n
    return np.trace(first @ first.T @ h @ second @ second.T @ h)


def unbiased_hsic(first, second):
    """Equation 5 of Song et al. 2012: Gram matrices with zeros on the diagonal, not centred."""
    n = len(first)
    k, l = first @ first.T, second @ second.T  # noqa: E741
    np.fill_diagonal(k, 0)
    np.fill_diagonal(l, 0)
    one = np.ones(n)
    outer = (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
    return (np.trace(k @ l) + outer - 2 / (n - 2) * (one @ k @ l @ one)) / (n * (n - 3))


def by_formula(first, second, hsic):
    first, second = (np.asarray(rows, np.float64) for rows in (first, second))
    return hsic(first, second) / math.sqrt(hsic(first, first) * hsic(second, second))
