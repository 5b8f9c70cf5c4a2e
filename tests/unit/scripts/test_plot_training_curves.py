"""The figure of the training: what it draws, and that it can be read."""

import numpy as np
import pytest

from evolution.errors import UserError
from evolution.figures.style import FigureStyle, class_colors
from evolution.io.tables import save_table
from plot_training_curves import plot_training_curves
from support.figures import (
    ODD_NAMES,
    PAPER_CLASSES,
    PAPER_EPOCHS,
    SCREEN,
    all_text,
    assert_printable,
    assert_readable,
    assert_same_bytes,
    curve,
    titled,
    without_other_fonts,
    write_history,
)
from support.target_runs import TIMES, TargetRun

CLASSES = {
    "two": ["$cat", "_dog"],
    "ten": [f"T-shirt/top {label}" for label in range(10)],
    "hundred": [f"class {label}" for label in range(100)],
}


NAMES = ["cat", "dog", "a bird with a long name", "horse", "sheep"]


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("times", [[0], [0, 1, 2, 3]])
def test_it_can_be_read(classes, times, tmp_path):
    history = write_history(tmp_path / "h.parquet", times, CLASSES[classes])
    assert_readable(plot_training_curves(history_table=history, style=SCREEN))


def test_the_history_is_drawn(tmp_path):
    history = write_history(tmp_path / "h.parquet", [0, 1, 2], ["cat", "dog"])
    figure = plot_training_curves(history_table=history, style=SCREEN)
    # The values of figures.write_history.
    assert curve(titled(figure, "Loss"), 0) == [[1, 2.0], [2, 1.0]]
    accuracy = titled(figure, "Accuracy")
    np.testing.assert_allclose(curve(accuracy, 0), [[0, 0.1], [1, 0.1 + 0.8 / 3], [2, 0.5]])
    np.testing.assert_allclose(curve(accuracy, 2), [[0, 0.1], [1, 0.1 + 0.7 / 3], [2, 0.45]])
    assert [text.get_text() for text in accuracy.texts][1:] != [] and accuracy.get_xlabel() == "epoch"
    class_accuracy = titled(figure, "Accuracy of each class")
    np.testing.assert_allclose(curve(class_accuracy, 0), [[0, 0], [1, 1 / 2], [2, 2 / 3]])
    np.testing.assert_allclose(curve(class_accuracy, 2), [[0, 0], [1, 1 / 3], [2, 2 / 4]])
    assert {"cat", "dog"} <= {text.get_text() for text in class_accuracy.texts}


def test_what_a_training_elsewhere_tells(tmp_path):
    """The losses of its log at steps of their own, and none of the accuracies on its training samples."""
    rows = [(step, "train_loss", "", 1 / step) for step in (5, 10, 15)]
    rows += [(10, "eval_loss", "", 0.5), (10, "eval_accuracy", "", 0.75), (10, "class_accuracy", "a", 0.75)]
    columns = dict(zip(("time", "metric", "class_name", "value"), zip(*rows)))
    save_table(tmp_path / "h.parquet", columns, unit="step")
    style = FigureStyle(dpi=100, palette="petroff10", unit="step")
    figure = plot_training_curves(history_table=str(tmp_path / "h.parquet"), style=style)
    loss = titled(figure, "Loss")
    np.testing.assert_allclose(curve(loss, 0), [[5, 1 / 5], [10, 1 / 10], [15, 1 / 15]])
    assert {"training", "evaluation"} <= {text.get_text() for text in loss.texts} and loss.get_xlabel() == "step"
    assert "training" not in {text.get_text() for text in titled(figure, "Accuracy").texts}
    assert_readable(figure)


