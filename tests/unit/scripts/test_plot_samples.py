"""The figure of the samples that the network finds hard."""

import numpy as np
import pytest
from matplotlib.text import Text
from matplotlib.textpath import TextPath

from evolution.figures.style import DASH, FigureStyle, shared_look, shorten
from evolution.io.tables import save_table
from plot_samples import (
    fitted_name,
    fitted_text,
    label_rows,
    learned_at,
    number_rows,
    number_text,
    path_lengths,
    plot_samples,
    row_text,
    text_width,
)
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
    random_layouts,
    without_other_fonts,
    write_cells,
    write_dataset,
    write_predictions,
)
from support.target_runs import TargetRun


def write_run(folder, names, samples, times, shape=(1, 8, 8)):
    """Arguments of plot_samples, and the labels and predictions in them."""
    labels = np.arange(samples) % len(names)
    predicted = improving_predictions(labels, len(names), times)
    files = {
        "dataset": write_dataset(folder / "d.npz", labels, names, shape),
        "predictions": write_predictions(folder / "p.parquet", predicted, times),
        "embeddings": write_cells(folder, random_layouts(["fc"], times, samples), times),
        "times": times,
        "layer": "fc",
    }
    return files, labels, predicted


def test_a_sample_is_learned_where_its_last_run_of_right_answers_starts():
    right = np.array([[1, 0, 1, 0], [0, 0, 1, 1], [1, 0, 1, 0], [1, 1, 1, 0]], bool)
    np.testing.assert_array_equal(learned_at(right), [2, 3, 0, 4])


def test_path_lengths_by_hand():
    # Two points at distance 2 have a radius of 1; moving both together is no movement.
    layouts = np.array([[[-1, 0], [1, 0]], [[9, 0], [11, 0]], [[0, -1], [0, 1]]], float)
    np.testing.assert_allclose(path_lengths(layouts), [np.sqrt(2), np.sqrt(2)])
    np.testing.assert_allclose(path_lengths(2 * layouts), [np.sqrt(2), np.sqrt(2)])


@pytest.mark.parametrize(("samples", "shape"), [(60, (1, 8, 8)), (60, (3, 8, 8)), (4, (1, 8, 8))])
def test_each_image_stands_under_what_it_is(samples, shape, tmp_path):
    times = [0, 2, 5]
    files, labels, predicted = write_run(tmp_path, [f"class {label}" for label in range(4)], samples, times, shape)
    figure = plot_samples(**files, style=SCREEN)
    assert_readable(figure)
    with np.load(files["dataset"]) as archive:
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
                since = times.index(int(when.removeprefix("epoch ")))
                assert (predicted[since:, sample] == labels[sample]).all()
                assert predicted[since - 1, sample] != labels[sample]
                assert what.endswith(f"not class {predicted[since - 1, sample]}")
            if kind == 1:
                assert sample in wrong_at_the_end
    assert sum(bool(axes.images) for axes in rows[1]) == min(12, len(wrong_at_the_end))


@pytest.mark.parametrize("shape", [(1, 1, 500), (1, 500, 1), (3, 8, 300), (1, 40, 9)])
@pytest.mark.parametrize("width", [None, 3.4])
def test_images_of_extreme_shape_can_be_seen(shape, width, tmp_path):
    """Each has some millimetres in both directions, wherever it lies in its file."""
    files, _, _ = write_run(tmp_path, ["a", "b"], 30, [0, 2], shape)
    figure = plot_samples(**files, style=FigureStyle(100, width))
    assert_readable(figure)
    boxes = [axes.images[0].get_window_extent() for axes in figure.axes if axes.images]
    assert min(min(box.width, box.height) for box in boxes) / 100 * 25.4 > 1.5
    stretched = max(shape[1:]) > 6 * min(shape[1:])
    assert ("are stretched" in all_text(figure)) == (stretched and width is None)


