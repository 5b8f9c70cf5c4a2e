"""The figures of classes and single images: separation, confusion, hard ones."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

import plot_class_separation
import plot_confusion
import plot_samples
from evolution.io.arrays import save_npy, save_npz
from evolution.io.tables import save_table
from support.figures import assert_readable, write_cells

RANDOM = np.random.default_rng(0)


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were saved, instead of their files."""
    figures = []
    for module in (plot_class_separation, plot_confusion, plot_samples):
        monkeypatch.setattr(module, "save_figure", lambda figure, paths: figures.append(figure))
    return figures


def write_run(folder, classes, samples, epochs, shape=(1, 8, 8)):
    """A dataset and predictions that get better with the epochs."""
    labels = np.arange(samples) % classes
    images = RANDOM.integers(0, 256, (samples, *shape)).astype(np.uint8)
    names = np.array([f"class {place}" for place in range(classes)])
    save_npz(folder / "d.npz", eval_images=images, eval_labels=labels, class_names=names)
    wrong = RANDOM.random((len(epochs), samples)) > np.linspace(0.1, 0.9, len(epochs))[:, None]
    predicted = np.where(wrong, (labels + 1) % classes, labels)
    table = {"epoch": np.repeat(epochs, samples), "sample": np.tile(np.arange(samples), len(epochs))}
    confidence = RANDOM.random(predicted.size)
    save_table(folder / "p.parquet", table | {"predicted": predicted.ravel(), "confidence": confidence})
    return str(folder / "d.npz"), [str(folder / "p.parquet")], labels, predicted


def test_class_accuracies_by_hand():
    votes = np.array([[0, 0, 1, 1, 0], [0, 1, 1, 1, 1], [-1, -1, -1, -1, -1]])
    labels = np.array([0, 0, 1, 1, 1])
    np.testing.assert_allclose(
        plot_class_separation.class_accuracies(votes, labels, 3),
        [[1, 0.5, np.nan], [2 / 3, 1, np.nan], [np.nan] * 3],
    )


def test_columns_meet_half_way_between_epochs():
    np.testing.assert_array_equal(plot_class_separation.cell_edges([0, 2, 5, 10]), [-1, 1, 3.5, 7.5, 12.5])
    np.testing.assert_array_equal(plot_class_separation.cell_edges([4]), [3.5, 4.5])


@pytest.mark.parametrize(("classes", "layers", "epochs"), [(10, 5, [0, 2, 5, 10]), (100, 8, [0, 1]), (2, 1, [0])])
def test_separation_is_drawn_on_one_scale(classes, layers, epochs, drawn, tmp_path):
    dataset, _, labels, _ = write_run(tmp_path, classes, 200, epochs)
    names, cells, shares = ["pixels", *(f"layer{place}" for place in range(layers))], {}, {}
    for layer in names:
        of_layer = [0] if layer == "pixels" else epochs
        votes = np.where(RANDOM.random((len(of_layer), 200)) < 0.8, labels, 0)
        save_npy(tmp_path / f"{layer}.npy", votes.astype(np.int16))
        cells |= {(epoch, layer): (str(tmp_path / f"{layer}.npy"), place) for place, epoch in enumerate(of_layer)}
        shares[layer] = [[(vote[labels == k] == k).mean() for vote in votes] for k in range(classes)]
    plot_class_separation.plot_class_separation(dataset, cells, epochs, names, "x.png", 80)
    (figure,) = drawn
    assert_readable(figure)
    meshes = [axes.collections[0] for axes in figure.axes[: len(names)]]
    assert len({mesh.get_clim() for mesh in meshes}) == 1
    for layer, mesh in zip(names, meshes):
        wanted = np.broadcast_to(shares[layer], (classes, len(epochs)))
        np.testing.assert_allclose(np.asarray(mesh.get_array()).reshape(classes, -1), wanted)
    low, high = meshes[0].get_clim()
    assert high == 1 and low <= min(np.min(share) for share in shares.values())


