"""Sheets of maps: limits, legends, layouts read from files."""

import numpy as np
import pytest

from evolution.errors import UserError
from evolution.figures.sheets import drawing_order, legend_columns, load_layout, map_sheet, square_limits
from evolution.figures.style import class_colors, figure_style
from evolution.io.arrays import save_npy
from support.figures import assert_readable


def test_limits_hold_all_layouts_in_a_square():
    center, half = square_limits([np.array([[0.0, 0.0], [4.0, 1.0]]), np.array([[-2.0, 3.0], [0.0, 0.0]])])
    assert center.tolist() == [1.0, 1.5]
    assert half == pytest.approx(3 * 1.05)


def test_limits_of_one_point_are_not_empty():
    assert square_limits([np.full((3, 2), 7.0)])[1] == 1


def test_the_order_of_drawing_has_every_point_once():
    assert sorted(drawing_order(50)) == list(range(50))


@pytest.mark.parametrize(
    ("widths", "available", "columns"),
    [([1.0] * 10, 10, 10), ([1.0] * 10, 9.9, 5), ([1.0] * 10, 4, 4), ([3, 1, 1], 4.5, 2), ([5.0, 5.0], 1, 1)],
)
def test_legend_columns_by_hand(widths, available, columns):
    assert legend_columns(widths, available) == columns


NAMES = {
    "two": ["cat", "dog"],
    "digits": [str(digit) for digit in range(10)],
    "odd": ["$x_1$", "_hidden", "<script>alert(1)</script>", "100 %", "a\nb", "ä ö ü", "x" * 60],
    "hundred": [f"class number {place}" for place in range(100)],
}


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("columns", [1, 5])
def test_heading_and_legend_can_be_read(kind, columns):
    names = NAMES[kind]
    with figure_style():
        note = "How to read it, in words that go on for more than one line. " * 4
        sheet = map_sheet(2, columns, 2.0, "What is shown", note, names, class_colors("petroff10", len(names)), 80)
    for axes in sheet.axes.ravel():
        axes.set_title("layer", size=9)
    assert_readable(sheet.figure)
    shown = [text.get_text() for text in sheet.figure.legends[0].get_texts()]
    assert len(shown) == len(names)
    assert not any(text.get_parse_math() for text in sheet.figure.legends[0].get_texts())
    if kind == "odd":
        assert shown[:5] == ["$x_1$", "_hidden", "<script>aler…1)</script>", "100 %", "a b"]
    boxes = [axes.get_window_extent() for axes in sheet.axes.ravel()]
    assert all(box.width == pytest.approx(160) and box.height == pytest.approx(160) for box in boxes)


def test_a_layout_is_read_from_its_place_in_the_span(tmp_path):
    layouts = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    save_npy(tmp_path / "a.npy", layouts)
    np.testing.assert_array_equal(load_layout(tmp_path / "a.npy", 1, 3), layouts[1])
    with pytest.raises(UserError, match=r"a\.npy"):
        load_layout(tmp_path / "a.npy", 2, 3)
    with pytest.raises(UserError, match=r"a\.npy"):
        load_layout(tmp_path / "a.npy", 0, 4)


def test_a_layout_that_is_not_finite_is_refused(tmp_path):
    save_npy(tmp_path / "a.npy", np.array([[[0, np.nan]]], np.float32))
    with pytest.raises(UserError, match="not finite"):
        load_layout(tmp_path / "a.npy", 0, 1)
