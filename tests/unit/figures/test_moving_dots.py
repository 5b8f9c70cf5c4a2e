"""A film's dots, against matplotlib's own scatter plot."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from evolution.figures.moving_dots import MovingDots, corners
from evolution.figures.sheets import dot_size, limit_map


def panel():
    """Axes over a whole figure of 200 x 200 pixels that show the square from -1 to 1."""
    figure = Figure(figsize=(2, 2), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    limit_map(axes, (np.zeros(2), 1.0))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return axes, canvas


def scattered(layout, colors):
    """The picture of a scatter plot of the same polygons, uint8 (200, 200, 4)."""
    axes, canvas = panel()
    size = dot_size(axes, len(layout))
    marker = (corners(np.sqrt(size) / 2 * 100 / 72), 0, 0)
    axes.scatter(*layout.T, s=size, c=colors, linewidths=0, marker=marker)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def drawn(layouts, colors):
    """The picture after the dots were drawn in each of the layouts, on a clear canvas each time."""
    axes, canvas = panel()
    still = canvas.copy_from_bbox(axes.figure.bbox)
    dots = MovingDots(axes, colors)
    for layout in layouts:
        canvas.restore_region(still)
        dots.draw(canvas.renderer, axes.transData.transform(layout[dots.order]))
    return np.asarray(canvas.buffer_rgba())


@pytest.mark.parametrize("samples", [2, 7, 49])
def test_dots_are_those_of_a_scatter_plot(samples):
    grid = np.stack(np.meshgrid(np.linspace(-0.8, 0.8, 7), np.linspace(-0.8, 0.8, 7)), axis=-1).reshape(-1, 2)
    layout = np.random.default_rng(0).permutation(grid)[:samples] + 0.013
    colors = np.array(["#e42536", "#5790fc", "#f89c20"])[np.arange(samples) % 3]
    picture = drawn([layout], colors)
    assert (picture != 255).any()
    np.testing.assert_allclose(picture.astype(int), scattered(layout, colors).astype(int), atol=1)


def test_larger_dots_have_more_corners():
    """At most an eighth of a pixel off a circle, with no more corners than needed; small dots have six."""
    assert corners(0.05) == corners(0.5) == 6
    for radius in (1.6, 3, 12):
        apothem = [radius * np.cos(np.pi / number) for number in (corners(radius), corners(radius) - 1)]
        assert radius - apothem[0] <= 1 / 8 < radius - apothem[1]


def test_dots_move():
    random = np.random.default_rng(0)
    before, after = random.uniform(-0.8, 0.8, (2, 30, 2))
    colors = np.array(["#e42536"] * 30)
    picture = drawn([before, after], colors)
    np.testing.assert_array_equal(picture, drawn([after], colors))
    assert (picture != drawn([before], colors)).any()


def test_no_class_covers_another():
    """2000 dots of two classes that lie two deep: of each, about half the pixels are on top."""
    layout = np.random.default_rng(0).uniform(-0.33, 0.33, (2000, 2))
    colors = np.array(["#ff0000", "#0000ff"])[np.arange(2000) % 2]
    picture = drawn([layout], colors).astype(int)
    red, blue = (picture[..., 0] > 200).sum(), (picture[..., 2] > 200).sum()
    white = (picture[..., :3] > 200).all(axis=2).sum()
    assert 0.8 < (red - white) / (blue - white) < 1.25