def test_confusion_agrees_with_scikit_learn():
    labels, predicted = RANDOM.integers(0, 4, 100), RANDOM.integers(0, 5, 100)
    shares = plot_confusion.confusion_shares(predicted, labels, 5)
    expected = confusion_matrix(labels, predicted, labels=range(5))
    np.testing.assert_allclose(shares[:4], expected[:4] / expected[:4].sum(axis=1, keepdims=True))
    assert np.isnan(shares[4]).all()


@pytest.mark.parametrize(("classes", "epochs"), [(10, [0, 2, 5, 10, 20]), (2, [0]), (100, [0, 1])])
def test_confusion_is_drawn(classes, epochs, drawn, tmp_path):
    dataset, predictions, labels, predicted = write_run(tmp_path, classes, 300, epochs)
    plot_confusion.plot_confusion(dataset, predictions, epochs, "x.png", 80)
    (figure,) = drawn
    assert_readable(figure)
    for place, epoch in enumerate(epochs):
        axes = figure.axes[place]
        assert axes.get_title(loc="left") == f"epoch {epoch}"
        assert axes.get_title(loc="right") == f"accuracy {(predicted[place] == labels).mean():.2f}"
        expected = confusion_matrix(labels, predicted[place], normalize="true")
        np.testing.assert_allclose(np.asarray(axes.images[0].get_array()), expected)


def test_a_sample_is_learned_where_its_last_run_of_right_answers_starts():
    right = np.array([[1, 0, 1, 0], [0, 0, 1, 1], [1, 0, 1, 0], [1, 1, 1, 0]], bool)
    np.testing.assert_array_equal(plot_samples.learned_at(right), [2, 3, 0, 4])


def test_path_lengths_by_hand():
    # Two points at distance 2 have a radius of 1; what both do together is no movement.
    layouts = np.array([[[-1, 0], [1, 0]], [[9, 0], [11, 0]], [[0, -1], [0, 1]]], float)
    np.testing.assert_allclose(plot_samples.path_lengths(layouts), [np.sqrt(2), np.sqrt(2)])
    np.testing.assert_allclose(plot_samples.path_lengths(2 * layouts), [np.sqrt(2), np.sqrt(2)])


@pytest.mark.parametrize(("samples", "shape"), [(60, (1, 8, 8)), (60, (3, 8, 8)), (4, (1, 8, 8))])
def test_samples_are_drawn_under_what_they_are(samples, shape, drawn, tmp_path):
    epochs = [0, 2, 5]
    dataset, predictions, labels, predicted = write_run(tmp_path, 4, samples, epochs, shape)
    cells = write_cells(tmp_path, epochs, ["fc"], samples)
    plot_samples.plot_samples(dataset, predictions, cells, epochs, "fc", "x.png", 80)
    (figure,) = drawn
    assert_readable(figure)
    with np.load(dataset) as archive:
        images = archive["eval_images"]
    wrong_at_the_end = np.flatnonzero(predicted[-1] != labels)
    rows = np.array_split(np.array(figure.axes), 3)
    for kind, row in enumerate(rows):
        for axes in row:
            if not axes.images:
                continue
            *what, when, number = axes.texts[0].get_text().splitlines()
            what = " ".join(what)
            sample = int(number[1:])
            np.testing.assert_array_equal(
                np.asarray(axes.images[0].get_array()), images[sample].transpose(1, 2, 0).squeeze()
            )
            assert what.startswith(f"class {labels[sample]}")
            if kind == 0:
                since = epochs.index(int(when.removeprefix("epoch ")))
                assert (predicted[since:, sample] == labels[sample]).all()
                assert predicted[since - 1, sample] != labels[sample]
                assert what.endswith(f"not class {predicted[since - 1, sample]}")
            if kind == 1:
                assert sample in wrong_at_the_end
    assert sum(bool(axes.images) for axes in rows[1]) == min(12, len(wrong_at_the_end))
