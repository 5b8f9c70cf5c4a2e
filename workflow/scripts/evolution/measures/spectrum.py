"""How many directions a layer's activations spread in: measures of the spectrum of their covariance."""

import math

import numpy as np

from evolution.measures.devices import eigenvalues
from evolution.measures.products import Products

# A direction is left out where the sum of the samples' squares along it is less than this share of a sample's mean
# squared distance from the mean. Compact coordinates come from float32 products, whose rounding puts up to half as much
# into an empty direction, and a hundred empty directions would count as one.
FAINT = 2e-5


def singular_values(products: Products) -> np.ndarray:
    """The singular values of the centred rows, in units of their own root mean squared length.

    They are the square roots of the covariance's eigenvalues up to a factor, on which no measure here depends. They are
    computed from the products of samples or of features, whichever are there or are fewer. Raw and compact activations
    have the same spectrum.

    Parameters
    ----------
    products : Products

    Returns
    -------
    float64 array (K,)
        Largest first, without the ones that are too `FAINT`; none for a constant layer.
    """
    if products.constant:
        return np.zeros(0)
    variances = eigenvalues(products.smaller())[::-1]
    return np.sqrt(variances[variances > FAINT])


def without_faint(singular: np.ndarray) -> np.ndarray:
    """Singular values that were taken of raw rows, `evolution.activations.spectra.singular_values`, as these here."""
    return singular[singular**2 > FAINT]


def effective_rank(singular: np.ndarray) -> float:
    """exp of the entropy of the singular values, as shares of their sum (Roy and Vetterli 2007).

    From 1 (one direction) to min(N - 1, D) (all alike). The paper takes a matrix as it is; here the mean activation
    is subtracted first: it is one large direction, the same for all samples.

    Parameters
    ----------
    singular : float array (K,)
        See `singular_values`.
    """
    if not len(singular):
        return math.nan
    shares = singular / singular.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def participation_ratio(singular: np.ndarray) -> float:
    """(sum of variances)^2 / sum of squared variances, over the principal directions (Gao et al. 2017).

    From 1 to min(N - 1, D) as the effective rank; the large directions count for more, so it is the smaller one.

    Parameters
    ----------
    singular : float array (K,)
        See `singular_values`.
    """
    if not len(singular):
        return math.nan
    variances = singular**2
    return float(variances.sum() ** 2 / (variances**2).sum())
