"""The layouts of a layer at each time of a span, and how good they are."""

import logging
import math

import numpy as np
import pytest
from openTSNE.affinity import PerplexityBasedNN
from scipy.spatial.distance import pdist, squareform

from embed import embed_span
from evolution.activations.compaction import unit_rows
from evolution.embedding.layout import EmbeddingSettings, lay_out
from evolution.embedding.methods import METHODS
from evolution.embedding.quality import drift
from evolution.errors import UserError
from support.embedding_methods import KEYS, need

pytestmark = pytest.mark.usefixtures("one_thread")

TSNE = EmbeddingSettings("tsne", **KEYS)
FROM_SCRATCH = EmbeddingSettings("tsne", "none", **KEYS)


def embed(activations, times=(0, 2, 4), *, previous=None, time_before=None, settings=TSNE, seed=17):
    """embed_span with the settings that most tests share."""
    return embed_span(
        activations=activations,
        previous=previous,
        times=list(times),
        time_before=time_before,
        settings=settings,
        seed=seed,
    )


@pytest.fixture
def activations(tmp_path, features):
    """Three times of a layer, each a little away from the one before: float32 (3, 120, 60), and the file's path."""
    random = np.random.default_rng(1)
    rows = features[0][:120, :60]
    times = np.stack([rows + 0.6 * step * random.normal(size=rows.shape) for step in range(3)]).astype(np.float32)
    np.save(tmp_path / "fc1.npy", times)
    return times, str(tmp_path / "fc1.npy")


def save(path, array):
    np.save(path, array)
    return str(path)


def distances(rows):
    return squareform(pdist(rows.astype(np.float64)))


def divergence_of(layout, affinities):
    """Kullback-Leibler divergence of the plane's Student-t similarities from the affinities, pair by pair."""
    similarity = 1 / (1 + distances(layout) ** 2)
    np.fill_diagonal(similarity, 0)
    similarity /= similarity.sum()
    wanted = np.asarray(affinities.todense())
    pairs = wanted > 0
    return (wanted[pairs] * np.log(wanted[pairs] / similarity[pairs])).sum()


def trustworthiness_of(rows, layout, neighbors):
    """Venna and Kaski (2001): how far down the data's list of neighbours the layout's false neighbours are."""
    samples = len(rows)
    order = distances(rows) + np.diag(np.full(samples, -1.0))
    ranks = order.argsort(axis=1).argsort(axis=1)
    near = (distances(layout) + np.diag(np.full(samples, np.inf))).argsort(axis=1)[:, :neighbors]
    excess = np.maximum(np.take_along_axis(ranks, near, axis=1) - neighbors, 0).sum()
    return 1 - excess * 2 / (samples * neighbors * (2 * samples - 3 * neighbors - 1))


def test_log(activations, caplog):
    with caplog.at_level(logging.INFO, logger="evolution"):
        _, quality = embed(activations[1])
    others = ("Stranded dots", "Reviewed")
    times_told = [message for message in caplog.messages if not message.startswith(others)]
    assert times_told == [
        f"Epoch {time}: kl_divergence {divergence:.4f}, trustworthiness {trust:.4f}, drift {drift:.4f}"
        for time, divergence, trust, drift in zip(*quality.values())
    ]


