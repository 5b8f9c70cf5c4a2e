"""The figure of which classes the network confuses."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from plot_confusion import confused_classes, confused_pairs, confusion_shares, plot_confusion, shown_shares
from support.figures import (
    ODD_NAMES,
    PAPER_CLASSES,
    PAPER_EPOCHS,
    SCREEN,
    all_text,
    assert_printable,
    assert_readable,
    assert_same_bytes,
    improving_predictions,
    without_other_fonts,
    write_dataset,
    write_predictions,
)


def write_run(folder, names, samples, times):
    """Arguments of plot_confusion, and the labels and predictions in them."""
    labels = np.arange(samples) % len(names)
    predicted = improving_predictions(labels, len(names), times)
    files = {
        "dataset": write_dataset(folder / "d.npz", labels, names),
        "predictions": write_predictions(folder / "p.parquet", predicted, times),
        "times": times,
    }
    return files, labels, predicted


def test_shares_agree_with_scikit_learn():
    random = np.random.default_rng(0)
    labels, predicted = random.integers(0, 4, 100), random.integers(0, 5, 100)
    shares = confusion_shares(predicted, labels, 5)
    expected = confusion_matrix(labels, predicted, labels=range(5))
    np.testing.assert_allclose(shares[:4], expected[:4] / expected[:4].sum(axis=1, keepdims=True))
    assert np.isnan(shares[4]).all()


@pytest.mark.parametrize(("classes", "times"), [(10, [0, 2, 5, 10, 20]), (2, [0]), (50, [0, 1])])
def test_each_epoch_has_its_matrix(classes, times, tmp_path):
    files, labels, predicted = write_run(tmp_path, [f"class {label}" for label in range(classes)], 300, times)
    figure = plot_confusion(**files, style=SCREEN)
    assert_readable(figure)
    for index, time in enumerate(times):
        axes = figure.axes[index]
        assert axes.get_title(loc="left") == f"epoch {time}"
        assert axes.get_title(loc="right") == f"accuracy {(predicted[index] == labels).mean():.2f}"
        expected = confusion_matrix(labels, predicted[index], normalize="true")
        np.testing.assert_allclose(np.asarray(axes.images[0].get_array()), expected)


def test_what_is_nearly_right_does_not_read_as_perfect(tmp_path):
    """One of 600 samples is wrong, then all but one."""
    files, labels, _ = write_run(tmp_path, ["a", "b"], 600, [0, 1])
    nearly, hardly = labels.copy(), 1 - labels
    nearly[0], hardly[0] = 1, 0
    write_predictions(tmp_path / "p.parquet", np.stack([nearly, hardly]), [0, 1])
    figure = plot_confusion(**files, style=SCREEN)
    assert [axes.get_title(loc="right") for axes in figure.axes[:2]] == ["accuracy >0.99", "accuracy <0.01"]
    assert [text.get_text() for text in figure.axes[0].texts] == [">99", "100"]


@pytest.mark.filterwarnings("error:Glyph")
@pytest.mark.parametrize("names", ODD_NAMES.values(), ids=ODD_NAMES)
def test_odd_class_names_can_be_read(names, monkeypatch, tmp_path):
    """A missing letter would be a warning of matplotlib's, and fail."""
    without_other_fonts(monkeypatch)
    files, _, _ = write_run(tmp_path, names, 60, [0, 2])
    assert_readable(plot_confusion(**files, style=SCREEN))


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_it_fits_and_can_be_read(width, tmp_path):
    files, _, _ = write_run(tmp_path, PAPER_CLASSES, 120, PAPER_EPOCHS)
    assert_printable(lambda style: plot_confusion(**files, style=style), width)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    files, _, _ = write_run(tmp_path, PAPER_CLASSES, 120, [0, 2])
    assert_same_bytes(lambda style: plot_confusion(**files, style=style), tmp_path)


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_an_accuracy_below_1_has_room(width, tmp_path):
    times = [0, 2, 100]
    files, labels, _ = write_run(tmp_path, ["a", "b"], 600, times)
    nearly = labels.copy()
    nearly[0] = 1
    write_predictions(tmp_path / "p.parquet", np.stack([nearly] * len(times)), times)
    figure = plot_confusion(**files, style=replace(SCREEN, width=width))
    assert_readable(figure)
    assert figure.axes[2].get_title(loc="left") == "epoch 100\naccuracy >0.99"


@pytest.mark.parametrize("width", [None, 3.4, 7])
def test_large_steps(width, tmp_path):
    files, _, _ = write_run(tmp_path, PAPER_CLASSES, 120, [0, 500_000, 1_000_000])
    figure = plot_confusion(**files, style=replace(SCREEN, unit="step", width=width))
    assert_readable(figure)
    assert "step 1000000" in all_text(figure) and "epoch" not in all_text(figure)


def test_the_most_confused_classes_by_hand():
    labels = np.array([0, 0, 0, 1, 1, 2, 2, 3])
    predicted = np.array([1, 1, 0, 1, 0, 9, 2, 3])
    pairs = confused_pairs(predicted, labels)
    assert pairs == [(0, 1, 2), (1, 0, 1), (2, 9, 1)]
    # 9 has no sample. 3 is never confused, and comes last.
    assert confused_classes(pairs, labels) == [0, 1, 2, 3]
    assert confused_pairs(labels, labels) == []
    shares = np.array([[0.5, 0.2, 0.3], [0, 1, 0], [0.25, 0.25, 0.5]])
    np.testing.assert_allclose(shown_shares(shares, [2, 0]), [[0.5, 0.25, 0.25], [0.3, 0.5, 0.2]])
