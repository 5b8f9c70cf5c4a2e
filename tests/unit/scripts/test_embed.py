import logging
import math

import numpy as np
import pytest
from openTSNE.affinity import PerplexityBasedNN
from scipy.spatial.distance import pdist, squareform

import embed
from evolution.activations.compaction import compact, unit_rows
from evolution.embedding import layout as layout_module
from evolution.embedding import quality, tsne
from evolution.errors import UserError

pytestmark = pytest.mark.usefixtures("one_thread")

TSNE = {"perplexity": 10, "pca_components": 20}
FEW = {"perplexity": 4, "pca_components": 50}
SETTINGS = {"method": "tsne", "settings": TSNE, "aligned": True, "seed": 17}


@pytest.fixture
def activations(tmp_path, features):
    """Three epochs of a layer, each a little away from the one before: float32 (3, 120, 60), and the file's path."""
    random = np.random.default_rng(1)
    rows = features[0][:120, :60]
    epochs = np.stack([rows + 0.6 * step * random.normal(size=rows.shape) for step in range(3)]).astype(np.float32)
    np.save(tmp_path / "fc1.npy", epochs)
    return epochs, str(tmp_path / "fc1.npy")


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
    """Venna and Kaski (2001): how far away in the data the layout's neighbours are, that are none there."""
    samples = len(rows)
    order = distances(rows) + np.diag(np.full(samples, -1.0))
    ranks = order.argsort(axis=1).argsort(axis=1)
    near = (distances(layout) + np.diag(np.full(samples, np.inf))).argsort(axis=1)[:, :neighbors]
    excess = np.maximum(np.take_along_axis(ranks, near, axis=1) - neighbors, 0).sum()
    return 1 - excess * 2 / (samples * neighbors * (2 * samples - 3 * neighbors - 1))


def test_narrow_rows_stay_as_they_are(features):
    rows = features[0][:, :20]
    assert layout_module.principal_components(rows, 20, 0) is rows
    assert layout_module.principal_components(rows, 50, 0) is rows


@pytest.mark.parametrize("features_kept", [50, 200, 600])
@pytest.mark.parametrize("form", [np.asarray, compact], ids=["raw", "compact"])
def test_wide_rows_are_reduced_to_principal_components(features, features_kept, form):
    rows = unit_rows(features[0][:, :features_kept])
    reduced = layout_module.principal_components(form(rows), 20, 0)
    assert reduced.shape == (200, 20)
    centered = (rows - rows.mean(axis=0)).astype(np.float64)
    left, values, _ = np.linalg.svd(centered, full_matrices=False)
    scores = left[:, :20] * values[:20]
    np.testing.assert_allclose(reduced @ reduced.T, scores @ scores.T, atol=1e-5)
    spread = reduced.std(axis=0)
    assert (np.diff(spread) < 0).all()


def test_principal_components_never_meet_more_features_than_samples(features, monkeypatch):
    """The covariance of conv1's 25088 features would take hours."""
    shapes = []

    class Watched(tsne.PCA):
        def fit_transform(self, rows):
            shapes.append(rows.shape)
            return super().fit_transform(rows)

    monkeypatch.setattr(tsne, "PCA", Watched)
    layout_module.principal_components(features[0], 20, 0)
    assert shapes == [(200, 200)]


def test_no_more_components_than_samples(features):
    assert layout_module.principal_components(features[0][:15], 50, 0).shape == (15, 15)


def test_log(activations, caplog):
    with caplog.at_level(logging.INFO, logger="evolution"):
        _, quality = embed.embed_span(activations[1], None, [0, 2, 4], **SETTINGS)
    others = ("Stranded dots", "Reviewed")
    epochs_told = [message for message in caplog.messages if not message.startswith(others)]
    assert epochs_told == [
        f"Epoch {epoch}: kl_divergence {divergence:.4f}, trustworthiness {trust:.4f}, drift {drift:.4f}"
        for epoch, divergence, trust, drift in zip(*quality.values())
    ]


