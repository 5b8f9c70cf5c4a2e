"""Neural collapse: how close the classes are to points at the corners of a simplex (Papyan, Han, Donoho 2020).

The paper measures it on the training images at the classifier's input; here it is measured on the evaluation images,
at every layer that is followed and at the classifier's input. All four see inner products alone: compact coordinates
give what raw activations give. Unit rows would hide NC2's equal lengths.
"""

import logging
import math

import numpy as np

log = logging.getLogger("evolution")

# Between-class directions with a smaller share of the largest one's variance are rounding, and left out of NC1.
FAINT = 1e-6
# Class centres that differ by less than this share of their length count as the same.
ROUNDING = 1e-6


def class_centres(rows: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray | None:
    """The mean of each class, float64 (classes, D); None where they are not defined or all the same.

    Parameters
    ----------
    rows : float array (N, D)
    labels : int array (N,)
    classes : int
    """
    counts = np.bincount(labels, minlength=classes)
    if classes < 2 or counts.min() < 2:
        log.warning("A class with fewer than two samples, or one class alone: neural collapse is NaN")
        return None
    centres = np.stack([rows[labels == label].mean(0, dtype=np.float64) for label in range(classes)])
    apart = np.linalg.norm(centres - centres.mean(0))
    if not apart > ROUNDING * np.linalg.norm(centres):
        log.warning("All classes have the same mean: neural collapse is NaN")
        return None
    return centres


def within_class_variability(rows: np.ndarray, labels: np.ndarray, centres: np.ndarray) -> float:
    """NC1: tr(S_W S_B^+) / C, the samples' covariance about their class's centre in units of the centres' own.

    0: every class is a point.

    Parameters
    ----------
    rows : float array (N, D)
    labels : int array (N,)
    centres : float64 array (C, D)
    """
    between = centres - centres.mean(0)
    # The C x D centres' own singular vectors: those of S_B, whose eigenvalues are squares / C.
    _, singular, directions = np.linalg.svd(between, full_matrices=False)
    kept = np.flatnonzero(singular**2 > FAINT * singular[0] ** 2)[: len(centres) - 1]
    along = rows @ directions[kept].T - (centres @ directions[kept].T)[labels]
    # tr(S_W S_B^+) = sum of (variance within along u) / (variance between along u); that / C cancels the 1 / C in S_B.
    return float((np.square(along).mean(0) / singular[kept] ** 2).sum())


def equal_norms(centres: np.ndarray) -> float:
    """NC2, lengths: standard deviation / mean of the centres' distances from their mean. 0: all alike."""
    lengths = np.linalg.norm(centres - centres.mean(0), axis=1)
    return float(lengths.std() / lengths.mean())


def equal_angles(centres: np.ndarray) -> float:
    """NC2, angles: mean |cos + 1 / (C - 1)| over pairs of centres about their mean. 0: as far apart as can be."""
    between = centres - centres.mean(0)
    lengths = np.linalg.norm(between, axis=1)
    if lengths.min() <= ROUNDING * lengths.max():
        return math.nan
    cosines = (between @ between.T) / np.outer(lengths, lengths)
    pairs = np.triu_indices(len(centres), 1)
    return float(np.abs(cosines[pairs] + 1 / (len(centres) - 1)).mean())


def self_duality(centres: np.ndarray, weights: np.ndarray) -> float:
    """NC3: |W / |W| - M / |M||^2 in Frobenius norms, M the centres about their mean. 0: the same; 2: at right angles.

    Parameters
    ----------
    centres : float64 array (C, D)
        Of the classifier's inputs.
    weights : float array (C, D)
        The classifier's, a row a class.
    """
    between, weights = centres - centres.mean(0), np.asarray(weights, np.float64)
    size = np.linalg.norm(weights)
    if not size > 0:
        return math.nan
    return float(np.square(weights / size - between / np.linalg.norm(between)).sum())


def nearest_centre_agreement(rows: np.ndarray, centres: np.ndarray, predicted: np.ndarray) -> float:
    """NC4: the share of samples for which the nearest class centre is the class that the network predicts.

    The paper plots 1 minus this.

    Parameters
    ----------
    rows : float array (N, D)
    centres : float64 array (C, D)
    predicted : int array (N,)
    """
    # |x - m|^2 = |x|^2 - 2 x.m + |m|^2, about the mean, so that a large common part takes no digits.
    middle = centres.mean(0)
    centres = centres - middle
    nearness = rows @ centres.T - middle @ centres.T - np.square(centres).sum(1) / 2
    return float((nearness.argmax(1) == predicted).mean())


def layer_collapse(
    rows: np.ndarray, labels: np.ndarray, predicted: np.ndarray | None, classes: int | None = None
) -> dict[str, float]:
    """NC1, NC2 and NC4 of one layer at one time; NaN, with a line in the log, where they are not defined.

    Parameters
    ----------
    rows : float array (N, D)
        Raw or compact activations.
    labels : int array (N,)
    predicted : int array (N,) or None
        The class that the network gives each sample. None for the raw inputs, of which NC4 is NaN.
    classes : int or None
        How many there are; None: as many as have samples.
    """
    names = ("nc1", "nc2_equinorm", "nc2_equiangular", "nc4_agreement")
    centres = class_centres(rows, labels, int(labels.max()) + 1 if classes is None else classes)
    if centres is None:
        return dict.fromkeys(names, math.nan)
    agreement = math.nan if predicted is None else nearest_centre_agreement(rows, centres, predicted)
    values = within_class_variability(rows, labels, centres), equal_norms(centres), equal_angles(centres), agreement
    return dict(zip(names, values))
