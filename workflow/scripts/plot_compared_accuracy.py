"""Figure of how well each group of runs predicts over the training."""

from dataclasses import replace

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
from evolution.figures.score_panels import LOWEST_R2, score_in
from evolution.figures.style import FigureStyle, save_figure, shared_look
from evolution.io.job_log import job_log

LOSS = "train_loss"
PANELS = {
    LOSS: Panel("Loss", "on the training samples; lower is better", "loss"),
    "train_accuracy": Panel("Training accuracy", "share of the training samples that are right", "accuracy"),
    "eval_accuracy": Panel("Evaluation accuracy", "share of the evaluation samples that are right", "accuracy"),
    "train_r2": Panel("Training R²", "share of variance explained, of the training samples", "R²"),
    "eval_r2": Panel("Evaluation R²", "share of variance explained, of the evaluation samples", "R²"),
    "train_average_precision": Panel("Training AP", "mean over labels, of the training samples", "average precision"),
    "eval_average_precision": Panel(
        "Evaluation AP", "mean over labels, of the evaluation samples", "average precision"
    ),
}
COLUMNS = 3
# What the note calls the score that groups are ranked by.
SCORES_AT_END = {
    "eval_accuracy": "evaluation accuracy",
    "eval_r2": "evaluation R²",
    "eval_average_precision": "evaluation average precision",
}


def plot_compared_accuracy(*, history_table: str, style: FigureStyle, groups: list[str] | None = None) -> Figure:
    """Draw loss and scores over times, a line a group; a group of which nothing is known is left out.

    Parameters
    ----------
    history_table : path of `comparison/tables/history.parquet`
    style : FigureStyle
    groups : list of str, optional
        All groups of the comparison. Default: those of the table.
    """
    values = load_comparison(history_table, "metric", "class_name")
    groups = groups or list(values)
    found = {group: score_in(curves, history_table, f" of {group}") for group, curves in values.items()}
    scores = {group: score and f"eval_{score}" for group, score in found.items()}
    # A recording may not say what the network predicts; samples without a target have no score, but maybe a loss.
    values = {
        group: curves
        for group, curves in values.items()
        if np.isfinite(curves.get((scores[group] or LOSS, ""), (None, np.nan))[1]).any()
    }
    # A training that ran elsewhere may not have told its losses.
    panels_drawn = {
        measure: panel
        for measure, panel in PANELS.items()
        if any((measure, "") in curves for curves in values.values())
    }
    colors = group_colors(
        list(values), lambda group: final_value(values[group].get((scores[group], ""))), style.palette, groups
    )
    ranked = " or ".join(text for score, text in SCORES_AT_END.items() if score in panels_drawn)
    note = BAND_NOTE + others_note(list(values), colors, f"with the highest {ranked}" if ranked else "that come first")
    kinds = {scores[group] for group in values}
    if len(kinds) > 1:
        note += " The groups have different targets: a panel shows those that have its score. Their losses do not "
        note += "compare: cross entropy of classes, squared error of a number, cross entropy of each label."
    what = "classify" if kinds == {"eval_accuracy"} else "predict"
    with shared_look(style.fonts):
        figure, panels = compared_panels(
            count=len(panels_drawn),
            columns=min(COLUMNS, len(panels_drawn)),
            printed_panel=PRINTED_PANEL,
            style=style,
            title=f"How well the networks {what}, run against run",
            note=note,
            sizes={group: len(curves[scores[group] or LOSS, ""][1]) for group, curves in values.items()},
            colors=colors,
        )
        for axes, (measure, panel) in zip(panels, panels_drawn.items()):
            ends = draw_groups(
                axes,
                {group: curves[measure, ""] for group, curves in values.items() if (measure, "") in curves},
                colors,
            )
            if measure.endswith("_r2") and ends and min(ends) < LOWEST_R2 < max(ends):
                ends = [LOWEST_R2, max(ends)]
                panel = replace(panel, explanation=f"share of variance explained; below {LOWEST_R2:g} cut off")
            limit_y_axis(axes, ends)
            title_panel(axes, panel, style)
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_compared_accuracy(
            history_table=snakemake.input.history,
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
