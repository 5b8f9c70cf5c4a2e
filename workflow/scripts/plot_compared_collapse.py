"""Figure of neural collapse at the classifier, for each group of runs."""

import numpy as np
from matplotlib.figure import Figure

from evolution.figures.collapse_panels import (
    COLLAPSED,
    PANELS,
    plain_decades,
    say_no_classifier,
    write_in_panel,
)
from evolution.figures.comparison import (
    BAND_NOTE,
    compared_panels,
    draw_groups,
    final_value,
    group_colors,
    limit_y_axis,
    load_comparison,
    others_note,
)
from evolution.figures.curves import title_panel
from evolution.figures.style import FigureStyle, save_figure, shared_look, shorten
from evolution.io.job_log import job_log
from evolution.io.reading import damaged

NOTE = (
    " Of NC1, mean and interval are taken of the logarithm, because runs differ by factors. All is measured at the "
    "input of the classifier, the last linear layer, on the evaluation samples. "
)
MOST_NAMES, NAME_LENGTH = 3, 40
SCREEN_COLUMNS = 3
PRINTED_PANEL = 2.8  # inches, as the panels have long titles


def left_out_note(groups: list[str]) -> str:
    """What the note says of groups without a value."""
    if not groups:
        return ""
    named = ", ".join(shorten(group, NAME_LENGTH) for group in groups[:MOST_NAMES])
    more = f" and {len(groups) - MOST_NAMES} more" if len(groups) > MOST_NAMES else ""
    return f" Not shown, as the model has no classifier, or none that is linear: {named}{more}."


def plot_compared_collapse(*, collapse_table: str, style: FigureStyle, groups: list[str] | None = None) -> Figure:
    """Draw NC1 to NC4 at the classifier's input over times, a line a group.

    Groups without any value are left out, and the note names them; where no group has one, the panels say so.

    Parameters
    ----------
    collapse_table : path of `comparison/tables/collapse.parquet`
    style : FigureStyle
    groups : list of str, optional
        All groups of the comparison; the table has those whose samples have classes. Default: those of the table.

    Raises
    ------
    UserError
        If the table cannot be read, or lacks a measure.
    """
    values = load_comparison(collapse_table, "metric")
    for group, curves in values.items():
        for metric in PANELS:
            if (metric,) not in curves:
                raise damaged(collapse_table, f"no {metric} of {group}")
    measured = {
        group: curves for group, curves in values.items() if any(np.isfinite(runs).any() for _, runs in curves.values())
    }
    shown = measured or values

    def rank(group):
        times, runs = shown[group]["nc1",]
        return final_value((times, -runs))

    colors = group_colors(list(shown), rank, style.palette, groups or list(values))
    note = BAND_NOTE + NOTE + COLLAPSED + others_note(list(shown), colors, "with the lowest NC1 at the end")
    note += left_out_note([group for group in values if group not in shown])
    with shared_look(style.fonts):
        figure, panels = compared_panels(
            count=len(PANELS),
            columns=SCREEN_COLUMNS,
            printed_panel=PRINTED_PANEL,
            style=style,
            title="Neural collapse at the classifier, run against run",
            note=note,
            sizes={group: len(curves["nc1",][1]) for group, curves in shown.items()},
            colors=colors,
        )
        for axes, (metric, panel) in zip(panels, PANELS.items()):
            if metric == "nc1":
                axes.set_yscale("log")
            ends = draw_groups(axes, {group: curves[metric,] for group, curves in shown.items()}, colors)
            limit_y_axis(axes, ends, panel.least_span)
            if metric == "nc1":
                plain_decades(axes)
            if not measured:
                say_no_classifier(axes)
            elif not ends:
                write_in_panel(axes, "no run has a value")
            title_panel(axes, panel, style)
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_compared_collapse(
            collapse_table=snakemake.input.collapse,
            groups=list(snakemake.params.groups),
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                palette=snakemake.params.palette,
                unit=snakemake.params.unit,
                font=snakemake.params.font,
                time_axis=snakemake.params.time_axis,
            ),
        )
        save_figure(figure, snakemake.output)