@pytest.mark.filterwarnings("error:Glyph")
@pytest.mark.parametrize("names", ODD_NAMES.values(), ids=ODD_NAMES)
def test_odd_class_names_can_be_read(names, monkeypatch, tmp_path):
    """A missing letter would be a warning of matplotlib's, and fail."""
    without_other_fonts(monkeypatch)
    files, _, _ = write_run(tmp_path, names, 60, [0, 2])
    assert_readable(plot_samples(**files, style=SCREEN))


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_it_fits_and_can_be_read(width, tmp_path):
    files, _, _ = write_run(tmp_path, PAPER_CLASSES, 120, PAPER_EPOCHS)
    assert_printable(lambda style: plot_samples(**files, style=style), width)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    files, _, _ = write_run(tmp_path, PAPER_CLASSES, 60, [0, 2])
    assert_same_bytes(lambda style: plot_samples(**files, style=style), tmp_path)


def test_where_nobody_knows_the_predictions_the_images_that_move_most_are_drawn(tmp_path):
    files, _, predicted = write_run(tmp_path, ["a", "b"], 30, [0, 2, 5])
    write_predictions(tmp_path / "p.parquet", np.full_like(predicted, -1), [0, 2, 5])
    figure = plot_samples(**files, style=SCREEN)
    assert_readable(figure)
    texts = [text.get_text() for text in figure.findobj(Text)]
    assert any("Moved most" in text for text in texts) and not any("Still wrong" in text for text in texts)


def test_without_confidences_nothing_is_said_of_them(tmp_path):
    files, _, predicted = write_run(tmp_path, ["a", "b"], 30, [0, 2])
    columns = {"epoch": np.repeat([0, 2], 30), "sample": np.tile(np.arange(30), 2), "predicted": predicted.ravel()}
    save_table(tmp_path / "p.parquet", columns | {"confidence": np.full(60, np.nan)})
    figure = plot_samples(**files, style=SCREEN)
    texts = [text.get_text() for part in figure.findobj(Text) for text in [part]]
    assert any("Still wrong" in text for text in texts) and not any("sure" in text for text in texts)


def test_the_worst_numbers_come_first():
    values, predicted = np.array([1.0, 2.0, 3.0, 1234.5]), np.array([1.5, 2.0, 0.0, 1234.0])
    ((heading, entries),) = number_rows(values=values, predicted=predicted, when="epoch 3", count=2, letters=12).items()
    assert "epoch 3" in heading and "off by 0.5 or less" in heading
    assert [(entry.sample, entry.what, entry.when) for entry in entries] == [
        (2, "3\npredicted 0", "off by 3"),
        (0, "1\npredicted\n1.5", "off by 0.5"),
    ]
    assert [number_text(number) for number in (0.123456, -12.3456, 1234567.0)] == ["0.123", "-12.3", "1,234,567"]
    assert [number_text(number) for number in (999.4, 999.5, -999.7, 1000.0)] == ["999", "1,000", "-1,000", "1,000"]


def test_the_most_wrong_labels_come_first():
    held = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1], [1, 0, 1]], bool)
    predicted = np.array([[0.1, 0.2, 0.3], [0.9, 0.6, 0.2], [0.8, 0.7, 0.9], [0.9, 0.1, 0.9]])
    rows = label_rows(held=held, names=["cat", "dog", "owl"], predicted=predicted, when="step 9", count=5, letters=20)
    ((heading, entries),) = rows.items()
    assert "3 of 4 samples" in heading
    assert [(entry.sample, entry.what, entry.when) for entry in entries] == [
        (0, "cat and 1 more\nmissed cat\nand 1 more", ""),
        (2, "owl\nfalse cat and 1 more", ""),
        (1, "cat\nfalse dog", ""),
    ]


def test_a_text_fills_its_square_and_no_more():
    short, long = fitted_text("a b", 0.95, 6), fitted_text("word " * 200, 0.95, 6)
    assert short == "a b" and long.endswith("…")
    assert len(long.splitlines()) <= 0.95 * 72 / 6 / 1.1 and max(map(len, long.splitlines())) <= 19
    # Wide letters have room for half as many.
    assert max(map(len, fitted_text("犬" * 99, 0.95, 6).splitlines())) <= 10


