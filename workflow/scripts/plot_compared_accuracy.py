"""Figure of how well each group of runs classifies over the training."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

from evolution.figures.comparison import (
    BAND_NOTE,
    compared_figure,
    draw_groups,
    final_value,
    group_colors,
    hold,
    load_comparison,
    others_note,
)
from evolution.figures.curves import PRINTED_PANEL, title_panel
from evolution.figures.style import figure_style, save_figure
from evolution.io.job_log import job_log
from evolution.io.reading import damaged

PANELS = {
    "train_loss": ("Loss", "on the training images; lower is better", "loss"),
    "train_accuracy": ("Training accuracy", "share of the training images that are right", "accuracy"),
    "eval_accuracy": ("Evaluation accuracy", "share of the evaluation images", "accuracy"),
}


def plot_compared_accuracy(
    history_table: str, output: list[str], palette: str, dpi: int, width: float | None = None
) -> None:
    """Draw loss and accuracies over epochs, a line a group.

    Parameters
    ----------
    history_table : path of `comparison/tables/history.parquet`
    output : paths to write, PNG, PDF or SVG
    palette : str
    dpi : int
    width : float or None
        Inches of the paper's column or page; None: for the screen.
    """
    values = load_comparison(history_table, "measure", "class_name")
    for group, curves in values.items():
        missing = [measure for measure in PANELS if (measure, "") not in curves]
        if missing:
            raise damaged(history_table, f"no {missing[0]} of {group}")
    colors = group_colors(list(values), lambda group: final_value(values[group]["eval_accuracy", ""]), palette)
    note = BAND_NOTE + others_note(list(values), colors, "with the highest evaluation accuracy")
    columns = len(PANELS) if width is None else min(len(PANELS), max(1, int(width / PRINTED_PANEL)))
    rows = -(-len(PANELS) // columns)
    with figure_style():
        figure, below = compared_figure(
            "How well the networks classify, run against run",
            note,
            {group: len(curves["eval_accuracy", ""][1]) for group, curves in values.items()},
            colors,
            width or 11.4,
            rows * (3.3 if width is None else 2.1),
            dpi,
            width is not None,
        )
        panels = below.subplots(rows, columns, squeeze=False).ravel()
        for axes in panels[len(PANELS) :]:
            axes.remove()
        for axes, (measure, (title, explanation, y_label)) in zip(panels, PANELS.items()):
            hold(axes, draw_groups(axes, {group: curves[measure, ""] for group, curves in values.items()}, colors))
            title_panel(axes, title, explanation, y_label, width is not None)
        save_figure(figure, output)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_compared_accuracy(
            snakemake.input.history,
            list(snakemake.output),
            snakemake.params.palette,
            snakemake.params.dpi,
            snakemake.params.width,
        )