@pytest.mark.parametrize("settings", [TSNE, FROM_SCRATCH], ids=["aligned", "from scratch"])
def test_quality_is_what_the_definitions_say(activations, settings):
    by_time, path = activations
    layouts, quality = embed(path, settings=settings)
    assert layouts.shape == (3, 120, 2) and layouts.dtype == np.float32
    assert list(quality) == ["time", "kl_divergence", "trustworthiness", "drift"]
    assert quality["time"] == [0, 2, 4]
    for raw, layout, divergence, trust in zip(by_time, layouts, quality["kl_divergence"], quality["trustworthiness"]):
        rows = unit_rows(raw)
        centered = (rows - rows.mean(axis=0)).astype(np.float64)
        scores = centered @ np.linalg.svd(centered)[2][:20].T
        affinities = PerplexityBasedNN(scores, perplexity=10, method="exact").P
        # Barnes-Hut rounds the sum of similarities, nothing else.
        assert divergence == pytest.approx(divergence_of(layout, affinities), abs=0.002)
        assert trust == pytest.approx(trustworthiness_of(rows, layout, 12), abs=1e-6)
        assert 0.1 < divergence < 1 and 0.9 < trust < 1
    if settings == TSNE:
        assert math.isnan(quality["drift"][0])
        assert quality["drift"][1:] == [drift(layouts[0], layouts[1]), drift(layouts[1], layouts[2])]
    else:
        assert all(math.isnan(value) for value in quality["drift"])


def test_trustworthiness_of_few_samples(tmp_path, features):
    rows = features[0][:20, :60]
    layouts, quality = embed(
        save(tmp_path / "a.npy", rows[None]),
        [0],
        settings=EmbeddingSettings("tsne", perplexity=4, pca_components=50),
        seed=0,
    )
    assert quality["trustworthiness"][0] == pytest.approx(trustworthiness_of(unit_rows(rows), layouts[0], 9), abs=1e-6)


def test_groups_that_are_far_apart_stay_apart(tmp_path):
    random = np.random.default_rng(0)
    groups = np.arange(90) % 3
    rows = 10 * np.eye(3, 40)[groups] + random.normal(size=(90, 40))
    layouts, _ = embed(
        save(tmp_path / "a.npy", rows[None].astype(np.float32)),
        [0],
        settings=EmbeddingSettings("tsne", perplexity=8, pca_components=20),
        seed=0,
    )
    between = distances(layouts[0])
    same = groups[:, None] == groups
    assert between[same].max() < between[~same].min()


def test_lengths_do_not_count(tmp_path, activations):
    by_time, path = activations
    longer = by_time * 2.0 ** (np.arange(120) % 7)[:, None].astype(np.float32)
    layouts, _ = embed(path)
    of_longer, _ = embed(save(tmp_path / "longer.npy", longer))
    np.testing.assert_array_equal(of_longer, layouts)


def test_the_same_seed_gives_the_same_bytes(activations):
    first, again, other = (embed(activations[1], seed=seed) for seed in (17, 17, 18))
    assert first[0].tobytes() == again[0].tobytes()
    assert str(first[1]) == str(again[1])
    assert first[0].tobytes() != other[0].tobytes()


@pytest.mark.parametrize("settings", [TSNE, FROM_SCRATCH], ids=["aligned", "from scratch"])
def test_a_span_cut_in_two_gives_the_same_bytes(tmp_path, activations, settings):
    by_time, path = activations
    whole, whole_quality = embed(path, settings=settings)
    first, _ = embed(save(tmp_path / "first.npy", by_time[:2]), [0, 2], settings=settings)
    previous = save(tmp_path / "previous.npy", first) if settings == TSNE else None
    second, quality = embed(
        save(tmp_path / "second.npy", by_time[2:]), [4], previous=previous, time_before=2, settings=settings
    )
    assert np.concatenate([first, second]).tobytes() == whole.tobytes()
    assert str(quality) == str({name: column[2:] for name, column in whole_quality.items()})


def test_going_on_from_the_epoch_before_is_steadier(activations):
    steady, quality = embed(activations[1])
    fresh, _ = embed(activations[1], settings=FROM_SCRATCH)
    np.testing.assert_array_equal(steady[0], fresh[0])
    drift_of_fresh = drift(fresh[0], fresh[1]) + drift(fresh[1], fresh[2])
    assert sum(quality["drift"][1:]) < 0.75 * drift_of_fresh
    # Without Procrustes too: what people see is the layout as it is.
    moved, moved_fresh = (np.median(np.linalg.norm(np.diff(layouts, axis=0), axis=2)) for layouts in (steady, fresh))
    assert moved < 0.75 * moved_fresh


