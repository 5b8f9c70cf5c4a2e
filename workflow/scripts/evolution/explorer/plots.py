"""The figures of the explorer page, in Bokeh; the page's code moves and colours them."""

import numpy as np
from bokeh.document import Document
from bokeh.models import (
    Axis,
    BoxZoomTool,
    ColumnDataSource,
    CustomJS,
    FixedTicker,
    HoverTool,
    LassoSelectTool,
    PanTool,
    Scatter,
    Span,
    TapTool,
    WheelZoomTool,
)
from bokeh.plotting import figure
from matplotlib import colormaps
from matplotlib.colors import to_hex

from evolution import RAW_INPUTS
from evolution.figures.log_time import log_places, log_ticks
from evolution.figures.number_scale import ramp

# Of numbers that long fewer fit below a curve, and Bokeh would write them as powers of ten.
LONG_TIME = 100_000
MOST_POWERS = 4  # of ten, that have room below a curve
MAP_LIMIT = 1.04  # half the side of a map's square; layouts lie within 1

# Times int (E,) and values float (E,).
Line = tuple[np.ndarray, np.ndarray]


def bare_figure(name: str, **settings):
    """A Bokeh figure without title, toolbar and background: the page has its own."""
    plot = figure(
        name=name, toolbar_location=None, sizing_mode="stretch_both", min_border=0, outline_line_color=None,
        background_fill_color=None, border_fill_color=None, min_width=60, min_height=60, lod_threshold=None,
        **settings,
    )  # fmt: skip
    plot.grid.grid_line_alpha = 0.35
    plot.grid.grid_line_color = "#808080"
    return plot


def draw_maps(document: Document, layers: list[str], samples: int) -> None:
    """Add a map for each layer, on one shared source, so that what is selected in one is selected in all.

    The source's columns x0, y0, color0, x1, ... are filled in by the page.
    """
    columns = {}
    for index in range(len(layers)):
        columns |= {f"{axis}{index}": np.full(samples, np.nan, np.float32) for axis in "xy"}
        columns[f"color{index}"] = np.full(samples, 0x808080FF, np.uint32)
    source = ColumnDataSource(columns, name="samples")
    size = float(np.clip(7.5 - np.log10(max(samples, 10)), 2.5, 6))
    for index in range(len(layers)):
        limits = (-MAP_LIMIT, MAP_LIMIT)
        tools = [LassoSelectTool(continuous=False), TapTool(), BoxZoomTool(match_aspect=True), PanTool()]
        wheel = WheelZoomTool(modifiers={"ctrl": True})
        plot = bare_figure(f"map{index}", x_range=limits, y_range=limits, tools=[*tools, wheel])
        plot.axis.visible = False
        plot.grid.visible = False
        look = {"x": f"x{index}", "y": f"y{index}", "fill_color": f"color{index}", "line_color": None}
        marked = {"line_color": "#000000", "line_width": 1.2, "fill_alpha": 1}
        renderer = plot.add_glyph(
            source,
            Scatter(**look, size=size, fill_alpha=0.8),
            selection_glyph=Scatter(**look | marked, size=size + 3),
            nonselection_glyph=Scatter(**look, size=size - 1, fill_alpha=0.18),
            hover_glyph=Scatter(**look | marked, size=size + 5),
            name=f"dots{index}",
        )
        hovered = CustomJS(code="window.explorer.hover(cb_data.index.indices, cb_data.geometry)")
        plot.add_tools(HoverTool(tooltips=None, renderers=[renderer], callback=hovered))
        plot.toolbar.active_scroll = wheel
        document.add_root(plot)


def time_places(times: list[int], time_axis: str) -> list[float]:
    """Where times stand below a curve: at their own numbers, or on a logarithmic axis that shows 0.

    Parameters
    ----------
    times : list of int
        Ascending.
    time_axis : {"linear", "log"}
        `plots.time_axis` of the config.
    """
    after_start = [time for time in times if time > 0]
    return log_places(times, after_start[0]).tolist() if time_axis == "log" and after_start else times


def draw_curves(
    document: Document, curves: dict[str, dict[str, Line]], modules: list[str], times: list[int], time_axis: str
) -> None:
    """Add a figure for each title, with an upright line at the time that is shown; a tap goes to a time.

    Parameters
    ----------
    document : Document
    curves : dict
        Title to layer to its line. The raw inputs have a single value, which becomes a level line.
    modules : list of str
        The layers without the raw inputs, in network order.
    times : list of int
        Ascending, of all snapshots.
    time_axis : {"linear", "log"}
        See `time_places`.
    """
    places = time_places(times, time_axis)
    place_of, last = dict(zip(times, places)), places[-1]
    for index, lines in enumerate(curves.values()):
        # Some room, so that the line at the first or the last time is not cut in half.
        plot = bare_figure(f"curve{index}", tools="", x_range=(-0.02 * last, 1.02 * last))
        plot.yaxis.ticker.desired_num_ticks = 4
        _tick(plot.xaxis[0], times, places)
        plot.axis.axis_line_color = plot.axis.major_tick_line_color = plot.axis.minor_tick_line_color = None
        plot.axis.major_label_text_font_size = "10px"
        for layer, (line_times, values) in lines.items():
            if layer == RAW_INPUTS:
                xs, values, look = [0, last], [values[0], values[0]], {"line_dash": "dashed"}
            else:
                xs, look = [place_of[int(time)] for time in line_times], {}
            # The page's code colours the lines by their tags, because light and dark need different colours.
            tags = [modules.index(layer) if layer in modules else -1]
            line = plot.line(xs, values, line_width=1.8, **look)
            line.tags = tags
        plot.add_layout(Span(location=0, dimension="height", line_width=1.5, name=f"now{index}"))
        plot.js_on_event("tap", CustomJS(code="window.explorer.seek(cb_obj.x)"))
        document.add_root(plot)


def _tick(axis: Axis, times: list[int], places: list[float]) -> None:
    """Name a few times below a curve."""
    if places == times:
        axis.ticker.desired_num_ticks = 5
        axis.ticker.mantissas = [1, 2, 5]
        if times[-1] >= LONG_TIME:
            axis.formatter.use_scientific = False
            axis.ticker.desired_num_ticks = 3
        return
    first = next(time for time in times if time > 0)
    named = log_ticks(first, times[-1], most=MOST_POWERS, with_start=times[0] <= 0)
    axis.ticker = FixedTicker(ticks=log_places(named, first).tolist())
    axis.major_label_overrides = {place: f"{time:.0f}" for place, time in zip(axis.ticker.ticks, named)}


def depth_colors(count: int, dark: bool) -> list[str]:
    """Colours that follow the depth of the network: the deeper, the further from the background."""
    ends = (0.3, 0.97) if dark else (0.78, 0.0)
    return [to_hex(color) for color in colormaps["plasma"](np.linspace(*ends, count) if count > 1 else [0.5])]


def number_colors(dark: bool) -> list[str]:
    """Colours of a scale of numbers, from low to high."""
    return ramp(128, dark=dark)
