"""Sheets of samples: where rows and pictures stand, and that a picture is seen whatever its shape."""

from itertools import pairwise

import numpy as np
import pytest

from evolution.figures.sample_sheet import Entry, draw_picture, sample_sheet, shown_shape
from evolution.figures.style import FigureStyle, shared_look
from support.figures import SCREEN, assert_readable, drawn_texts

PAPER = FigureStyle(dpi=100, width=3.4)


def sheet(rows, style=SCREEN, flat=1.0):
    with shared_look():
        return sample_sheet(title="Samples", note="How to read it.", rows=rows, flat=flat, lines_size=7, style=style)


def entries(count):
    return [Entry(sample, "cat\nnot dog", "epoch 3") for sample in range(count)]


def test_the_lines_below_a_sample():
    assert Entry(4, "cat", "epoch 2").lines == "cat\nepoch 2\n#4" and Entry(4, "", "").lines == "#4"


@pytest.mark.parametrize(
    ("shape", "shown"),
    [((8, 8), (1, 1)), ((10, 20), (0.5, 1)), ((1, 500), (1 / 6, 1)), ((500, 1), (1, 1 / 6)), ((100, 600), (1 / 6, 1))],
)
def test_pictures_keep_their_shape_unless_they_are_too_thin(shape, shown):
    assert shown_shape(*shape) == pytest.approx(shown)


@pytest.mark.parametrize("style", [SCREEN, PAPER], ids=["screen", "paper"])
@pytest.mark.parametrize("flat", [1.0, 1 / 6])
def test_rows_take_the_room_that_they_fill(style, flat):
    """From a heading to its pictures and from these to the next heading there is little, also where a row is empty."""
    rows = {"Learned last": entries(3), "Still wrong": [], "Moved most": entries(1)}
    figure, squares = sheet(rows, style, flat)
    assert_readable(figure)
    boxes = {text.get_text(): box for text, box in drawn_texts(figure)}
    for heading in rows:
        top = squares[heading][0].get_window_extent().y1 if rows[heading] else boxes["none"].y1
        assert 0 < (boxes[heading].y0 - top) / style.dpi < 0.15
    below = min(box.y0 for text, box in boxes.items() if text.endswith("#2"))
    assert 0.1 < (below - boxes["Still wrong"].y1) / style.dpi < 0.3
    assert 0.1 < (boxes["none"].y0 - boxes["Moved most"].y1) / style.dpi < 0.4


@pytest.mark.parametrize("style", [SCREEN, PAPER], ids=["screen", "paper"])
def test_no_square_is_cut_and_none_lies_on_another(style):
    figure, squares = sheet({"Moved most": entries(2)}, style)
    boxes = [axes.get_window_extent() for axes in squares["Moved most"]]
    assert boxes[0].x0 > 0 and boxes[-1].x1 < figure.bbox.width
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert all(box.width == pytest.approx(box.height) for box in boxes)


@pytest.mark.parametrize("shape", [(1, 1, 500), (3, 500, 1), (1, 20, 10), (3, 8, 8)])
def test_a_picture_is_drawn_pixel_by_pixel_at_the_top_of_its_square(shape):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    high, wide = shown_shape(*shape[1:])
    _, squares = sheet({"Moved most": entries(1)}, flat=high)
    axes = squares["Moved most"][0]
    draw_picture(axes, image, high)
    drawn, square = axes.images[0].get_window_extent(), axes.get_window_extent()
    np.testing.assert_array_equal(np.asarray(axes.images[0].get_array()), image.transpose(1, 2, 0).squeeze(axis=()
        if shape[0] == 3 else 2))  # fmt: skip
    assert (drawn.width, drawn.height) == pytest.approx((wide * square.width, high * square.width))
    assert drawn.y1 == pytest.approx(square.y1) and drawn.x0 - square.x0 == pytest.approx(square.x1 - drawn.x1)
