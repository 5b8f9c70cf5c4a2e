"""Figure of how alike the layers of different runs are: a heat map of CKA, each layer against each."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evolution.figures.style import INK, FigureStyle, headed_figure, save_figure, score, shared_look, shorten
from evolution.io.job_log import job_log
from evolution.io.reading import damaged
from evolution.io.tables import load_table

COLORS = "cividis"  # made for colour-blind readers, and even in grey
# Characters of a run's and a layer's name, on a screen and on paper.
NAMES = {False: (44, 18), True: (26, 10)}
LETTER = 0.075  # inches, of a name on a screen
MOST_NUMBERS = 16  # rows of a map whose cells have room for their values
ROW_OF_NAME = 0.085  # inches; in lower rows the layers are not named
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


def telling_length(names: list[str], most: int) -> int:
    """How many characters of each name are written: at most `most`, or all where names would then look the same."""
    shortened = {shorten(name, most) for name in names}
    return most if len(shortened) == len(names) else max(map(len, names))


def label_runs(
    axes: Axes, *, runs: list[str], layers: list[str], groups: dict[str, list[str]], most: int, printed: bool
) -> None:
    """Name each row's and column's layer and run; a line parts two runs, a thick line two groups.

    Parameters
    ----------
    axes : Axes
    runs, layers : lists of str
        Of each row; no layers where their names do not fit.
    groups : dict
        Group to its runs.
    most : int
        Characters of a run's name.
    printed : bool
    """
    size = (5.0, 6.0) if printed else (7.0, 7.0)
    group_of = {run: group for group, runs in groups.items() for run in runs}
    starts = [row for row in range(len(runs)) if row == 0 or runs[row] != runs[row - 1]]
    middles = [(start + end - 1) / 2 for start, end in zip(starts, [*starts[1:], len(runs)])]
    names = [shorten(runs[start], most) for start in starts]
    # The runs' names start where the longest name of a layer ends.
    pad = 11 + 0.62 * size[0] * max(map(len, layers), default=0)
    for axis, turned in ((axes.yaxis, {}), (axes.xaxis, {"rotation": 90})):
        # A run's name may stand in the same row as a layer's.
        axis.remove_overlapping_locs = False
        axis.set_ticks(range(len(layers)), layers, minor=True, size=size[0], **turned)
        axis.set_ticks(middles, names, size=size[1], color=INK, **turned)
        axis.set_tick_params(which="major", length=0, pad=pad)
        axis.set_tick_params(which="minor", length=0, pad=3)
    for start in starts[1:]:
        between = group_of[runs[start]] != group_of[runs[start - 1]]
        for line in (axes.axhline, axes.axvline):
            line(start - 0.5, color="white", linewidth=2.2 if between else 0.8)


def plot_compared_cka(
    *, cka_table: str, groups: dict[str, list[str]], times: dict[str, int], compared: list[str], style: FigureStyle
) -> Figure:
    """Draw the CKA of each layer of each run with each other.

    Parameters
    ----------
    cka_table : path of `comparison/tables/cka.parquet`
    groups : dict
        Group to all of its runs.
    times : dict
        Run to the time at which its layers are compared.
    compared : list of str
        The runs that were chosen. The table lacks the ones that follow other samples.
    style : FigureStyle
    """
    cells, values, samples = load_map(cka_table)
    runs = dict.fromkeys(run for run, _ in cells)
    left_out = [run for run in compared if run not in runs]
    every = sum(map(len, groups.values()))
    note = (
        f"Linear CKA (unbiased) of the activations of the same {samples} samples: 1 where one layer is the other, "
        "rotated, shifted and scaled, and 0 where they have nothing in common."
    )
    if len(compared) < every:
        note += f" Shown are {len(compared)} of {every} runs, those of all groups in turn."
    if left_out:
        named = ", ".join(left_out[:4]) + (f" and {len(left_out) - 4} more" if len(left_out) > 4 else "")
        note += f" Left out, as they follow other samples: {named}."
    most_run, most_layer = NAMES[style.printed]
    if not style.printed:
        # A sweep's runs may differ in the middle of their names alone. Paper has no room for longer ones.
        most_run = telling_length(list(runs), most_run)
    row_runs, row_layers = [run for run, _ in cells], [shorten(layer, most_layer) for _, layer in cells]
    names = LETTER * (max(min(len(run), most_run) for run in runs) + max(map(len, row_layers)))
    side = float(np.clip(CELL * len(cells), SMALLEST, LARGEST))
    if style.width is not None:
        # Letters of 5 and 6 points in place of 7.
        names *= 0.8
        side = max(style.width - names - 0.7, 0.8)
    if side / len(cells) < ROW_OF_NAME:
        row_layers = []
        note += " The layers of a run stand in the network's order."
    compared_at = sorted({times[run] for run in runs})
    when = f"{style.unit} {compared_at[0]}"
    if len(compared_at) > 1:
        when = f"{style.unit}s from {compared_at[0]} to {compared_at[-1]}"
        shown = [f"{run} at {times[run]}" for run in runs]
        note += f" Of each run: {', '.join(shown[:4])}{', ...' if len(shown) > 4 else ''}."
    with shared_look(style.fonts):
        figure = headed_figure(
            title=f"How alike the runs' layers are at {when}",
            note=note,
            width=style.width or side + names + 1.3,
            height=side + names + 0.4,
            style=style,
        )
        axes = figure.subplots()
        image = axes.imshow(values, vmin=0, vmax=1, cmap=COLORS, interpolation="nearest")
        axes.grid(False)
        axes.spines[:].set_visible(False)
        label_runs(axes, runs=row_runs, layers=row_layers, groups=groups, most=most_run, printed=style.printed)
        if len(cells) <= MOST_NUMBERS and not style.printed:
            for (row, column), value in np.ndenumerate(values):
                if np.isfinite(value):
                    color = "black" if value > 0.5 else "white"
                    axes.text(column, row, score(value), color=color, size=6.5, ha="center", va="center")
        bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02, shrink=0.6)
        bar.set_label("CKA")
        bar.outline.set_visible(False)
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_compared_cka(
            cka_table=snakemake.input.cka,
            groups=snakemake.params.groups,
            times=snakemake.params.times,
            compared=snakemake.params.compared,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                unit=snakemake.params.unit,
                font=snakemake.params.font,
            ),
        )
        save_figure(figure, snakemake.output)
