"""Figure of the training: loss, accuracy, and the accuracy of each class."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import numpy as np
from matplotlib.axes import Axes

from evolution.figures.curves import curve_panels, draw_curve, place_labels, title_panel
from evolution.figures.fonts import shown_names
from evolution.figures.style import INK, MUTED, class_colors, figure_style, save_figure
from evolution.io.job_log import job_log
from evolution.io.reading import damaged
from evolution.io.tables import load_table

# With more classes than this, only the weakest are named and coloured.
NAMED_CLASSES = 20
WEAKEST = 5


def load_history(path: str) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    """Read `tables/history.parquet`.

    Returns
    -------
    dict
        (measure, class name or "") to epochs int (E,) and values float (E,), in the order of the table.
    """
    table = load_table(path, "epoch", "measure", "class_name", "value")
    measures, names = table.column("measure").to_pylist(), table.column("class_name").to_pylist()
    epochs, values = np.array(table.column("epoch")), np.array(table.column("value"), float)
    places: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(zip(measures, names)):
        places.setdefault(key, []).append(place)
    curves = {key: (epochs[rows], values[rows]) for key, rows in places.items()}
    missing = [name for name in ("train_loss", "train_accuracy", "eval_accuracy") if (name, "") not in curves]
    if missing:
        raise damaged(path, f"no {missing[0]}")
    return curves


def draw_classes(
    axes: Axes, curves: dict[str, tuple[np.ndarray, np.ndarray]], palette: str, printed: bool = False
) -> None:
    """Draw each class's accuracy; of many classes, name the weakest and leave the others grey."""
    colors = dict(zip(curves, class_colors(palette, len(curves))))
    named = list(curves)
    if len(curves) > NAMED_CLASSES:
        named = sorted(curves, key=lambda name: curves[name][1][-1])[:WEAKEST]
    for name, (epochs, values) in curves.items():
        if name in named:
            draw_curve(axes, epochs, values, colors[name], name, linewidth=1.1, zorder=2.5)
        else:
            draw_curve(axes, epochs, values, "#cfcfcf", linewidth=0.6)
    which = (
        "one line per class" if len(named) == len(curves) else f"the weakest {WEAKEST} of {len(curves)} classes named"
    )
    title_panel(axes, "Accuracy of each class", f"on the evaluation images; {which}", "accuracy", printed)


def plot_training_curves(
    history_table: str, output: list[str], dpi: int, palette: str, width: float | None = None
) -> None:
    """Draw loss and accuracies over epochs.

    Parameters
    ----------
    history_table : path of `tables/history.parquet`
    output : paths to write, PNG, PDF or SVG
    dpi : int
    palette : str
        Of the classes, see `style.class_colors`.
    width : float or None
        Inches of the paper's column or page; None: for the screen.
    """
    curves = load_history(history_table)
    classes = {name: curve for (measure, name), curve in curves.items() if measure == "class_accuracy"}
    with figure_style():
        classes = dict(zip(shown_names(classes), classes.values()))
        names = ["evaluation", *classes] if len(classes) <= NAMED_CLASSES else ["evaluation"]
        heading, printed = "How well the network classifies while it trains", width is not None
        figure, (loss, accuracy, of_classes) = curve_panels(heading, "", [3], names, dpi, width)
        draw_curve(loss, *curves["train_loss", ""], MUTED, "training")
        title_panel(loss, "Loss", "cross-entropy on the training images; lower is better", "loss", printed)
        loss.set_ylim(bottom=0)
        draw_curve(accuracy, *curves["train_accuracy", ""], "#9a9a9a", "training")
        draw_curve(accuracy, *curves["eval_accuracy", ""], INK, "evaluation")
        title_panel(accuracy, "Accuracy", "share of images that the network classifies correctly", "accuracy", printed)
        draw_classes(of_classes, classes, palette, printed)
        for axes in (accuracy, of_classes):
            axes.set_ylim(-0.02, 1.02)
        place_labels(figure)
        save_figure(figure, output)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_training_curves(
            snakemake.input.history,
            list(snakemake.output),
            snakemake.params.dpi,
            snakemake.params.palette,
            snakemake.params.width,
        )
