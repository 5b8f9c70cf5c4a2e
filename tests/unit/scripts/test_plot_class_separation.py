"""The figure of when each class comes apart."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.text import Text

from evolution.figures.style import FigureStyle
from plot_class_separation import class_accuracies, label_precisions, plot_class_separation, telling_rows
from support.figures import (
    PAPER_CLASSES,
    PAPER_EPOCHS,
    PAPER_LAYERS,
    SCREEN,
    all_text,
    assert_printable,
    assert_readable,
    assert_same_bytes,
    write_cells,
    write_dataset,
)
from support.target_runs import LAYERS, TIMES, TargetRun

RANDOM = np.random.default_rng(0)


def random_votes(labels, times):
    """Four fifths vote for the right class, the others for the first; int16 (times, N)."""
    return np.where(RANDOM.random((times, len(labels))) < 0.8, labels, 0).astype(np.int16)


def test_class_accuracies_by_hand():
    votes = np.array([[0, 0, 1, 1, 0], [0, 1, 1, 1, 1], [-1, -1, -1, -1, -1]])
    labels = np.array([0, 0, 1, 1, 1])
    np.testing.assert_allclose(
        class_accuracies(votes, labels, 3),
        [[1, 0.5, np.nan], [2 / 3, 1, np.nan], [np.nan] * 3],
    )


@pytest.mark.parametrize(("classes", "layers", "times"), [(10, 5, [0, 2, 5, 10]), (50, 8, [0, 1]), (2, 1, [0])])
def test_all_layers_are_drawn_on_one_scale(classes, layers, times, tmp_path):
    labels = np.arange(200) % classes
    dataset = write_dataset(tmp_path / "d.npz", labels, [f"class {label}" for label in range(classes)])
    names = ["raw_inputs", *(f"layer{number}" for number in range(layers))]
    votes = {layer: random_votes(labels, 1 if layer == "raw_inputs" else len(times)) for layer in names}
    cells = write_cells(tmp_path, votes, times)
    figure = plot_class_separation(dataset=dataset, votes=cells, times=times, layers=names, style=SCREEN)
    assert_readable(figure)
    meshes = [axes.collections[0] for axes in figure.axes[: len(names)]]
    assert len({mesh.get_clim() for mesh in meshes}) == 1
    shares = {
        layer: [[(vote[labels == label] == label).mean() for vote in votes[layer]] for label in range(classes)]
        for layer in names
    }
    for layer, mesh in zip(names, meshes):
        wanted = np.broadcast_to(shares[layer], (classes, len(times)))
        np.testing.assert_allclose(np.asarray(mesh.get_array()).reshape(classes, -1), wanted)
    low, high = meshes[0].get_clim()
    assert high == 1 and low <= min(np.min(share) for share in shares.values())


def draw_paper(folder):
    """A function that draws a run as a paper may show it."""
    labels = np.arange(120) % len(PAPER_CLASSES)
    dataset = write_dataset(folder / "d.npz", labels, PAPER_CLASSES)
    cells = write_cells(
        folder, {layer: random_votes(labels, len(PAPER_EPOCHS)) for layer in PAPER_LAYERS}, PAPER_EPOCHS
    )
    return lambda style: plot_class_separation(
        dataset=dataset, votes=cells, times=PAPER_EPOCHS, layers=PAPER_LAYERS, style=style
    )


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_it_fits_and_can_be_read(width, tmp_path):
    assert_printable(draw_paper(tmp_path), width)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    assert_same_bytes(draw_paper(tmp_path), tmp_path)


@pytest.mark.parametrize("width", [None, 3.4, 7])
def test_large_steps(width, tmp_path):
    labels, times = np.arange(40) % 10, [0, 500_000, 1_000_000]
    cells = write_cells(tmp_path, {layer: random_votes(labels, len(times)) for layer in PAPER_LAYERS}, times)
    dataset = write_dataset(tmp_path / "d.npz", labels, PAPER_CLASSES)
    style = replace(SCREEN, unit="step", width=width)
    figure = plot_class_separation(dataset=dataset, votes=cells, times=times, layers=PAPER_LAYERS, style=style)
    assert_readable(figure)
    assert "step" in all_text(figure) and "epoch" not in all_text(figure)


def test_the_average_precision_of_each_label_agrees_with_scikit_learn():
    from sklearn.metrics import average_precision_score

    random = np.random.default_rng(0)
    held = random.random((50, 4)) < [0.2, 0.5, 0.9, 0.0]
    shares = random.integers(0, 6, (3, 50, 4)) / 5
    shares[1, 7, 2] = np.nan
    found = label_precisions(shares, held)
    assert found.shape == (4, 3) and np.isnan(found[3]).all() and np.isnan(found[:, 1]).all()
    for label in range(3):
        for time in (0, 2):
            expected = average_precision_score(held[:, label], shares[time, :, label])
            assert found[label, time] == pytest.approx(expected)


def test_of_very_many_rows_the_best_and_the_worst_are_chosen():
    final = np.linspace(0, 1, 200)[np.random.default_rng(0).permutation(200)]
    shares = np.stack([np.zeros(200), final, np.full(200, np.nan)], axis=1)
    shares[3] = np.nan
    chosen = telling_rows(shares)
    known = np.delete(final, 3)
    np.testing.assert_allclose(final[chosen], np.concatenate([np.sort(known)[::-1][:15], np.sort(known)[::-1][-15:]]))
    np.testing.assert_array_equal(telling_rows(shares[:50]), np.arange(50))


def _title(axes):
    return next(text for text in axes.findobj(Text) if text.get_text() == axes.get_title("left")).get_window_extent()


@pytest.mark.parametrize("width", [None, 7])
def test_titles_of_panels_do_not_touch(width, tmp_path):
    run = TargetRun(tmp_path, "table", count=60, names=[f"species number {number} of ten" for number in range(10)])
    figure = plot_class_separation(
        dataset=run.dataset, votes=run.votes(), times=TIMES, layers=["raw_inputs", *LAYERS],
        baseline="standardised columns", style=FigureStyle(100, width),
    )  # fmt: skip
    figure.draw_without_rendering()
    *panels, _ = figure.axes
    ends = [_title(axes) for axes in panels]
    assert all(one.x1 + 3 < other.x0 for one, other in itertools.pairwise(ends))
    names = [text.get_text() for text in panels[0].get_yticklabels()]
    assert len(set(names)) == 10 and names[3] == "…3 of ten"
