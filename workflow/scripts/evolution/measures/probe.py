"""Linear probe: how well a linear model reads classes, numbers or labels off a layer."""

import math

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from evolution.measures.devices import diagonal, namespace, on_host, solve_positive
from evolution.measures.products import Products

FOLDS = 5
# Of the mean squared length of the centred rows, per sample: directions with less variance than this are shrunk most.
PENALTY = 1e-3


def linear_probe(rows: np.ndarray, labels: np.ndarray, seed: int, *, products: Products | None = None) -> float:
    """Accuracy of a ridge classifier on samples that it was not fitted to (probes: Alain and Bengio 2017).

    Least squares on one-hot classes with a squared penalty (as scikit-learn's RidgeClassifier), in five stratified
    folds. The penalty goes with the layer's own variance, so that a layer's scale does not matter. Ridge sees inner
    products alone: compact coordinates give what the raw activations give. Multinomial logistic regression, the more
    usual probe, takes three times as long; on seven layers of the default experiment the two differed by up to 0.04,
    and ranked them alike.

    Parameters
    ----------
    rows : float array (N, D)
        Raw or compact activations.
    labels : int array (N,)
    seed : int
        Of the folds.
    products : Products or None
        Of the rows, where they are there.

    Returns
    -------
    float
        NaN where there is one class, a class of one sample, or a constant layer.
    """
    counts = np.bincount(labels)
    folds = min(FOLDS, counts[counts > 0].min())
    products = Products(rows) if products is None else products
    if folds < 2 or (counts > 0).sum() < 2 or products.constant:
        return math.nan
    classes, positions = np.unique(labels, return_inverse=True)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed).split(positions, positions)
    predicted = _held_out(products, np.eye(len(classes))[positions], [held for _, held in split])
    return float((predicted.argmax(1) == positions).mean())


def ridge_predictions(
    rows: np.ndarray, values: np.ndarray, seed: int, *, products: Products | None = None
) -> np.ndarray | None:
    """What ridge regression predicts of samples that it was not fitted to, in five folds, with the probe's penalty.

    Parameters
    ----------
    rows : float array (N, D)
        Raw or compact activations.
    values : float array (N, M)
        M numbers of each sample, which are predicted each on its own; of labels 0 and 1.
    seed : int
        Of the folds, which are drawn without a look at the values.
    products : Products or None
        Of the rows, where they are there.

    Returns
    -------
    float64 array (N, M) or None
        None where there are fewer samples than folds, and of a constant layer.
    """
    products, values = Products(rows) if products is None else products, np.asarray(values, np.float64)
    if len(rows) < FOLDS or products.constant:
        return None
    split = KFold(FOLDS, shuffle=True, random_state=seed).split(values)
    return _held_out(products, values, [held for _, held in split])


def _held_out(products: Products, values: np.ndarray, folds: list[np.ndarray]) -> np.ndarray:
    """What ridge regression on the other folds predicts of each fold, float64 (N, M).

    By inner products of samples where there are more features than samples to fit, else by those of features: what
    scikit-learn's KernelRidge and Ridge find, whose products are taken again in each fold. All is done where the
    products are.

    Parameters
    ----------
    products : Products
        Of N rows.
    values : float64 array (N, M)
    folds : list of int arrays
        Every sample is in one.
    """
    samples, features = products.shape
    predicted, everyone = np.empty(values.shape), np.arange(samples)
    targets = products.beside(values)
    if features > (1 - 1 / len(folds)) * samples:
        for held in folds:
            fit = np.setdiff1d(everyone, held)
            known, wanted = products.beside(fit), products.beside(held)
            found = _ridge_from_products(products.gram(), targets[known], known, wanted, PENALTY * len(fit))
            predicted[held] = on_host(found)
        return predicted
    moments, parts = products.moments(folds), [products.beside(held) for held in folds]
    xp = namespace(moments[0])
    sums, crossed, of_targets = [], [], []
    for held, part in zip(folds, parts):
        rows = products.part(held)
        sums.append(rows.sum(0))
        crossed.append(rows.T @ targets[part])
        of_targets.append(targets[part].sum(0))
    sums, crossed = xp.stack(sums), xp.stack(crossed)
    for fold, held in enumerate(folds):
        # Of the samples to fit, everything is a sum over all less the sum over the fold.
        fit = samples - len(held)
        mean, target = (sums.sum(0) - sums[fold]) / fit, (targets.sum(0) - of_targets[fold]) / fit
        products_fit = products.smaller() - moments[fold] - fit * xp.outer(mean, mean)
        diagonal(products_fit)[:] += PENALTY * fit
        right = crossed.sum(0) - crossed[fold] - fit * xp.outer(mean, target)
        slopes = solve_positive(products_fit, right)
        predicted[held] = on_host(products.part(held) @ slopes + (target - mean @ slopes))
    return predicted


def _ridge_from_products(
    gram: np.ndarray, targets: np.ndarray, fit: np.ndarray, held: np.ndarray, penalty: float
) -> np.ndarray:
    """What ridge regression on `targets`, float (fit samples, M), predicts of the held samples, in the dual form."""
    # The intercept: features and targets are centred on the samples to fit.
    mean = targets.mean(0)
    centred, across = gram[fit[:, None], fit], gram[held[:, None], fit]
    # As scikit-learn's KernelCenterer.
    of_columns = centred.sum(0) / len(fit)
    of_all = of_columns.sum() / len(fit)
    for products in (centred, across):
        of_rows = products.sum(1)[:, None] / len(fit)
        products -= of_columns
        products -= of_rows
        products += of_all
    diagonal(centred)[:] += penalty
    return across @ solve_positive(centred, targets - mean) + mean
