"""Figure of how well each group of runs classifies over the training."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import numpy as np
from matplotlib.figure import Figure

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
from evolution.figures.curves import PRINTED_PANEL, Panel, title_panel
from evolution.figures.style import FigureStyle, save_figure, shared_look
from evolution.io.job_log import job_log
from evolution.io.reading import damaged

PANELS = {
    "train_loss": Panel("Loss", "on the training samples; lower is better", "loss"),
    "train_accuracy": Panel("Training accuracy", "share of the training samples that are right", "accuracy"),
    "eval_accuracy": Panel("Evaluation accuracy", "share of the evaluation samples that are right", "accuracy"),
}


def plot_compared_accuracy(*, history_table: str, style: FigureStyle) -> Figure:
    """Draw loss and accuracies over times, a line a group; a group without any accuracy is left out.

    Parameters
    ----------
    history_table : path of `comparison/tables/history.parquet`
    style : FigureStyle
    """
    values = load_comparison(history_table, "measure", "class_name")
    for group, curves in values.items():
        if ("eval_accuracy", "") not in curves:
            raise damaged(history_table, f"no eval_accuracy of {group}")
    # A recording may not say what the network predicts.
    values = {group: curves for group, curves in values.items() if np.isfinite(curves["eval_accuracy", ""][1]).any()}
    # A training that ran elsewhere may not have told its losses.
    panels_drawn = {
        measure: panel
        for measure, panel in PANELS.items()
        if any((measure, "") in curves for curves in values.values())
    }
    colors = group_colors(list(values), lambda group: final_value(values[group]["eval_accuracy", ""]), style.palette)
    note = BAND_NOTE + others_note(list(values), colors, "with the highest evaluation accuracy")
    with shared_look():
        figure, panels = compared_panels(
            count=len(panels_drawn),
            columns=len(panels_drawn),
            printed_panel=PRINTED_PANEL,
            style=style,
            title="How well the networks classify, run against run",
            note=note,
            sizes={group: len(curves["eval_accuracy", ""][1]) for group, curves in values.items()},
            colors=colors,
        )
        for axes, (measure, panel) in zip(panels, panels_drawn.items()):
            ends = draw_groups(
                axes,
                {group: curves[measure, ""] for group, curves in values.items() if (measure, "") in curves},
                colors,
            )
            limit_y_axis(axes, ends)
            title_panel(axes, panel, style)
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_compared_accuracy(
            history_table=snakemake.input.history,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                palette=snakemake.params.palette,
                unit=snakemake.params.unit,
                time_axis=snakemake.params.time_axis,
            ),
        )
        save_figure(figure, snakemake.output)
