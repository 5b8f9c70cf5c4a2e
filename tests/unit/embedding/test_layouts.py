"""The embedding methods beside t-SNE: against scikit-learn's, closed forms, and what every layout must be."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from openTSNE.affinity import PerplexityBasedNN
from scipy.optimize import minimize
from scipy.spatial.distance import pdist, squareform
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

import embed
from evolution.activations.compaction import compact, unit_rows
from evolution.config.checks import check_installed
from evolution.config.resolve import resolve
from evolution.embedding import continuity, quality, tsne
from evolution.embedding.continuity import draw_back
from evolution.embedding.layout import lay_out
from evolution.embedding.methods import METHODS, missing_package, settings_read
from evolution.errors import ConfigError

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = {"perplexity": 10, "neighbors": 12, "pca_components": 20}
EXTRAS = [name for name, method in METHODS.items() if method.package]
TURN = np.array([[0.6, -0.8], [0.8, 0.6]])


def need(method):
    """Skip a test of a method that is not installed, or with REQUIRE_ALL=1 let it fail."""
    if package := missing_package(method):
        give_up = pytest.fail if os.environ.get("REQUIRE_ALL") == "1" else pytest.skip
        give_up(f"no {package}: pip install -r requirements-extras.txt")


@pytest.fixture(params=METHODS)
def method(request):
    need(request.param)
    return request.param


def lay(method, rows, start=None, seed=17):
    return lay_out(method, rows, SETTINGS, start, seed)[0]


@pytest.mark.parametrize("form", [np.asarray, compact], ids=["raw", "compact"])
def test_pca_is_scikit_learns(features, form):
    rows = unit_rows(features[0])
    scores = PCA(2, svd_solver="full").fit_transform(rows)
    layout = lay("pca", form(rows))
    for axis in (0, 1):
        sign = np.sign(scores[np.abs(scores[:, axis]).argmax(), axis])
        np.testing.assert_allclose(layout[:, axis], sign * scores[:, axis], atol=1e-5)


def test_pca_signs_do_not_depend_on_the_features_signs(features):
    """Where the data are mirrored about their centre, so is the layout; the furthest image is on the positive side."""
    rows = unit_rows(features[0][:, :30])
    layout = lay("pca", rows)
    assert (layout[np.abs(layout).argmax(axis=0), [0, 1]] > 0).all()
    mirrored = lay("pca", rows * np.where(np.arange(30) % 2, 1, -1).astype(np.float32))
    np.testing.assert_allclose(mirrored, layout, atol=1e-5)


@pytest.mark.parametrize("turn", [TURN, TURN @ np.diag([1, -1]), -np.eye(2)], ids=["turned", "mirrored", "half a turn"])
def test_pca_is_turned_to_the_epoch_before_and_never_scaled(features, turn):
    rows = unit_rows(features[0])
    alone = lay("pca", rows)
    before = 3 * alone @ turn + [5, -7]
    fitted = lay("pca", rows, before)
    np.testing.assert_allclose(fitted, alone @ turn, atol=1e-4)
    np.testing.assert_allclose(pdist(fitted), pdist(alone), atol=1e-4)


def test_pca_of_a_single_feature(features):
    layout = lay("pca", features[0][:, :1])
    np.testing.assert_allclose(np.abs(layout[:, 0]), np.abs(features[0][:, 0] - features[0][:, 0].mean()), atol=1e-5)
    assert not layout[:, 1].any()


def test_every_method_puts_like_beside_like(method, features):
    """200 digits of ten classes: their neighbours in the plane vote right, which by chance one in ten would."""
    rows, labels = unit_rows(features[0]), features[1]
    layout = lay(method, rows)
    assert layout.shape == (200, 2) and layout.dtype == np.float32 and np.isfinite(layout).all()
    votes = [
        KNeighborsClassifier(5).fit(np.delete(layout, place, 0), np.delete(labels, place)).predict(layout[[place]])[0]
        for place in range(200)
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
    """Handed a layout that is turned by a right angle, a method goes on from it; afresh it knows nothing of it."""
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
    _, divergence = lay_out(method, unit_rows(features[0]), SETTINGS, None, 0)
    assert np.isnan(divergence) == (method != "tsne")


def test_dead_layers_are_laid_out_somehow(method, tmp_path, features):
    """Rows that are all equal, and epochs before and after such ones."""
    alive = features[0][None, :60]
    dead = np.ones_like(alive)
    np.save(tmp_path / "a.npy", np.concatenate([alive, dead, dead, alive]))
    layouts, quality = embed.embed_span(str(tmp_path / "a.npy"), None, [0, 1, 2, 3], method, SETTINGS, True, 17)
    assert np.isfinite(layouts).all() and np.isfinite(quality["trustworthiness"]).all()
    if method != "tsne":
        assert not layouts[1:3].any() and np.isnan(quality["drift"]).all()


def test_drift_of_points_that_are_one_is_not_defined():
    layout = np.random.default_rng(0).normal(size=(30, 2))
    assert np.isnan(quality.drift(np.zeros((30, 2)), layout)) and np.isnan(quality.drift(layout, np.ones((30, 2))))


@pytest.mark.parametrize("name", sorted(METHODS.keys() - set(EXTRAS)))
def test_a_job_loads_the_library_of_its_method_only(name):
    code = (
        "import sys, numpy as np, embed; from evolution.layouts import lay_out; "
        f"lay_out({name!r}, np.random.default_rng(0).random((60, 30), np.float32), {SETTINGS}, None, 0); "
        "print(*(name for name in ('openTSNE', 'umap', 'pacmap', 'torch', 'matplotlib') if name in sys.modules))"
    )
    scripts = Path(embed.__file__).parent
    done = subprocess.run([sys.executable, "-c", code], cwd=scripts, capture_output=True, text=True, check=True)
    assert done.stdout.split() == {"tsne": ["openTSNE"], "pca": []}[name]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_reads_its_own_keys(name):
    embedding = resolve({"embedding": {"method": name}})["embedding"]
    read = settings_read(embedding)
    assert set(read) == {"method", "alignment", *METHODS[name].reads}
    assert set(METHODS[name].reads) <= set(SETTINGS)


@pytest.mark.parametrize("name", EXTRAS)
def test_a_method_that_is_not_installed_stops_the_config(name, monkeypatch):
    config = resolve({"embedding": {"method": name}})
    monkeypatch.setattr("evolution.methods.find_spec", lambda module: None)
    with pytest.raises(ConfigError) as error:
        check_installed(config)
    message = str(error.value)
    assert message.startswith(f"embedding.method: {name} needs the package {METHODS[name].package}, which is not inst")
    assert "pip install -r requirements-extras.txt" in message
    check_installed(resolve({}))


@pytest.mark.parametrize(
    ("embedding", "key"),
    [
        ({"method": "umap", "neighbors": 60}, "embedding.neighbors: 60 is too large"),
        ({"method": "pacmap", "neighbors": 20}, "embedding.neighbors: 20 is too large"),
        ({"method": "umap", "neighbors": 59, "pca_components": 61}, "embedding.pca_components: 61 is too large"),
        ({"method": "tsne", "neighbors": 500}, "embedding.perplexity: 30 is too large"),
        ({"method": "unap"}, "embedding.method: 'unap' is not allowed"),
    ],
)
def test_sizes_of_the_method_are_checked_and_of_no_other(embedding, key):
    with pytest.raises(ConfigError) as error:
        resolve({"dataset": {"eval_size": 60}, "embedding": embedding})
    (line,) = str(error.value).split("\n")
    assert line.startswith(key)


def test_what_another_method_reads_may_be_anything():
    for embedding in ({"method": "pca", "perplexity": 500, "pca_components": 500, "neighbors": 500},):
        resolve({"dataset": {"eval_size": 60}, "embedding": embedding})
    resolve({"dataset": {"eval_size": 60}, "embedding": {"method": "pacmap", "neighbors": 19, "perplexity": 400}})


def test_drawing_back_pays_for_movement():
    """Against a numerical minimum of squared distance to the layout and the price on the way from the start."""
    random = np.random.default_rng(3)
    start = random.normal(size=(6, 2))
    layout = start + random.normal(size=(6, 2)) * np.array([[0], [0.01], [0.1], [0.3], [1], [2]])
    distance = 0.2
    price = distance * np.sqrt(np.square(start - start.mean(0)).sum(1).mean())
    for share, cost in (
        (0, lambda way: price * np.linalg.norm(way)),
        (0.25, lambda way: 0.25 / 0.75 / 2 * way @ way),
    ):
        drawn = draw_back(layout, start, share, 0 if share else distance)
        for dot, begun, found in zip(layout, start, drawn):
            loss = lambda place: (place - dot) @ (place - dot) / 2 + cost(place - begun)  # noqa: E731, B023
            best = minimize(loss, dot, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12}).x
            np.testing.assert_allclose(found, best, atol=1e-4)
    still = draw_back(layout, start, 0, distance)
    np.testing.assert_array_equal(still[:2], start[:2])


def test_tsne_of_unchanged_data_stays(features):
    rows = unit_rows(features[0])
    first = lay("tsne", rows)
    assert quality.drift(first, lay("tsne", rows, first)) < 0.02


def test_kept_neighbors_by_hand():
    """Two pairs of dots, and rows that are paired the same way, then the other. Two of three others count as near."""
    layout = np.array([[0, 0], [0, 1], [9, 0], [9, 1]])
    pairs = np.array([[0.0], [1], [8], [9]])
    near = np.ones((4, 2))
    assert continuity.kept_neighbors(layout, pairs, near) == pytest.approx(1)
    assert continuity.kept_neighbors(layout, pairs[[0, 2, 1, 3]], near) == pytest.approx((0 - 2 / 3) / (1 - 2 / 3))


@pytest.mark.parametrize(("samples", "perplexity"), [(40, 10), (100, 30), (200, 2), (200, 5), (200, 60)])
@pytest.mark.parametrize("copies", [0, 0.6], ids=["", "copies"])
def test_tsne_of_unchanged_data_goes_on_and_not_from_a_layout_that_says_nothing(
    features, caplog, samples, perplexity, copies
):
    rows = unit_rows(features[0][:samples]).copy()
    rows[: int(copies * samples)] = rows[0]
    settings = SETTINGS | {"perplexity": perplexity}
    first, _ = lay_out("tsne", rows, settings, None, 17)
    with caplog.at_level("INFO", logger="evolution"):
        lay_out("tsne", rows, settings, first, 17)
        assert "afresh" not in caplog.text
        if not copies:
            lay_out("tsne", rows, settings, np.random.default_rng(0).normal(size=(samples, 2)), 17)
            assert "afresh" in caplog.text


def test_tsne_takes_the_affinities_that_opentsne_finds_by_itself(features):
    """The reported divergence is that of openTSNE's own exact affinities, by its definition."""
    rows = unit_rows(features[0])[:, :20].copy()
    layout, divergence = tsne.tsne(rows, 10, None, 17)
    wanted = PerplexityBasedNN(rows, perplexity=10, method="exact").P.toarray()
    weights = 1 / (1 + squareform(pdist(layout.astype(float), "sqeuclidean")))
    np.fill_diagonal(weights, 0)
    some = wanted > 0
    expected = (wanted[some] * np.log(wanted[some] / (weights / weights.sum())[some])).sum()
    assert divergence == pytest.approx(expected, rel=0.01)


def test_tsne_from_a_layout_of_other_data_starts_afresh(features, caplog):
    """A shuffled layout says nothing of the rows; what comes of it is as good as a layout from nothing."""
    rows = unit_rows(features[0])
    first, divergence = lay_out("tsne", rows, SETTINGS, None, 17)
    shuffled = first[np.random.default_rng(0).permutation(len(first))]
    with caplog.at_level("INFO"):
        again, found = lay_out("tsne", rows, SETTINGS, shuffled, 17)
    assert "afresh" in caplog.text
    assert found < 1.1 * divergence
    np.testing.assert_allclose(
        embed.trustworthiness(rows, again, 5, 0), embed.trustworthiness(rows, first, 5, 0), atol=0.02
    )
    caplog.clear()
    lay("tsne", rows, first)
    assert not caplog.text
