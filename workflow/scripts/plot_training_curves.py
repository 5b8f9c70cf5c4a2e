"""Figure of the training: loss, accuracy, and the accuracy of each class."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evolution.figures.curves import Panel, curve_panels, draw_curve, place_labels, title_panel
from evolution.figures.fonts import drawable_names
from evolution.figures.style import INK, MUTED, FigureStyle, class_colors, save_figure, shared_look
from evolution.io.job_log import job_log
from evolution.io.reading import damaged
from evolution.io.tables import load_table

LOSS = Panel("Loss", "of the training, on the training samples; lower is better", "loss")
EVALUATION_LOSS = Panel("Loss", "cross-entropy; lower is better", "loss")
ACCURACY = Panel("Accuracy", "share of samples that the network classifies correctly", "accuracy")
# With more classes than this, only the weakest are named and coloured.
NAMED_CLASSES = 20
WEAKEST = 5


def load_history(path: str) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    """Read `tables/history.parquet`.

    Returns
    -------
    dict
        (measure, class name or "") to times int (E,) and values float (E,), in the order of the table.
    """
    table = load_table(path, "time", "measure", "class_name", "value")
    measures, names = table.column("measure").to_pylist(), table.column("class_name").to_pylist()
    times, values = np.array(table.column("time")), np.array(table.column("value"), float)
    rows: dict[tuple[str, str], list[int]] = {}
    for row, key in enumerate(zip(measures, names)):
        rows.setdefault(key, []).append(row)
    curves = {key: (times[chosen], values[chosen]) for key, chosen in rows.items()}
    if ("eval_accuracy", "") not in curves:
        raise damaged(path, "no eval_accuracy")
    return curves


def draw_classes(axes: Axes, curves: dict[str, tuple[np.ndarray, np.ndarray]], style: FigureStyle) -> None:
    """Draw each class's accuracy; of many classes, name the weakest and leave the others grey."""
    colors = dict(zip(curves, class_colors(style.palette, len(curves))))
    named = list(curves)
    if len(curves) > NAMED_CLASSES:
        named = sorted(curves, key=lambda name: curves[name][1][-1])[:WEAKEST]
    for name, (times, values) in curves.items():
        if name in named:
            draw_curve(axes, times, values, colors[name], name, linewidth=1.1, zorder=2.5)
        else:
            draw_curve(axes, times, values, "#cfcfcf", linewidth=0.6)
    which = (
        "one line per class" if len(named) == len(curves) else f"the weakest {WEAKEST} of {len(curves)} classes named"
    )
    panel = Panel("Accuracy of each class", f"on the evaluation samples; {which}", "accuracy")
    title_panel(axes, panel, style)


def plot_training_curves(*, history_table: str, style: FigureStyle) -> Figure:
    """Draw loss and accuracies over times.

    Parameters
    ----------
    history_table : path of `tables/history.parquet`
    style : FigureStyle
    """
    curves = load_history(history_table)
    classes = {name: curve for (measure, name), curve in curves.items() if measure == "class_accuracy"}
    class_names, fonts = drawable_names(classes)
    classes = dict(zip(class_names, classes.values()))
    with shared_look(fonts):
        figure, (loss, accuracy, class_accuracy) = curve_panels(
            title="How well the network classifies while it trains",
            note="",
            rows=[3],
            labels=["evaluation", *classes] if len(classes) <= NAMED_CLASSES else ["evaluation"],
            style=style,
        )
        # A training that ran elsewhere may not have told its losses.
        for name, color, label in (("train_loss", MUTED, "training"), ("eval_loss", INK, "evaluation")):
            if (name, "") in curves:
                draw_curve(loss, *curves[name, ""], color, label)
        title_panel(loss, EVALUATION_LOSS if ("eval_loss", "") in curves else LOSS, style)
        loss.set_ylim(bottom=0)
        if ("train_accuracy", "") in curves:
            draw_curve(accuracy, *curves["train_accuracy", ""], "#9a9a9a", "training")
        draw_curve(accuracy, *curves["eval_accuracy", ""], INK, "evaluation")
        title_panel(accuracy, ACCURACY, style)
        draw_classes(class_accuracy, classes, style)
        for axes in (accuracy, class_accuracy):
            axes.set_ylim(-0.02, 1.02)
        place_labels(figure)
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_training_curves(
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
