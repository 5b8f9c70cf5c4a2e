"""What every layout must be, whatever the method; and the principal components that layouts are made of."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

import embed
from evolution.activations.compaction import compact, unit_rows
from evolution.embedding import layout as layout_module
from evolution.embedding.layout import EmbeddingSettings, lay_out, principal_components, without_padding
from evolution.embedding.methods import METHODS
from support.embedding_methods import EXTRAS, KEYS, need

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(params=METHODS)
def method(request):
    need(request.param)
    return request.param


def lay(method, rows, start=None, seed=17):
    return lay_out(rows, settings=EmbeddingSettings(method, **KEYS), start=start, seed=seed)[0]


def test_every_method_puts_like_next_to_like(method, features):
    """200 digits of ten classes: their neighbours in the plane vote right, which by chance one in ten would."""
    rows, labels = unit_rows(features[0]), features[1]
    layout = lay(method, rows)
    assert layout.shape == (200, 2) and layout.dtype == np.float32 and np.isfinite(layout).all()
    votes = [
        KNeighborsClassifier(5).fit(np.delete(layout, index, 0), np.delete(labels, index)).predict(layout[[index]])[0]
        for index in range(200)
    ]
    assert np.mean(np.array(votes) == labels) > (0.45 if method == "pca" else 0.75)


def test_the_same_seed_gives_the_same_bytes(method, features):
    rows = unit_rows(features[0])
    first, again = lay(method, rows), lay(method, rows)
    assert first.tobytes() == again.tobytes()
    assert lay(method, rows, first).tobytes() == lay(method, rows, again).tobytes()
    if method != "pca":
        assert lay(method, rows, seed=18).tobytes() != first.tobytes()


def test_an_epoch_starts_from_the_one_before(method, features):
    """A method goes on from a layout turned by a right angle; a layout from scratch knows nothing of the turn."""
    rows = unit_rows(features[0])
    fresh = lay(method, rows)
    turned = (fresh - fresh.mean(axis=0)) @ np.array([[0, 1], [-1, 0]])
    continued = lay(method, rows, turned.astype(np.float32))

    def agreement(one, other):
        one, other = one - one.mean(axis=0), other - other.mean(axis=0)
        return (one * other).sum() / np.linalg.norm(one) / np.linalg.norm(other)

    assert agreement(continued, turned) > 0.8
    assert agreement(fresh, turned) < 0.5


def test_only_t_sne_has_a_kl_divergence(method, features):
    _, divergence = lay_out(unit_rows(features[0]), settings=EmbeddingSettings(method, **KEYS), start=None, seed=0)
    assert np.isnan(divergence) == (method != "tsne")


@pytest.mark.parametrize("name", sorted(METHODS.keys() - set(EXTRAS)))
def test_a_job_loads_the_library_of_its_method_only(name):
    code = (
        "import sys, numpy as np, embed; from evolution.embedding.layout import EmbeddingSettings, lay_out; "
        "rows = np.random.default_rng(0).random((60, 30), np.float32); "
        f"lay_out(rows, settings=EmbeddingSettings({name!r}, **{KEYS}), start=None, seed=0); "
        "print(*(name for name in ('openTSNE', 'umap', 'pacmap', 'torch', 'matplotlib') if name in sys.modules))"
    )
    scripts = Path(embed.__file__).parent
    done = subprocess.run([sys.executable, "-c", code], cwd=scripts, capture_output=True, text=True, check=True)
    assert done.stdout.split() == {"tsne": ["openTSNE"], "pca": []}[name]


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_a_layout_from_scratch_or_of_equal_rows_is_not_reviewed(features, caplog, method):
    rows, settings = unit_rows(features[0]), EmbeddingSettings(method, **KEYS)
    with caplog.at_level("INFO", logger="evolution"):
        lay_out(rows, settings=settings, start=None, seed=17, reviewed=True)
        same = np.repeat(rows[:1], len(rows), axis=0)
        start = np.random.default_rng(0).normal(size=(len(rows), 2))
        layout, _ = lay_out(same, settings=settings, start=start, seed=17, reviewed=True)
    assert not caplog.messages
    assert np.isfinite(layout).all()


def test_narrow_rows_stay_as_they_are(features):
    rows = features[0][:, :20]
    assert principal_components(rows, number=20, seed=0) is rows
    assert principal_components(rows, number=50, seed=0) is rows


@pytest.mark.parametrize("features_kept", [50, 200, 600])
@pytest.mark.parametrize("form", [np.asarray, compact], ids=["raw", "compact"])
def test_wide_rows_are_reduced_to_principal_components(features, features_kept, form):
    rows = unit_rows(features[0][:, :features_kept])
    components = principal_components(form(rows), number=20, seed=0)
    assert components.shape == (200, 20)
    centered = (rows - rows.mean(axis=0)).astype(np.float64)
    left, values, _ = np.linalg.svd(centered, full_matrices=False)
    scores = left[:, :20] * values[:20]
    np.testing.assert_allclose(components @ components.T, scores @ scores.T, atol=1e-5)
    spread = components.std(axis=0)
    assert (np.diff(spread) < 0).all()


@pytest.mark.parametrize("covariance", [1000, 0], ids=["covariance", "random projection"])
@pytest.mark.parametrize("form", [np.asarray, compact], ids=["raw", "compact"])
def test_principal_components_of_many_samples(features, monkeypatch, form, covariance):
    """Against a singular value decomposition: as much of the variance, and the same distances."""
    monkeypatch.setattr(layout_module, "LANCZOS_SAMPLES", 100)
    monkeypatch.setattr(layout_module, "COVARIANCE_FEATURES", covariance)
    rows = unit_rows(features[0])
    components = principal_components(form(rows), number=20, seed=0)
    again = principal_components(form(rows), number=20, seed=0)
    assert components.dtype == np.float32 and components.tobytes() == again.tobytes()
    centered = (rows - rows.mean(axis=0)).astype(np.float64)
    left, values, _ = np.linalg.svd(centered, full_matrices=False)
    scores = left[:, :20] * values[:20]
    assert np.square(components).sum() == pytest.approx(np.square(scores).sum(), rel=1e-5)
    np.testing.assert_allclose(components @ components.T, scores @ scores.T, atol=1e-3)


def test_padding_is_left_out_of_many_rows_alone(monkeypatch):
    rows = np.random.default_rng(0).normal(size=(30, 40)).astype(np.float32)
    rows[:, [3, *range(20, 40)]] = 0
    assert without_padding(rows) is rows
    monkeypatch.setattr(layout_module, "LANCZOS_SAMPLES", 10)
    np.testing.assert_array_equal(without_padding(rows), rows[:, :20])
    assert without_padding(rows[:, :20]).shape == (30, 20)
    # One feature would be scaled and not turned into directions.
    rows[:, 1:] = 0
    assert without_padding(rows).shape == without_padding(0 * rows).shape == (30, 2)
    assert without_padding(rows[:, :1]).shape == without_padding(0 * rows[:, :1]).shape == (30, 1)


def test_principal_components_never_meet_more_features_than_samples(features, monkeypatch):
    """The covariance of conv1's 25088 features would take hours."""
    shapes, fit_transform = [], PCA.fit_transform

    def watched(self, rows):
        shapes.append(rows.shape)
        return fit_transform(self, rows)

    monkeypatch.setattr(PCA, "fit_transform", watched)
    principal_components(features[0], number=20, seed=0)
    assert shapes == [(200, 200)]


def test_no_more_components_than_samples(features):
    assert principal_components(features[0][:15], number=50, seed=0).shape == (15, 15)


@pytest.mark.parametrize("method", [method for method in METHODS if method not in EXTRAS])
def test_rows_of_one_feature_are_laid_out_by_it(method):
    """As the output of a network that predicts one number."""
    rows = np.random.default_rng(0).normal(size=(60, 1)).astype(np.float32)
    layout, _ = lay_out(rows, settings=EmbeddingSettings(method, **KEYS), start=None, seed=1)
    nearest = KNeighborsClassifier(1).fit(layout, np.arange(60)).kneighbors(return_distance=False)[:, 0]
    true = KNeighborsClassifier(1).fit(rows, np.arange(60)).kneighbors(return_distance=False)[:, 0]
    assert (nearest == true).mean() > 0.5