def test_texts_are_written_and_previews_of_ones_own_are_shown(tmp_path):
    run = TargetRun(tmp_path, "tokens", "none", count=30)
    figure = plot_samples(**run.samples(), style=SCREEN)
    assert not any(axes.images for axes in figure.axes)
    with np.load(run.dataset) as archive:
        arrays = dict(archive)
    first = next(axes for axes in figure.axes if axes.texts)
    written = first.texts[-1].get_text().split()
    assert written[0] in str(arrays["eval_texts"])
    np.savez(run.dataset, **arrays, previews_given=True)
    figure = plot_samples(**run.samples(), style=SCREEN)
    assert any(axes.images for axes in figure.axes)


def test_of_a_row_the_most_unusual_values_come_first(tmp_path):
    values = [("a", 5.5), ("b", np.nan), ("writer", "Ann")]
    assert row_text(values, 3, 0.7, 6) == f"a: 5.5\nb: {DASH}\nwriter: Ann"
    lines = row_text([(f"cholesterol level {number}", -12.3) for number in range(12)], 12, 0.7, 6).splitlines()
    assert len(lines) == 7 and lines[-1] == "+6 more"
    assert all(line.count("…") == 1 and line.endswith(": -12.3") for line in lines[:-1])
    assert all(text_width(line, 6) <= 0.7 for line in lines)
    assert row_text([("身長センチ", 3.0)], 1, 0.7, 6) == "身長センチ: 3", "a name that has room is whole"
    run = TargetRun(tmp_path, "table", "number", count=30)
    figure = plot_samples(**run.samples(), style=SCREEN)
    assert_readable(figure)
    assert not any(axes.images for axes in figure.axes)


def test_a_text_is_as_wide_as_matplotlib_says():
    for text in ("mean_corpuscular_volume: 3.42", "W", "$a$: ö"):
        with shared_look():
            assert text_width(text, 6) == pytest.approx(TextPath((0, 0), text, size=6).get_extents().width / 72)
    assert text_width(" ", 6) == text_width("", 6) == 0


@pytest.mark.parametrize("room", [0.3, 0.42, 0.7, 2.0])
def test_as_much_of_a_name_is_written_as_fits(room):
    name = "hue of the diluted wines"
    lengths = [length for length in range(3, len(name) + 1) if text_width(f"{shorten(name, length)}: 3.92", 6) <= room]
    assert fitted_name(name, "3.92", room, 6) == (shorten(name, lengths[-1]) if lengths else "hue")


@pytest.mark.parametrize("width", [None, 3.4])
def test_what_is_written_in_a_square_stays_in_it(width, tmp_path):
    run = TargetRun(tmp_path, "table", "number", count=30)
    with np.load(run.dataset) as archive:
        arrays = dict(archive) | {"column_names": np.array([f"blood glucose in mg/dl {letter}" for letter in "abcde"])}
    np.savez(run.dataset, **arrays)
    figure = plot_samples(**run.samples(), style=FigureStyle(100, width))
    figure.draw_without_rendering()
    squares = [(axes, text) for axes in figure.axes for text in axes.texts if ":" in text.get_text()]
    assert squares
    for axes, text in squares:
        square, written = axes.get_window_extent(), text.get_window_extent()
        assert square.x0 <= written.x0 and written.x1 <= square.x1 and square.y0 <= written.y0


def test_a_recording_without_inputs_shows_attributes(tmp_path):
    run = TargetRun(tmp_path, "other", "none", count=30)
    with np.load(run.dataset) as archive:
        arrays = {name: array for name, array in archive.items() if not name.startswith("input")}
    np.savez(run.dataset, **arrays, input_names=np.array([], str))
    figure = plot_samples(**run.samples(), style=SCREEN)
    assert_readable(figure)
    assert not any(axes.images for axes in figure.axes)
    first = next(axes for axes in figure.axes if axes.texts)
    assert any("writer: writer" in text.get_text() for text in first.texts)
