"""The page's figures, as the page's code expects them."""

import numpy as np
import pytest
from bokeh.document import Document
from colorspacious import cspace_convert
from matplotlib.colors import to_rgb

from evolution.explorer.plots import depth_colors, draw_curves, draw_maps


def test_each_layer_has_a_map_with_columns_of_its_own_on_one_source():
    document = Document()
    draw_maps(document, ["raw_inputs", "conv"], 7)
    assert [root.name for root in document.roots] == ["map0", "map1"]
    source = document.get_model_by_name("samples")
    assert set(source.data) == {"x0", "y0", "color0", "x1", "y1", "color1"}
    assert {len(column) for column in source.data.values()} == {7}
    for index, root in enumerate(document.roots):
        (dots,) = root.renderers
        assert dots.data_source is source
        for glyph in (dots.glyph, dots.selection_glyph, dots.nonselection_glyph, dots.hover_glyph):
            assert (glyph.x, glyph.y, glyph.fill_color) == (f"x{index}", f"y{index}", f"color{index}")


def test_curves_are_tagged_with_their_depth_and_pixels_are_level():
    document = Document()
    line = (np.array([0, 4]), np.array([0.1, 0.3]))
    curves = {
        "Network accuracy": {"network": line},
        "ARI": {"raw_inputs": (np.array([0]), np.array([0.2])), "conv": line, "fc": line},
    }
    draw_curves(document, curves, ["conv", "fc"], [0, 4], "linear")
    assert [root.name for root in document.roots] == ["curve0", "curve1"]
    accuracy, rand_index = document.roots
    assert [renderer.tags for renderer in accuracy.renderers] == [[-1]]
    assert [renderer.tags for renderer in rand_index.renderers] == [[-1], [0], [1]]
    raw_inputs, conv, _ = (renderer.data_source.data for renderer in rand_index.renderers)
    assert (list(raw_inputs["x"]), list(raw_inputs["y"])) == ([0, 4], [0.2, 0.2])
    assert (list(conv["x"]), list(conv["y"])) == ([0, 4], [0.1, 0.3])
    # The line at the time that is shown.
    assert document.get_model_by_name("now1").location == 0


@pytest.mark.parametrize(("last", "scientific"), [(100, True), (1_000_000, False)])
def test_large_steps_are_written_out(last, scientific):
    document = Document()
    draw_curves(document, {"ARI": {"fc": (np.array([0, last]), np.array([0.1, 0.3]))}}, ["fc"], [0, last], "linear")
    assert document.roots[0].xaxis[0].formatter.use_scientific is scientific


def test_on_a_log_axis_each_power_of_ten_has_the_same_room():
    times = [0, 1, 10, 100, 1000]
    document = Document()
    draw_curves(document, {"ARI": {"fc": (np.array(times), np.linspace(0, 1, 5))}}, ["fc"], times, "log")
    (plot,) = document.roots
    (line,) = plot.renderers
    assert list(line.data_source.data["x"]) == pytest.approx([0, 5 / 9, 5 / 9 + 1, 5 / 9 + 2, 5 / 9 + 3])
    named = plot.xaxis[0].major_label_overrides
    assert plot.xaxis[0].ticker.ticks == list(named)
    assert list(named.values()) == ["0", "1", "10", "100", "1000"]


@pytest.mark.parametrize("count", [2, 5, 20])
def test_deeper_layers_are_further_from_the_background(count):
    for dark, step in ((False, -1), (True, 1)):
        rgb = [to_rgb(color) for color in depth_colors(count, dark)]
        lightness = cspace_convert(rgb, "sRGB1", "CAM02-UCS")[:, 0]
        assert (step * np.diff(lightness) > 0).all()


def test_one_layer_has_one_colour():
    assert len(depth_colors(1, True)) == 1
