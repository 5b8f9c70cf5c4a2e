"""Layouts of t-SNE that go on, compared now and then with one made afresh."""

from itertools import pairwise

import numpy as np
import pytest

import embed
from evolution.activations.compaction import unit_rows
from evolution.embedding import tsne
from evolution.embedding.continuity import review_due
from evolution.embedding.layout import lay_out

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = {"perplexity": 10, "pca_components": 20}


@pytest.fixture
def torn(features):
    """Rows, a layout of them, and the same with half of one class's dots across the others; the two halves' places."""
    rows, labels = unit_rows(features[0]), features[1]
    layout = lay_out("tsne", rows, SETTINGS, None, 17)[0]
    centre = layout.mean(axis=0)
    members = np.flatnonzero(labels == 6)
    moved, left = members[::2], members[1::2]
    start = layout.copy()
    start[moved] = 2 * centre - start[moved]
    return rows, layout, start, moved, left


def between(layout, some, others):
    """How far apart two groups' centres are, in radii of the layout."""
    radius = np.sqrt(np.square(layout - layout.mean(axis=0)).sum(axis=1).mean())
    return np.linalg.norm(layout[some].mean(axis=0) - layout[others].mean(axis=0)) / radius


def test_a_class_torn_in_two_grows_together_in_a_review(torn, caplog, monkeypatch):
    rows, _, start, moved, left = torn
    start = (start - start.mean(axis=0)) @ np.array([[0, 1], [-1, 0]])
    # Dots that jump one by one would mend it too, and that the layout before says little of the rows is not the point.
    monkeypatch.setattr(tsne, "relocate_stranded", lambda start, *others: (start, 0))
    monkeypatch.setattr(tsne, "KEPT", 0)
    assert between(start, moved, left) > 1
    with caplog.at_level("INFO", logger="evolution"):
        kept, divergence = lay_out("tsne", rows, SETTINGS, start, 17)
        assert not caplog.messages
        mended, lower = lay_out("tsne", rows, SETTINGS, start, 17, True)
    assert f"Reviewed: the divergence is {divergence:.3f}, after a fresh start {lower:.3f}" in caplog.text
    assert "made afresh" in caplog.text
    assert between(kept, moved, left) > 0.5
    assert between(mended, moved, left) < 0.3
    # From the same arrangement: t-SNE from the principal components knows nothing of the turn.
    others = np.setdiff1d(np.arange(len(rows)), moved)
    one, other = (layout[others] - layout[others].mean(axis=0) for layout in (mended, start))
    assert (one * other).sum() > 0.7 * np.linalg.norm(one) * np.linalg.norm(other)
    for factor, expected in ((0.999, mended), (1.001, kept)):
        monkeypatch.setattr(tsne, "WORSE", factor * divergence / lower)
        assert lay_out("tsne", rows, SETTINGS, start, 17, True)[0].tobytes() == expected.tobytes()


def test_a_good_layout_goes_on_in_a_review(torn, caplog):
    rows, layout, *_ = torn
    with caplog.at_level("INFO", logger="evolution"):
        reviewed = lay_out("tsne", rows, SETTINGS, layout, 17, True)
    assert "after a fresh start" in caplog.text
    assert "made afresh" not in caplog.text
    plain = lay_out("tsne", rows, SETTINGS, layout, 17)
    assert reviewed[0].tobytes() == plain[0].tobytes()
    assert reviewed[1] == plain[1]


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_what_nothing_goes_on_from_or_does_not_vary_has_nothing_to_review(features, caplog, method):
    rows = unit_rows(features[0])
    with caplog.at_level("INFO", logger="evolution"):
        lay_out(method, rows, SETTINGS, None, 17, True)
        same = np.repeat(rows[:1], len(rows), axis=0)
        start = np.random.default_rng(0).normal(size=(len(rows), 2))
        layout, _ = lay_out(method, same, SETTINGS, start, 17, True)
    assert not caplog.messages
    assert np.isfinite(layout).all()


@pytest.mark.parametrize(
    ("previous", "epochs", "expected"),
    [
        (None, [2, 3, 5], ["Epoch 2", "Epoch 3", "Reviewed", "Epoch 5"]),
        (None, [4, 5, 6], ["Epoch 4", "Epoch 5", "Epoch 6"]),
        (3, [4, 5, 6], ["Reviewed", "Epoch 4", "Epoch 5", "Epoch 6"]),
        (4, [5, 6, 7], ["Epoch 5", "Epoch 6", "Epoch 7"]),
    ],
)
def test_a_span_reviews_what_is_due_in_it(features, tmp_path, caplog, previous, epochs, expected):
    rows = features[0][:, :60]
    random = np.random.default_rng(1)
    np.save(tmp_path / "fc1.npy", np.stack([rows + step * random.normal(size=rows.shape) for step in (0, 0.1, 0.2)]))
    np.save(tmp_path / "before.npy", lay_out("tsne", unit_rows(rows), SETTINGS, None, 17)[0][None])
    before = str(tmp_path / "before.npy") if previous is not None else None
    with caplog.at_level("INFO", logger="evolution"):
        embed.embed_span(str(tmp_path / "fc1.npy"), before, epochs, "tsne", SETTINGS, True, 17, previous)
    told = [message.split(":")[0] for message in caplog.messages if not message.startswith("Stranded")]
    assert told == expected


@pytest.mark.parametrize(
    ("epochs", "expected"),
    [
        ([0, 2, 4, 6, 8, 10, 12, 14, 16, 18], [4, 16]),
        ([0, 1, 2, 3, 5, 10, 100], [5, 100]),
        ([0, 5, 7, 15, 16, 63, 64, 255], [5, 16, 64]),
        ([0, 1000], [1000]),
    ],
)
def test_reviews_are_at_the_first_snapshots_from_each_power_of_four_on(epochs, expected):
    assert [epoch for before, epoch in pairwise(epochs) if review_due(before, epoch)] == expected
