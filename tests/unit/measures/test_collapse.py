"""Neural collapse: where it has come about, and the paper's formulas on full matrices."""

import math

import numpy as np
import pytest

from evolution.activations.compaction import compact
from evolution.measures import collapse
from support.collapsed import LABELS, layer, simplex


def test_a_simplex_is_collapsed():
    corners, middle = simplex()
    rows = (corners + middle)[LABELS]
    values = collapse.layer_collapse(rows, LABELS, LABELS)
    assert values == pytest.approx({"nc1": 0, "nc2_equinorm": 0, "nc2_equiangular": 0, "nc4_agreement": 1}, abs=1e-12)
    centres = collapse.class_centres(rows, LABELS, 6)
    # The classifier of a collapsed network: the corners themselves, at any scale.
    assert collapse.self_duality(centres, 7 * corners) == pytest.approx(0, abs=1e-12)
    assert collapse.self_duality(centres, -corners) == pytest.approx(4)
    assert collapse.self_duality(centres, np.roll(corners, 1, axis=0)) == pytest.approx(2 + 2 / 5)


@pytest.mark.parametrize("form", [np.asarray, compact], ids=["raw", "compact"])
@pytest.mark.parametrize("features", [3, 9, 200])
def test_the_papers_formulas(features, form):
    rows = layer(features=features).astype(np.float32)
    means = np.stack([rows[label == LABELS].mean(0) for label in range(6)]).astype(float)
    apart = means - means.mean(0)
    off = rows - means[LABELS]
    within = sum(np.outer(row, row) for row in off) / 60
    between = apart.T @ apart / 6
    lengths = np.linalg.norm(apart, axis=1)
    cosines = [
        apart[one] @ apart[other] / lengths[one] / lengths[other]
        for one in range(6)
        for other in range(6)
        if one != other
    ]
    nearest = np.linalg.norm(rows[:, None] - means, axis=2).argmin(1)
    predicted = np.where(np.arange(60) % 3 == 0, 0, LABELS)
    assert 0.3 < (nearest == predicted).mean() < 1
    values = collapse.layer_collapse(form(rows), LABELS, predicted)
    assert values == pytest.approx(
        {
            "nc1": np.trace(within @ np.linalg.pinv(between, rcond=1e-6)) / 6,
            "nc2_equinorm": lengths.std() / lengths.mean(),
            "nc2_equiangular": np.mean(np.abs(np.array(cosines) + 1 / 5)),
            "nc4_agreement": (nearest == predicted).mean(),
        },
        rel=1e-4,
    )


def test_scale_and_shift_do_not_matter():
    rows = layer()
    values = collapse.layer_collapse(rows, LABELS, LABELS)
    assert collapse.layer_collapse(1e-5 * rows + 0.01, LABELS, LABELS) == pytest.approx(values, rel=1e-6)
    # NC1 is a variance for a variance: half the noise is a quarter.
    assert collapse.layer_collapse(layer(noise=1e-3), LABELS, LABELS)["nc1"] == pytest.approx(
        4 * collapse.layer_collapse(layer(noise=5e-4), LABELS, LABELS)["nc1"], rel=1e-2
    )


def test_the_pixels_have_no_agreement():
    values = collapse.layer_collapse(layer(), LABELS, None)
    assert math.isnan(values.pop("nc4_agreement")) and np.isfinite(list(values.values())).all()


@pytest.mark.parametrize(
    ("rows", "labels", "said"),
    [
        (np.ones((60, 4)), LABELS, "All classes have the same mean"),
        (layer(), np.zeros(60, int), "one class alone"),
        (layer(), np.minimum(np.arange(60), 1), "fewer than two samples"),
        (layer(), np.where(LABELS == 3, 2, LABELS), "fewer than two samples"),
    ],
)
def test_not_defined(rows, labels, said, caplog, recwarn):
    values = collapse.layer_collapse(rows, labels, labels)
    assert len(values) == 4 and all(math.isnan(value) for value in values.values())
    assert said in caplog.text
    assert not recwarn.list
