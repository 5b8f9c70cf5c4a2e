"""The linear probe against scikit-learn's ridge regression."""

import math

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.model_selection import KFold, StratifiedKFold

from evolution.activations.compaction import compact
from evolution.measures import probe
from evolution.measures.cka import centred
from evolution.measures.products import Products

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("form", [np.asarray, compact], ids=["raw", "compact"])
@pytest.mark.parametrize("scale", [1, 1e-6])
def test_probe_is_ridge_on_one_hot_classes(features, form, scale):
    rows, labels = features
    exact = rows.astype(float) - rows.astype(float).mean(0)
    penalty = 1e-3 * 160 * np.square(exact).sum(1).mean()
    right = []
    for fit, held in StratifiedKFold(5, shuffle=True, random_state=7).split(rows, labels):
        ridge = Ridge(penalty, solver="svd").fit(exact[fit], np.eye(10)[labels[fit]])
        right += list(ridge.predict(exact[held]).argmax(1) == labels[held])
    assert probe.linear_probe(form(rows * np.float32(scale)), labels, 7) == pytest.approx(np.mean(right), abs=0.011)
    assert 0.8 < np.mean(right) < 1


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("width", [100, 200, 600])
def test_probe_predicts_what_scikit_learns_ridge_classifier_does(features, classes, width, device):
    """By features or by inner products, whichever are fewer: the same sample for sample."""
    rows, labels = centred(features[0][:, :width]), 3 * (features[1] % classes)
    right = []
    for fit, held in StratifiedKFold(5, shuffle=True, random_state=7).split(rows, labels):
        ridge = RidgeClassifier(probe.PENALTY * len(fit), solver="svd").fit(rows[fit], labels[fit])
        right += list(ridge.predict(rows[held]) == labels[held])
    products = Products(features[0][:, :width], device=device)
    assert probe.linear_probe(features[0][:, :width], labels, 7, products=products) == np.mean(right)


def test_probe_sees_what_is_linear_and_no_more():
    random = np.random.default_rng(0)
    rows = random.normal(size=(400, 2))
    assert probe.linear_probe(rows, (rows[:, 0] > 0).astype(int), 0) > 0.95
    # Held out, a class that no line separates (XOR), and labels that mean nothing, are chance.
    assert probe.linear_probe(rows, (rows[:, 0] * rows[:, 1] > 0).astype(int), 0) < 0.6
    assert probe.linear_probe(random.normal(size=(400, 800)), np.arange(400) % 2, 0) == pytest.approx(0.5, abs=0.1)


def test_no_probe_without_classes_to_tell_apart(recwarn):
    rows = np.random.default_rng(0).normal(size=(20, 3))
    assert math.isnan(probe.linear_probe(rows, np.zeros(20, int), 0))
    assert math.isnan(probe.linear_probe(rows, np.array([1] + [0] * 19), 0))
    assert math.isnan(probe.linear_probe(np.ones((20, 3)), np.arange(20) % 2, 0))
    assert probe.linear_probe(rows, np.array([1, 1, 1] + [0] * 17), 0) >= 0
    assert not recwarn.list


@pytest.mark.parametrize("form", [np.asarray, compact], ids=["raw", "compact"])
@pytest.mark.parametrize("width", [30, 600])
@pytest.mark.parametrize("columns", [1, 3])
def test_ridge_predictions_are_scikit_learns(features, form, width, columns):
    """By features or by inner products, of one number or of several: each on its own, on the raw activations."""
    rows = features[0][:, :width]
    values = rows[:, :columns].astype(float) ** 2 + np.random.default_rng(0).normal(size=(200, columns))
    exact = rows.astype(float) - rows.astype(float).mean(0)
    penalty = 1e-3 * 160 * np.square(exact).sum(1).mean()
    found = probe.ridge_predictions(form(rows), values, 7)
    for fit, held in KFold(5, shuffle=True, random_state=7).split(rows):
        for column in range(columns):
            ridge = Ridge(penalty, solver="svd").fit(exact[fit], values[fit, column])
            spread = values[:, column].std()
            np.testing.assert_allclose(found[held, column], ridge.predict(exact[held]), atol=1e-3 * spread)


def test_no_ridge_of_a_constant_layer_or_of_few_samples():
    assert probe.ridge_predictions(np.ones((20, 3)), np.arange(20.0)[:, None], 0) is None
    assert probe.ridge_predictions(np.eye(4), np.arange(4.0)[:, None], 0) is None
