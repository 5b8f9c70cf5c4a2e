"""Sheets of maps: limits, legends, cells."""

import numpy as np
import pytest

from evolution.figures.sheets import bands_of, drawing_order, legend_columns, map_sheet, square_limits
from evolution.figures.style import FigureStyle, class_colors, shared_look
from support.figures import assert_readable


def test_limits_hold_all_layouts_in_a_square():
    center, half = square_limits([np.array([[0.0, 0.0], [4.0, 1.0]]), np.array([[-2.0, 3.0], [0.0, 0.0]])])
    assert center.tolist() == [1.0, 1.5]
    assert half == pytest.approx(3 * 1.05)


def test_limits_of_one_point_are_not_empty():
    assert square_limits([np.full((3, 2), 7.0)])[1] == 1


def test_the_order_of_drawing_has_every_point_once():
    assert sorted(drawing_order(np.full(50, "#000000"))) == list(range(50))


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
    "hundred": [f"class number {label}" for label in range(100)],
}


def sheet_of(columns, names, style):
    with shared_look():
        return map_sheet(
            rows=2,
            columns=columns,
            cell=2.0,
            title="What is shown",
            note="How to read it, in words that go on for more than one line. " * 4,
            legend=list(zip(names, class_colors("petroff10", len(names)))),
            style=style,
        )


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("columns", [1, 5])
def test_heading_and_legend_can_be_read(kind, columns):
    names = NAMES[kind]
    sheet = sheet_of(columns, names, FigureStyle(dpi=80))
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


def test_on_paper_the_cells_share_the_width_and_there_is_no_heading():
    sheet = sheet_of(3, NAMES["two"], FigureStyle(dpi=100, width=3.4))
    assert sheet.figure.get_figwidth() == 3.4
    assert not sheet.figure.texts
    boxes = [axes.get_window_extent() for axes in sheet.axes.ravel()]
    assert all(box.width == pytest.approx(box.height) for box in boxes)
    assert 3 * boxes[0].width == pytest.approx(340, rel=0.1)


@pytest.mark.parametrize(
    ("count", "width", "expected"),
    [(1, None, (1, 1)), (10, None, (1, 10)), (11, None, (2, 6)), (24, None, (3, 8)), (100, None, (13, 8)),
     (5, 3.4, (1, 5)), (12, 3.4, (2, 6)), (12, 7, (1, 12)), (40, 7, (3, 14))],
)  # fmt: skip
def test_maps_that_would_be_too_small_go_on_below(count, width, expected):
    assert bands_of(count, FigureStyle(dpi=100, width=width)) == expected


def test_bands_stand_apart():
    style = FigureStyle(dpi=100)
    with shared_look():
        sheet = map_sheet(rows=6, bands=3, columns=2, cell=1, title="Title", note="", legend=[], style=style)
    tops = [axes.get_window_extent().y1 for axes in sheet.axes[:, 0]]
    apart = -np.diff(tops)
    assert apart[[0, 2, 4]] == pytest.approx(apart[0]) and (apart[[1, 3]] > apart[0] + 20).all()
    assert sheet.axes[-1, 0].get_window_extent().y0 > 0
