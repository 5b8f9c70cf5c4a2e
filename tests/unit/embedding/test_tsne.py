"""t-SNE: its affinities and divergence, going on from a layout, and reviews."""

import math
from dataclasses import replace

import numpy as np
import pytest
from openTSNE.affinity import PerplexityBasedNN
from scipy.spatial.distance import pdist, squareform

from evolution.activations.compaction import unit_rows
from evolution.embedding import tsne as tsne_module
from evolution.embedding.layout import principal_components
from evolution.embedding.quality import drift, trustworthiness
from evolution.embedding.tsne import GOING_ON, Continuation, Step, tsne
from support.scrambled import scramble

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True, params=[False, True], ids=["Barnes-Hut", "mesh"])
def on_mesh(request, monkeypatch):
    """All that holds of few samples holds of many."""
    if request.param:
        monkeypatch.setattr(tsne_module, "BARNES_HUT_SAMPLES", 0)
    return request.param


@pytest.fixture
def components(features):
    """20 principal components of 200 rows, as layouts are made of them."""
    return principal_components(unit_rows(features[0]), number=20, seed=0)


def lay(rows, start=None, **settings):
    return tsne(rows, **{"perplexity": 10, "start": start, "seed": 17} | settings)


def test_tsne_takes_the_affinities_that_opentsne_finds_by_itself(features, on_mesh):
    """The reported divergence is that of openTSNE's own exact affinities, by its definition."""
    rows = unit_rows(features[0])[:, :20].copy()
    layout, divergence = lay(rows)
    wanted = PerplexityBasedNN(rows, perplexity=10, method="exact").P.toarray()
    weights = 1 / (1 + squareform(pdist(layout.astype(float), "sqeuclidean")))
    np.fill_diagonal(weights, 0)
    some = wanted > 0
    expected = (wanted[some] * np.log(wanted[some] / (weights / weights.sum())[some])).sum()
    assert divergence == pytest.approx(expected, rel=1e-3 if on_mesh else 0.01)


def test_the_layout_of_unchanged_data_stays(components):
    first, _ = lay(components)
    assert drift(first, lay(components, first)[0]) < 0.02


@pytest.mark.parametrize(("samples", "perplexity"), [(40, 10), (100, 30), (200, 2), (200, 5), (200, 60)])
@pytest.mark.parametrize("copies", [0, 0.6], ids=["", "copies"])
def test_unchanged_data_go_on_and_not_from_a_layout_that_says_nothing(features, caplog, samples, perplexity, copies):
    rows = unit_rows(features[0][:samples]).copy()
    rows[: int(copies * samples)] = rows[0]
    rows = principal_components(rows, number=20, seed=0)
    first, _ = lay(rows, perplexity=perplexity)
    with caplog.at_level("INFO", logger="evolution"):
        lay(rows, first, perplexity=perplexity)
        assert "from scratch" not in caplog.text
        if not copies:
            lay(rows, np.random.default_rng(0).normal(size=(samples, 2)), perplexity=perplexity)
            assert "from scratch" in caplog.text


def test_a_layout_of_other_data_is_no_start(components, caplog):
    """A shuffled layout says nothing of the rows; a layout made from it is as good as one from scratch."""
    first, divergence = lay(components)
    shuffled = first[np.random.default_rng(0).permutation(len(first))]
    with caplog.at_level("INFO", logger="evolution"):
        again, found = lay(components, shuffled)
        assert "from scratch" in caplog.text
        assert found < 1.1 * divergence
        np.testing.assert_allclose(
            *(trustworthiness(components, layout, neighbors=5, seed=0) for layout in (again, first)), atol=0.02
        )
        caplog.clear()
        lay(components, first)
        assert not caplog.text


def test_a_layout_that_goes_on_leaves_no_dot_behind(components):
    """From a start in which some dots are strangers, t-SNE ends lower than without jumps, and near one from scratch."""
    first, divergence = lay(components)
    start = scramble(first)
    # The start is used, however few neighbours it keeps.
    going_on = Continuation(least_kept=-math.inf)
    _, with_jumps = lay(components, start, continuation=going_on)
    _, without = lay(components, start, continuation=replace(going_on, relocates=False))
    assert with_jumps < 1.1 * divergence
    assert with_jumps < without - 0.05


@pytest.fixture
def torn(components, features):
    """A layout; the same, turned, with half of class 0 moved to the other side; which dots moved, and which stayed."""
    layout, _ = lay(components)
    centre = layout.mean(axis=0)
    members = np.flatnonzero(features[1] == 0)
    moved, left = members[::2], members[1::2]
    start = layout.copy()
    start[moved] = 2 * centre - start[moved]
    return layout, (start - start.mean(axis=0)) @ np.array([[0, 1], [-1, 0]]), moved, left


def between(layout, some, others):
    """How far apart two groups' centres are, in radii of the layout."""
    radius = np.sqrt(np.square(layout - layout.mean(axis=0)).sum(axis=1).mean())
    return np.linalg.norm(layout[some].mean(axis=0) - layout[others].mean(axis=0)) / radius


# Drawn back the whole way, dots end where they start: this descent can close no tear.
HELD_STILL = (Step(20, 1, 0.8, 0.5, 0.5, share=1.0),)


@pytest.mark.parametrize("schedule", [GOING_ON, HELD_STILL], ids=["as in jobs", "held still"])
def test_a_class_torn_in_two_grows_together_in_a_review(components, torn, caplog, schedule):
    """Descent leaves the halves of class 0 apart: the others lie between them, or it is held still on purpose."""
    _, start, moved, left = torn
    # Dots that jump one by one would mend it too, and the start is used, however few neighbours it keeps.
    going_on = Continuation(least_kept=-math.inf, relocates=False, schedule=schedule)
    assert between(start, moved, left) > 1
    with caplog.at_level("INFO", logger="evolution"):
        kept, divergence = lay(components, start, continuation=going_on)
        assert not caplog.messages
        mended, lower = lay(components, start, reviewed=True, continuation=going_on)
    if schedule == HELD_STILL:
        np.testing.assert_array_equal(kept, start.astype(np.float32))
    assert caplog.messages == [
        f"Reviewed: the divergence is {divergence:.3f}, from scratch {lower:.3f}",
        f"The layout is made from scratch: it has {100 * (1 - lower / divergence):.0f} % less divergence",
    ]
    assert between(kept, moved, left) > 0.5
    assert between(mended, moved, left) < 0.3
    # In the same arrangement: t-SNE from the principal components knows nothing of the turn.
    others = np.setdiff1d(np.arange(len(start)), moved)
    one, other = (layout[others] - layout[others].mean(axis=0) for layout in (mended, start))
    assert (one * other).sum() > 0.7 * np.linalg.norm(one) * np.linalg.norm(other)
    for factor, expected in ((0.999, mended), (1.001, kept)):
        at_the_limit = replace(going_on, most_divergence=factor * divergence / lower)
        found, _ = lay(components, start, reviewed=True, continuation=at_the_limit)
        assert found.tobytes() == expected.tobytes()


def test_a_good_layout_goes_on_in_a_review(components, torn, caplog):
    layout, *_ = torn
    with caplog.at_level("INFO", logger="evolution"):
        reviewed, divergence = lay(components, layout, reviewed=True)
    assert any(message.startswith("Reviewed") for message in caplog.messages)
    assert not any("is made from scratch" in message for message in caplog.messages)
    plain, expected = lay(components, layout)
    assert reviewed.tobytes() == plain.tobytes()
    assert divergence == expected
