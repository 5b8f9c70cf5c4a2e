"""Figure of how alike the layers of different runs are: a heat map of CKA, each layer against each."""

import numpy as np
from matplotlib.axes import Axes

from evolution.files import damaged, job_log, load_table
from evolution.style import INK, figure_style, headed_figure, save_figure, shorten

COLORS = "cividis"  # made for colour-blind readers, and even in grey
NAME = 44  # characters of a run's name
LAYER = 18
MOST_NUMBERS = 16  # rows of a map whose cells have room for their values
MOST_NAMED = 70  # rows of a map with room for a name each
CELL, SMALLEST, LARGEST = 0.16, 4.0, 12.0  # inches of a row, and of the map


def load_map(path: str) -> tuple[list[tuple[str, str]], np.ndarray, int]:
    """Read `comparison/tables/cka.parquet`.

    Returns
    -------
    cells : list of (run, layer)
    values : float array (M, M)
        Unbiased CKA.
    samples : int
        How many samples it was taken from.
    """
    table = load_table(path, "run", "layer", "other_run", "other_layer", "cka_unbiased", "samples")
    cells = list(dict.fromkeys(zip(table.column("run").to_pylist(), table.column("layer").to_pylist())))
    if not cells or table.num_rows != len(cells) ** 2:
        raise damaged(path, f"{table.num_rows} rows for {len(cells)} layers")
    values = np.array(table.column("cka_unbiased").to_pylist(), float).reshape(len(cells), len(cells))
    return cells, values, table.column("samples")[0].as_py()


def label_runs(axes: Axes, cells: list[tuple[str, str]], groups: dict[str, list[str]], size: float) -> None:
    """Name rows and columns: each layer, and outside of that each run; lines between runs, thick between groups."""
    group_of = {run: group for group, runs in groups.items() for run in runs}
    runs = [run for run, _ in cells]
    starts = [place for place in range(len(runs)) if place == 0 or runs[place] != runs[place - 1]]
    middles = [(start + end - 1) / 2 for start, end in zip(starts, [*starts[1:], len(runs)])]
    layers = [shorten(layer, LAYER) for _, layer in cells] if len(cells) <= MOST_NAMED else []
    names = [shorten(runs[start], NAME) for start in starts]
    # The runs' names stand beyond the longest layer's.
    pad = 6 + 0.62 * size * max(map(len, layers), default=0)
    for axis, turned in ((axes.yaxis, {}), (axes.xaxis, {"rotation": 90})):
        # A run's name may stand in the row of a layer's.
        axis.remove_overlapping_locs = False
        axis.set_ticks(range(len(layers)), layers, minor=True, size=size, **turned)
        axis.set_ticks(middles, names, size=max(size, 6), color=INK, **turned)
        axis.set_tick_params(which="major", length=0, pad=pad)
        axis.set_tick_params(which="minor", length=0, pad=3)
    for start in starts[1:]:
        between = group_of[runs[start]] != group_of[runs[start - 1]]
        for line in (axes.axhline, axes.axvline):
            line(start - 0.5, color="white", linewidth=2.2 if between else 0.8)


def plot_compared_cka(
    cka_table: str,
    groups: dict[str, list[str]],
    epoch: int,
    compared: list[str],
    output: list[str],
    dpi: int,
    width: float | None = None,
) -> None:
    """Draw the CKA of each layer of each run with each other.

    Parameters
    ----------
    cka_table : path of `comparison/tables/cka.parquet`
    groups : dict
        Group to its runs, all of them.
    epoch : int
        At which the layers are compared.
    compared : list of str
        The runs that were taken; those that the table lacks follow other images.
    output : paths to write, PNG, PDF or SVG
    dpi : int
    width : float or None
        Inches of the paper's column or page; None: for the screen.
    """
    cells, values, samples = load_map(cka_table)
    runs = dict.fromkeys(run for run, _ in cells)
    left_out = [run for run in compared if run not in runs]
    every = sum(map(len, groups.values()))
    note = (
        f"Linear CKA (unbiased) of the activations of the same {samples} images: 1 where one layer is the other, "
        "rotated, shifted and scaled, and 0 where they have nothing in common."
    )
    if len(compared) < every:
        note += f" Shown are {len(compared)} of {every} runs, those of all groups in turn."
    if left_out:
        named = ", ".join(left_out[:4]) + (f" and {len(left_out) - 4} more" if len(left_out) > 4 else "")
        note += f" Left out, as they follow other images: {named}."
    number = len(cells)
    side = float(np.clip(CELL * number, SMALLEST, LARGEST))
    names = 0.075 * max(min(len(run), NAME) for run in runs) + 0.075 * max(min(len(layer), LAYER) for _, layer in cells)
    with figure_style():
        title, wide = f"How alike the runs' layers are at epoch {epoch}", side + names + 1.3
        high = side + names + 0.4 if width is None else width * (side + names) / wide
        figure = headed_figure(title, note, width or wide, high, dpi, width is not None)
        axes = figure.subplots()
        image = axes.imshow(values, vmin=0, vmax=1, cmap=COLORS, interpolation="nearest")
        axes.grid(False)
        axes.spines[:].set_visible(False)
        scale = 1 if width is None else min(1, width / wide)
        label_runs(axes, cells, groups, float(np.clip(7 * scale, 4.5, 7)))
        if number <= MOST_NUMBERS and width is None:
            for (row, column), value in np.ndenumerate(values):
                if np.isfinite(value):
                    color = "black" if value > 0.5 else "white"
                    axes.text(column, row, f"{value:z.2f}", color=color, size=6.5, ha="center", va="center")
        bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02, shrink=0.6)
        bar.set_label("CKA")
        bar.outline.set_visible(False)
        save_figure(figure, output)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_compared_cka(
            snakemake.input.cka,
            snakemake.params.groups,
            snakemake.params.epoch,
            snakemake.params.compared,
            list(snakemake.output),
            snakemake.params.dpi,
            snakemake.params.width,
        )
