"""Neural collapse: where it has come about, and the paper's formulas on full matrices."""

import math

import numpy as np
import pytest

import measure_collapse
from evolution.activations.compaction import compact
from evolution.errors import UserError
from evolution.io.arrays import save_npy, save_npz
from evolution.io.tables import save_table
from evolution.measures import collapse

LABELS = np.arange(60) % 6


def simplex(classes=6, features=9):
    """The corners of a simplex of that many classes, turned into more features, about a point that is not 0."""
    turned, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(features, classes)))
    return (np.eye(classes) - 1 / classes) @ turned.T, 0.3 * np.arange(features)


def layer(noise=1.0, features=9):
    """Six noisy classes of unlike sizes and places."""
    random = np.random.default_rng(1)
    return random.normal(size=(6, features))[LABELS] * 2 + noise * random.normal(size=(60, features)) + 1


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


def test_scale_and_place_do_not_matter():
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


@pytest.fixture
def run(tmp_path):
    """Two spans of a run whose network is collapsed at epoch 4, and has no finite classifier at epoch 2; paths."""
    corners, middle = simplex()
    weights = np.random.default_rng(2).normal(size=(6, 9))
    rows = {
        0: np.vstack([layer(), weights]),
        2: np.full((66, 9), np.nan),
        4: np.vstack([(corners + middle)[LABELS], corners]),
    }
    for span, epochs in {"0000": [0], "0002-0004": [2, 4]}.items():
        save_npy(tmp_path / f"{span}.npy", np.stack([rows[epoch] for epoch in epochs]).astype(np.float32))
        columns = {"epoch": np.repeat(epochs, 60), "sample": np.tile(np.arange(60), len(epochs))}
        columns |= {"predicted": np.tile(LABELS, len(epochs)), "confidence": np.ones(60 * len(epochs))}
        save_table(tmp_path / f"{span}.parquet", columns)
    save_npz(tmp_path / "dataset.npz", eval_labels=LABELS, class_names=np.array(list("abcdef")))
    return [[str(tmp_path / f"{span}{end}") for span in ("0000", "0002-0004")] for end in (".npy", ".parquet")] + [
        str(tmp_path / "dataset.npz"),
        [[0], [2, 4]],
    ]


def test_table_of_a_run(run):
    table = measure_collapse.collapse_table(*run)
    values = {(epoch, metric): value for epoch, metric, value in zip(*table.values())}
    assert list(values) == [(epoch, metric) for epoch in (0, 2, 4) for metric in measure_collapse.METRICS]
    rows = np.vstack([layer()]).astype(np.float32)
    for metric, value in collapse.layer_collapse(rows, LABELS, LABELS).items():
        assert values[0, metric] == pytest.approx(value, rel=1e-5)
    means = np.stack([rows[label == LABELS].mean(0) for label in range(6)])
    apart, weights = means - means.mean(0), np.random.default_rng(2).normal(size=(6, 9))
    cosine = (apart * weights).sum() / np.linalg.norm(apart) / np.linalg.norm(weights)
    assert values[0, "nc3_self_duality"] == pytest.approx(2 - 2 * cosine, rel=1e-5)
    assert all(math.isnan(values[2, metric]) for metric in measure_collapse.METRICS)
    assert [values[4, metric] for metric in measure_collapse.METRICS] == pytest.approx([0, 0, 0, 0, 1], abs=1e-6)


def test_a_classifier_of_another_shape_is_refused(run):
    save_npy(run[0][1], np.ones((2, 65, 9), np.float32))
    with pytest.raises(UserError, match=r"0002-0004.npy is damaged .*\(2, 66, None\)"):
        measure_collapse.collapse_table(*run)