@pytest.mark.parametrize("aligned", [True, False])
def test_quality_is_what_the_definitions_say(activations, aligned):
    layers, path = activations
    layouts, quality = embed.embed_span(path, None, [0, 2, 4], **SETTINGS | {"aligned": aligned})
    assert layouts.shape == (3, 120, 2) and layouts.dtype == np.float32
    assert list(quality) == ["epoch", "kl_divergence", "trustworthiness", "drift"]
    assert quality["epoch"] == [0, 2, 4]
    for layer, layout, divergence, trust in zip(layers, layouts, quality["kl_divergence"], quality["trustworthiness"]):
        rows = unit_rows(layer)
        centered = (rows - rows.mean(axis=0)).astype(np.float64)
        scores = centered @ np.linalg.svd(centered)[2][:20].T
        affinities = PerplexityBasedNN(scores, perplexity=10, method="exact").P
        # Barnes-Hut rounds the sum of similarities, nothing else.
        assert divergence == pytest.approx(divergence_of(layout, affinities), abs=0.002)
        assert trust == pytest.approx(trustworthiness_of(rows, layout, 12), abs=1e-6)
        assert 0.1 < divergence < 1 and 0.9 < trust < 1
    if aligned:
        assert math.isnan(quality["drift"][0])
        assert quality["drift"][1:] == [quality.drift(layouts[0], layouts[1]), quality.drift(layouts[1], layouts[2])]
    else:
        assert all(math.isnan(value) for value in quality["drift"])


def test_trustworthiness_of_few_samples(tmp_path, features):
    rows = features[0][:20, :60]
    layouts, quality = embed.embed_span(
        save(tmp_path / "a.npy", rows[None]), None, [0], "tsne", {"perplexity": 4, "pca_components": 50}, True, 0
    )
    assert quality["trustworthiness"][0] == pytest.approx(trustworthiness_of(unit_rows(rows), layouts[0], 9), abs=1e-6)


def test_groups_that_are_far_apart_stay_apart(tmp_path):
    random = np.random.default_rng(0)
    groups = np.arange(90) % 3
    rows = 10 * np.eye(3, 40)[groups] + random.normal(size=(90, 40))
    layouts, _ = embed.embed_span(
        save(tmp_path / "a.npy", rows[None].astype(np.float32)),
        None,
        [0],
        "tsne",
        {"perplexity": 8, "pca_components": 20},
        True,
        0,
    )
    between = distances(layouts[0])
    same = groups[:, None] == groups
    assert between[same].max() < between[~same].min()


def test_lengths_do_not_count(tmp_path, activations):
    layers, path = activations
    longer = layers * 2.0 ** (np.arange(120) % 7)[:, None].astype(np.float32)
    layouts, _ = embed.embed_span(path, None, [0, 2, 4], **SETTINGS)
    of_longer, _ = embed.embed_span(save(tmp_path / "longer.npy", longer), None, [0, 2, 4], **SETTINGS)
    np.testing.assert_array_equal(of_longer, layouts)


def test_the_same_seed_gives_the_same_bytes(activations):
    first, again, other = (
        embed.embed_span(activations[1], None, [0, 2, 4], **SETTINGS | {"seed": seed}) for seed in (17, 17, 18)
    )
    assert first[0].tobytes() == again[0].tobytes()
    assert str(first[1]) == str(again[1])
    assert first[0].tobytes() != other[0].tobytes()


@pytest.mark.parametrize("aligned", [True, False])
def test_a_span_cut_in_two_gives_the_same_bytes(tmp_path, activations, aligned):
    layers, path = activations
    settings = SETTINGS | {"aligned": aligned}
    whole, whole_quality = embed.embed_span(path, None, [0, 2, 4], **settings)
    first, _ = embed.embed_span(save(tmp_path / "first.npy", layers[:2]), None, [0, 2], **settings)
    previous = save(tmp_path / "previous.npy", first) if aligned else None
    second, quality = embed.embed_span(
        save(tmp_path / "second.npy", layers[2:]), previous, [4], epoch_before=2, **settings
    )
    assert np.concatenate([first, second]).tobytes() == whole.tobytes()
    assert str(quality) == str({name: column[2:] for name, column in whole_quality.items()})


