"""Figure of how alike the layers are to each other, and each to itself at other times (CKA)."""

import math

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from evolution import RAW_INPUTS
from evolution.data.kinds import BASELINES, OTHER
from evolution.figures.curves import cell_edges, set_cell_axis
from evolution.figures.layer_names import layer_title
from evolution.figures.style import FigureStyle, headed_figure, save_figure, shared_look, shorten
from evolution.io.job_log import job_log
from evolution.io.reading import damaged
from evolution.io.tables import load_table
from evolution.measures.long_tables import pair_matrix, without_raw_inputs

COLUMNS = 5
NAME_HEIGHT = 0.15  # inches that a layer's name takes
TILE = 1.6  # inches
PRINTED_TILE = 0.7
TITLE_CHARACTERS = 13  # of a tile's title, an inch
ESTIMATOR = "unbiased"


def load_pairs(path: str, *extra: str) -> dict[str, list]:
    """The columns of a table of CKA that the figure reads, and `extra` ones."""
    names = ("first", "second", ESTIMATOR, "samples", "available", *extra)
    table = load_table(path, *names)
    columns = {name: table.column(name).to_pylist() for name in names}
    columns[ESTIMATOR] = [np.nan if value is None else value for value in columns[ESTIMATOR]]
    return columns


def layer_matrices(paths: list[str], times: list[int], layers: list[str]) -> dict[int, np.ndarray]:
    """The layer x layer matrix, float (L, L), of each of the times."""
    found = {}
    for path in paths:
        columns = load_pairs(path, "time")
        for time in set(columns["time"]) & set(times):
            rows = [row for row, row_time in enumerate(columns["time"]) if row_time == time]
            picked = ([columns[name][row] for row in rows] for name in ("first", "second", ESTIMATOR))
            found[time] = pair_matrix(layers, *picked)
    missing = [time for time in times if time not in found]
    if missing:
        raise damaged(paths[-1], f"no time {missing[0]}")
    return found


def draw_matrix(axes: Axes, edges: np.ndarray, matrix: np.ndarray, title: str) -> QuadMesh:
    """Draw one heat map, the first row on top; a missing value is grey."""
    image = axes.pcolormesh(edges, edges, matrix, vmin=0, vmax=1, cmap=matplotlib.colormaps["cividis"])
    image.set_rasterized(True)
    axes.set_title(title, size=9)
    axes.set_facecolor("#d9d9d9")
    axes.grid(False)
    axes.set_aspect("equal")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(edges[-1], edges[0])
    return image