def test_an_epoch_like_the_one_before_is_laid_out_much_like_it(tmp_path, activations):
    path = save(tmp_path / "still.npy", np.repeat(activations[0][:1], 2, axis=0))
    drifts = [embed(path, [0, 2], seed=seed)[1]["drift"][1] for seed in range(4)]
    assert 0 < np.mean(drifts) < 0.11


@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("width", [5, 60])
def test_rows_that_are_all_equal_are_laid_out_somehow(tmp_path, activations, value, width):
    alive_then_dead = np.concatenate([activations[0][:1, :, :width], np.full((2, 120, width), value, np.float32)])
    for order in (alive_then_dead, alive_then_dead[::-1]):
        layouts, quality = embed(save(tmp_path / "dead.npy", order))
        assert np.isfinite(layouts).all()
        assert np.isfinite(quality["kl_divergence"]).all() and np.isfinite(quality["trustworthiness"]).all()
        assert np.isfinite(quality["drift"][1:]).all()


def test_values_that_are_not_finite(tmp_path, activations):
    by_time, _ = activations
    by_time[1, 5, 7] = np.inf
    with pytest.raises(UserError, match=r"bad\.npy holds values that are not finite at epoch 2"):
        embed(save(tmp_path / "bad.npy", by_time))


def test_files_that_do_not_fit(tmp_path, activations):
    _, path = activations
    with pytest.raises(UserError, match=r"fc1\.npy is damaged"):
        embed(path, [0, 2])
    previous = save(tmp_path / "previous.npy", np.zeros((1, 119, 2), np.float32))
    with pytest.raises(UserError, match=r"previous\.npy is damaged"):
        embed(path, previous=previous, time_before=0)


@pytest.mark.parametrize("method", METHODS)
def test_dead_layers_are_laid_out_somehow(method, tmp_path, features):
    """Rows that are all equal, and times before and after such ones."""
    need(method)
    alive = features[0][None, :60]
    dead = np.ones_like(alive)
    np.save(tmp_path / "a.npy", np.concatenate([alive, dead, dead, alive]))
    layouts, quality = embed(str(tmp_path / "a.npy"), [0, 1, 2, 3], settings=EmbeddingSettings(method, **KEYS))
    assert np.isfinite(layouts).all() and np.isfinite(quality["trustworthiness"]).all()
    if method != "tsne":
        assert not layouts[1:3].any() and np.isnan(quality["drift"]).all()


@pytest.mark.parametrize(
    ("previous", "times", "expected"),
    [
        (None, [2, 3, 5], ["Epoch 2", "Epoch 3", "Reviewed", "Epoch 5"]),
        (None, [4, 5, 6], ["Epoch 4", "Epoch 5", "Epoch 6"]),
        (3, [4, 5, 6], ["Reviewed", "Epoch 4", "Epoch 5", "Epoch 6"]),
        (4, [5, 6, 7], ["Epoch 5", "Epoch 6", "Epoch 7"]),
    ],
)
def test_a_span_reviews_what_is_due_in_it(features, tmp_path, caplog, previous, times, expected):
    rows = features[0][:, :60]
    random = np.random.default_rng(1)
    np.save(tmp_path / "fc1.npy", np.stack([rows + step * random.normal(size=rows.shape) for step in (0, 0.1, 0.2)]))
    np.save(tmp_path / "before.npy", lay_out(unit_rows(rows), settings=TSNE, start=None, seed=17)[0][None])
    before = str(tmp_path / "before.npy") if previous is not None else None
    with caplog.at_level("INFO", logger="evolution"):
        embed(str(tmp_path / "fc1.npy"), times, previous=before, time_before=previous)
    told = [message.split(":")[0] for message in caplog.messages if not message.startswith("Stranded")]
    assert told == expected