def test_of_many_classes_the_weakest_and_the_best_are_named(tmp_path):
    # In write_history, the later a class the lower its accuracy.
    names = [f"c{label}" for label in range(30)]
    history = write_history(tmp_path / "h.parquet", [0, 1, 2], names)
    figure = plot_training_curves(history_table=history, style=SCREEN)
    shown = {text.get_text() for text in titled(figure, "Accuracy of each class").texts}
    assert shown & set(names) == {"c0", "c1", "c25", "c26", "c27", "c28", "c29"}


def test_a_history_without_a_measure_is_refused(tmp_path):
    path = tmp_path / "h.parquet"
    save_table(path, {"time": [0], "metric": ["train_accuracy"], "class_name": [""], "value": [1.0]})
    with pytest.raises(UserError, match=r"h\.parquet.*eval_accuracy"):
        plot_training_curves(history_table=str(path), style=SCREEN)


@pytest.mark.filterwarnings("error:Glyph")
@pytest.mark.parametrize("names", ODD_NAMES.values(), ids=ODD_NAMES)
def test_odd_class_names_can_be_read(names, monkeypatch, tmp_path):
    """A missing letter would be a warning of matplotlib's, and fail."""
    without_other_fonts(monkeypatch)
    history = write_history(tmp_path / "h.parquet", [0, 1], names)
    assert_readable(plot_training_curves(history_table=history, style=SCREEN))


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_it_fits_and_can_be_read(width, tmp_path):
    history = write_history(tmp_path / "h.parquet", PAPER_EPOCHS, PAPER_CLASSES)
    assert_printable(lambda style: plot_training_curves(history_table=history, style=style), width)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    history = write_history(tmp_path / "h.parquet", [0, 1, 2], ["cat", "dog"])
    assert_same_bytes(lambda style: plot_training_curves(history_table=history, style=style), tmp_path)


def test_each_score_is_drawn_of_its_target(tmp_path):
    run = TargetRun(tmp_path, "table", "number", count=60)
    figure = plot_training_curves(history_table=run.history(), style=SCREEN)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Loss", "R²"]
    # The network is far worse than the mean before training: that does not hide what follows, and is said.
    low, high = titled(figure, "R²").get_ylim()
    assert (low, high) == pytest.approx((-0.52, 1.02)) and "below -0.5 cut off" in all_text(figure)
    run = TargetRun(tmp_path, "signals", "labels", count=60, names=NAMES)
    figure = plot_training_curves(history_table=run.history(), style=SCREEN)
    labels = titled(figure, "Average precision of each label")
    assert {text.get_text() for text in labels.texts} >= set(NAMES)
    run = TargetRun(tmp_path, "tokens", "none", count=60)
    (loss,) = plot_training_curves(history_table=run.history(), style=SCREEN).axes
    np.testing.assert_allclose(loss.lines[0].get_ydata(), [1 / (1 + time) for time in TIMES])


def test_classes_have_the_colours_that_they_are_given(tmp_path):
    style = FigureStyle(dpi=100, palette="petroff10", colors={"dog": "#dd0000"})
    few = plot_training_curves(history_table=write_history(tmp_path / "f.parquet", [0, 1], NAMES), style=style)
    lines = titled(few, "Accuracy of each class").lines
    assert [line.get_color() for line in lines[::2]][:3] == [
        class_colors("petroff10", 5)[0], "#dd0000", class_colors("petroff10", 5)[2]
    ]  # fmt: skip


def test_of_a_hundred_classes_one_with_a_colour_of_its_own_is_named(tmp_path):
    """Class 0 is the best and class 99 the weakest: 50 would not be named."""
    history = write_history(tmp_path / "h.parquet", [0, 1], CLASSES["hundred"])
    style = FigureStyle(dpi=100, palette="petroff10", colors={"class 50": "#dd0000"})
    figure = plot_training_curves(history_table=history, style=style)
    panel = titled(figure, "Accuracy of each class")
    assert "class 50" in {text.get_text() for text in panel.texts}
    assert "#dd0000" in {line.get_color() for line in panel.lines}
    assert "those with a colour of their own are named" in all_text(figure)
    assert_readable(figure)