def plot_cka(
    *,
    layer_tables: list[str],
    time_tables: dict[str, str],
    grid_times: list[int],
    times: list[int],
    layers: list[str],
    baseline: str = BASELINES[OTHER],
    style: FigureStyle,
) -> Figure:
    """Draw layer x layer at chosen times, and below it time x time of each layer.

    Parameters
    ----------
    layer_tables : list of paths of `cka/layers/{span}.parquet`
        The ones that hold the chosen times.
    time_tables : dict
        Layer to the path of `cka/times/{layer}.parquet`.
    grid_times, times : lists of int
        The chosen times; all snapshots.
    layers : list of str
        In network order, the raw inputs first where they are followed.
    baseline : str
        How the raw inputs are called.
    style : FigureStyle
    """
    matrices = layer_matrices(layer_tables, grid_times, layers)
    samples, available = (load_pairs(layer_tables[0])[name][0] for name in ("samples", "available"))
    modules = without_raw_inputs(layers)
    names = [shorten(layer_title(layer, baseline), 18) for layer in layers]
    note = (
        "Unbiased linear CKA, a cell a pair: 1 (bright): alike but for a rotation, a shift and a scale; 0 (dark): "
        f"unrelated. Above: the layers, first to last, against each other at {style.a_time}. Below: one layer at "
        f"{style.a_time} against itself at another; a bright block is a time in which it hardly changed."
    )
    if RAW_INPUTS in layers:
        note += f" The baseline, {baseline}, is the same at every {style.unit}."
    if samples < available:
        note += f" From {samples} of {available} samples, drawn at random."
    label = 0.07 * max(map(len, names))
    sides = label + 0.7  # names on the left, the bar on the right
    most = COLUMNS if style.width is None else max(1, int((style.width - sides) / PRINTED_TILE))
    # Rows of about the same length.
    rows = [-(-len(tiles) // most) for tiles in (grid_times, modules)]
    columns = [-(-len(tiles) // count) for tiles, count in zip((grid_times, modules), rows)]
    width = style.width or max(6.5, max(columns) * (TILE + 0.25) + sides)
    tiles = [min(1.3 * TILE, (width - sides) / count - 0.25) for count in columns]
    heights = [rows[0] * (tiles[0] + 0.4) + (1 + (rows[0] > 1)) * label, rows[1] * (tiles[1] + 0.7) + 0.2]
    edges = cell_edges(times)
    with shared_look(style.fonts):
        title = "How alike representations are (CKA)"
        figure = headed_figure(title=title, note=note, width=width, height=sum(heights), style=style)
        above, below = figure.subfigures(2, 1, height_ratios=heights)
        panels = above.subplots(rows[0], columns[0], squeeze=False, sharex=True, sharey=True)
        for axes, time in zip(panels.ravel(), grid_times):
            image = draw_matrix(axes, np.arange(len(layers) + 1) - 0.5, matrices[time], f"{style.unit} {time}")
            axes.tick_params(length=0)
        named = np.arange(0, len(layers), math.ceil(len(layers) * NAME_HEIGHT / tiles[0]))
        panels[0, 0].set_yticks(named, [names[index] for index in named])
        panels[0, 0].set_xticks(named, [names[index] for index in named])
        panels = panels.ravel()
        for index, axes in enumerate(panels[: len(grid_times)]):
            # The last tile of each column says which layers lie along it.
            axes.tick_params("x", labelbottom=index + columns[0] >= len(grid_times), rotation=90)
        for axes in panels[len(grid_times) :]:
            axes.remove()
        time_panels = below.subplots(rows[1], columns[1], squeeze=False, sharex=True, sharey=True)
        for index, (axes, layer) in enumerate(zip(time_panels.ravel(), modules)):
            pairs = load_pairs(time_tables[layer])
            matrix = pair_matrix(times, pairs["first"], pairs["second"], pairs[ESTIMATOR])
            image = draw_matrix(axes, edges, matrix, shorten(layer, int(TITLE_CHARACTERS * tiles[1])))
            lowest = index + columns[1] >= len(modules)
            axes.set_xlabel(style.unit if lowest else "")
            axes.tick_params(labelbottom=lowest)
            for axis in (axes.xaxis, axes.yaxis):
                set_cell_axis(axis, times, style, ticks=3, digits=3 if style.printed else 4)
        for axes in time_panels[:, 0]:
            axes.set_ylabel(style.unit)
        for axes in time_panels.ravel()[len(modules) :]:
            axes.remove()
        for half, used in ((above, panels[: len(grid_times)]), (below, time_panels.ravel()[: len(modules)])):
            # Ticks that the layout could change would not fit into the room that it left for them.
            bar = half.colorbar(image, ax=list(used), fraction=0.03, pad=0.01, ticks=[0, 0.5, 1])
            bar.set_label("CKA")
            bar.outline.set_visible(False)
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_cka(
            layer_tables=list(snakemake.input.layers),
            time_tables=dict(zip(without_raw_inputs(snakemake.params.layers), snakemake.input.times)),
            grid_times=snakemake.params.grid_times,
            times=snakemake.params.times,
            layers=snakemake.params.layers,
            baseline=snakemake.params.baseline,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                unit=snakemake.params.unit,
                font=snakemake.params.font,
                time_axis=snakemake.params.time_axis,
            ),
        )
        save_figure(figure, snakemake.output)