def test_going_on_from_the_epoch_before_is_steadier(activations):
    steady, quality = embed.embed_span(activations[1], None, [0, 2, 4], **SETTINGS)
    fresh, _ = embed.embed_span(activations[1], None, [0, 2, 4], **SETTINGS | {"aligned": False})
    np.testing.assert_array_equal(steady[0], fresh[0])
    drift_of_fresh = quality.drift(fresh[0], fresh[1]) + quality.drift(fresh[1], fresh[2])
    assert sum(quality["drift"][1:]) < 0.75 * drift_of_fresh
    # Without Procrustes too: what people see is the layout as it is.
    moved, moved_fresh = (np.median(np.linalg.norm(np.diff(layouts, axis=0), axis=2)) for layouts in (steady, fresh))
    assert moved < 0.75 * moved_fresh


def test_an_epoch_like_the_one_before_is_laid_out_much_like_it(tmp_path, activations):
    path = save(tmp_path / "still.npy", np.repeat(activations[0][:1], 2, axis=0))
    drifts = [embed.embed_span(path, None, [0, 2], **SETTINGS | {"seed": seed})[1]["drift"][1] for seed in range(4)]
    assert 0 < np.mean(drifts) < 0.11


TURN = np.array([[0.6, -0.8], [0.8, 0.6]])
MIRROR = np.array([[1, 0], [0, -1]])


@pytest.mark.parametrize("turn", [np.eye(2), TURN, MIRROR, TURN @ MIRROR, -TURN])
def test_drift_ignores_turn_scale_and_shift(turn):
    layout = np.random.default_rng(0).normal(size=(30, 2))
    assert quality.drift(layout, 3 * layout @ turn + [5, -7]) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("turn", [np.eye(2), TURN, TURN @ MIRROR])
@pytest.mark.parametrize("scale", [1e-3, 1, 50])
def test_drift_by_hand(turn, scale):
    """A square, with two points at the left and right corners, becomes a rhombus twice as wide as high.

    Both have their centre in 0. With unit root mean square radius the square's corners are at 1 and the rhombus' at
    2 t and t, with t = 1 / sqrt(3). Procrustes scales the rhombus by 5 t / 3 to bring it nearest, which puts them at
    10 / 9 and 5 / 9: four points have moved by 1 / 9 and two by 4 / 9.
    """
    square = np.array([[1, 0], [1, 0], [0, 1], [-1, 0], [-1, 0], [0, -1]], float)
    rhombus = square * [2, 1]
    assert quality.drift(square, scale * rhombus @ turn + 3) == pytest.approx(1 / 9)


@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("width", [5, 60])
def test_rows_that_are_all_equal_are_laid_out_somehow(tmp_path, activations, value, width):
    layers = np.concatenate([activations[0][:1, :, :width], np.full((2, 120, width), value, np.float32)])
    for order in (layers, layers[::-1]):
        layouts, quality = embed.embed_span(save(tmp_path / "dead.npy", order), None, [0, 2, 4], **SETTINGS)
        assert np.isfinite(layouts).all()
        assert np.isfinite(quality["kl_divergence"]).all() and np.isfinite(quality["trustworthiness"]).all()
        assert np.isfinite(quality["drift"][1:]).all()


def test_values_that_are_not_finite(tmp_path, activations):
    layers, _ = activations
    layers[1, 5, 7] = np.inf
    with pytest.raises(UserError, match=r"bad\.npy holds values that are not finite at epoch 2"):
        embed.embed_span(save(tmp_path / "bad.npy", layers), None, [0, 2, 4], **SETTINGS)


def test_files_that_do_not_fit(tmp_path, activations):
    _, path = activations
    with pytest.raises(UserError, match=r"fc1\.npy is damaged"):
        embed.embed_span(path, None, [0, 2], **SETTINGS)
    previous = save(tmp_path / "previous.npy", np.zeros((1, 119, 2), np.float32))
    with pytest.raises(UserError, match=r"previous\.npy is damaged"):
        embed.embed_span(path, previous, [0, 2, 4], **SETTINGS)
