"""Figure of the training: loss, score, and the score of each class or label."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evolution.figures.curves import Panel, curve_panels, draw_curve, place_labels, title_panel
from evolution.figures.fonts import drawable_names
from evolution.figures.given_colors import colors_of_classes
from evolution.figures.score_panels import LOWEST_R2, score_in
from evolution.figures.style import INK, MUTED, FigureStyle, save_figure, shared_look
from evolution.io.job_log import job_log
from evolution.io.tables import load_table

LOSS = Panel("Loss", "of the training, on the training samples; lower is better", "loss")


@dataclass(frozen=True)
class ScoreTexts:
    """What the figure says of a kind of target.

    Attributes
    ----------
    title : str
        Of the figure.
    panel : Panel
        Of the score.
    each : str
        The title of the panel that has a line for each class or label; empty where there is none.
    one, many : str
        What it has a line of.
    loss : str
        What the loss on the evaluation samples is.
    """

    title: str
    panel: Panel
    each: str
    one: str
    many: str
    loss: str


TEXTS = {
    "accuracy": ScoreTexts(
        title="How well the network classifies while it trains",
        panel=Panel("Accuracy", "share of samples that the network classifies correctly", "accuracy"),
        each="Accuracy of each class",
        one="class",
        many="classes",
        loss="cross-entropy",
    ),
    "r2": ScoreTexts(
        title="How well the network predicts while it trains",
        panel=Panel("R²", "share of variance it explains; 1: all, 0: no better than the mean", "R²"),
        each="",
        one="",
        many="",
        loss="squared error",
    ),
    "average_precision": ScoreTexts(
        title="How well the network finds the labels while it trains",
        panel=Panel("Average precision", "the mean over labels; 1: perfect", "average precision"),
        each="Average precision of each label",
        one="label",
        many="labels",
        loss="binary cross-entropy",
    ),
}
# With more classes than this, lines would cover each other: a band shows where they lie, and a few are named.
NAMED_CLASSES = 20
WEAKEST, STRONGEST = 5, 2
# Shares of the classes below each edge of the bands, and how dark these are.
BANDS = (((0.05, 0.95), "#e9e9e9"), ((0.25, 0.75), "#cfcfcf"))


def load_history(path: str) -> tuple[dict[tuple[str, str], tuple[np.ndarray, np.ndarray]], str]:
    """Read `tables/history.parquet`.

    Returns
    -------
    curves : dict
        (metric, class name or "") to times int (E,) and values float (E,), in the order of the table.
    score : str
        See `score_in`.

    Raises
    ------
    UserError
        If the table cannot be read, or has a score and not that of the evaluation samples.
    """
    table = load_table(path, "time", "metric", "class_name", "value")
    metrics, names = table.column("metric").to_pylist(), table.column("class_name").to_pylist()
    times, values = np.array(table.column("time")), np.array(table.column("value"), float)
    rows: dict[tuple[str, str], list[int]] = {}
    for row, key in enumerate(zip(metrics, names)):
        rows.setdefault(key, []).append(row)
    curves = {key: (times[chosen], values[chosen]) for key, chosen in rows.items()}
    return curves, score_in(curves, path)


def draw_band(axes: Axes, curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Shade where most of many curves lie, and draw their median."""
    times = np.unique(np.concatenate([times for times, _ in curves.values()]))
    values = np.full((len(curves), len(times)), np.nan)
    for row, (known, of_class) in zip(values, curves.values()):
        row[np.searchsorted(times, known)] = of_class
    some = np.isfinite(values).any(axis=0)
    times, values = times[some], values[:, some]
    for shares, color in BANDS:
        low, high = np.nanquantile(values, shares, axis=0)
        axes.fill_between(times, low, high, color=color, linewidth=0)
    draw_curve(axes, times, np.nanmedian(values, axis=0), MUTED, "median", linewidth=1.1)


def chosen_classes(names: Iterable[str], style: FigureStyle) -> list[str]:
    """Of very many classes or labels those with a colour of their own, which are named too if there is room."""
    chosen = [name for name in names if name in style.colors]
    return chosen if len(chosen) <= NAMED_CLASSES - WEAKEST - STRONGEST else []


def many_note(names: Collection[str], texts: ScoreTexts, style: FigureStyle) -> str:
    """What the figure's note says of very many classes or labels."""
    if len(names) <= NAMED_CLASSES:
        return ""
    chosen = " and those with a colour of their own" * bool(chosen_classes(names, style))
    return (
        f"Of {len(names)} {texts.many}, the dark band holds the middle half and the light one the middle 90 %; the "
        f"weakest {WEAKEST} and the best {STRONGEST} at the end{chosen} are named. All are in tables/history.parquet."
    )


def draw_classes(
    axes: Axes,
    curves: dict[str, tuple[np.ndarray, np.ndarray]],
    drawable: dict[str, str],
    texts: ScoreTexts,
    style: FigureStyle,
) -> None:
    """Draw the score of each class or label; of many a band, and the weakest and the strongest at the end.

    `drawable` has each name as it is written.
    """
    named = list(curves)
    which = f"on the evaluation samples; one line per {texts.one}"
    if len(curves) > NAMED_CLASSES:
        draw_band(axes, curves)
        known = [name for name in curves if np.isfinite(curves[name][1][-1])]
        ordered = sorted(known, key=lambda name: curves[name][1][-1])
        ends = [*ordered[:WEAKEST], *ordered[WEAKEST:][-STRONGEST:]]
        named = list(dict.fromkeys([*ends, *chosen_classes(known, style)]))
        which = "weakest, best and chosen" if chosen_classes(known, style) else "the weakest and the best"
        which = f"shaded: {len(curves)} {texts.many}; named: {which}"
    for color, name in zip(colors_of_classes(style.palette, named, style.colors), named):
        draw_curve(axes, *curves[name], color, drawable[name], linewidth=1.1, zorder=2.5)
    title_panel(axes, Panel(texts.each, which, texts.panel.y_label), style)


def draw_loss(
    axes: Axes, curves: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]], loss: str, style: FigureStyle
) -> None:
    """Draw the losses on the training and the evaluation samples, as far as they are known."""
    # A training that ran elsewhere may not have told its losses.
    for name, color, label in (("train_loss", MUTED, "training"), ("eval_loss", INK, "evaluation")):
        if (name, "") in curves:
            draw_curve(axes, *curves[name, ""], color, label)
    evaluated = ("eval_loss", "") in curves
    title_panel(axes, replace(LOSS, explanation=f"{loss}; lower is better") if evaluated and loss else LOSS, style)
    if not any(np.isfinite(line.get_ydata()).any() for line in axes.lines):
        axes.text(0.5, 0.5, "no loss is known", transform=axes.transAxes, color=MUTED, ha="center")
    if _lowest(axes) >= 0:
        axes.set_ylim(bottom=0)


def _lowest(axes: Axes) -> float:
    """The lowest value of any line; at most 0."""
    return min((np.nanmin(line.get_ydata(), initial=0) for line in axes.lines), default=0)


def draw_score(
    axes: Axes, curves: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]], score: str, style: FigureStyle
) -> None:
    """Draw what the network is scored by, on the training and the evaluation samples."""
    panel = TEXTS[score].panel
    if (f"train_{score}", "") in curves:
        draw_curve(axes, *curves[f"train_{score}", ""], "#9a9a9a", "training")
    draw_curve(axes, *curves[f"eval_{score}", ""], INK, "evaluation")
    low = -0.02
    if score == "r2":
        lowest = _lowest(axes)
        low = max(lowest, LOWEST_R2) - 0.02
        if lowest < LOWEST_R2:
            panel = replace(panel, explanation=f"share of variance it explains; below {LOWEST_R2:g} cut off")
    title_panel(axes, panel, style)
    axes.set_ylim(low, 1.02)


def plot_training_curves(*, history_table: str, style: FigureStyle) -> Figure:
    """Draw loss and scores over times; of samples without a target the loss alone.

    Parameters
    ----------
    history_table : path of `tables/history.parquet`
    style : FigureStyle
    """
    curves, score = load_history(history_table)
    if not score:
        with shared_look(style.fonts):
            figure, (loss,) = curve_panels(
                title="The loss while the network trains", note="", rows=[1], labels=["evaluation"], style=style
            )
            draw_loss(loss, curves, "", style)
            place_labels(figure)
        return figure
    texts = TEXTS[score]
    classes = {name: curve for (measure, name), curve in curves.items() if measure == f"class_{score}"}
    class_names, fonts = drawable_names(classes, style.font)
    with shared_look(fonts):
        figure, panels = curve_panels(
            title=texts.title,
            note=many_note(classes, texts, style),
            rows=[3 if classes else 2],
            labels=["evaluation", *class_names] if len(classes) <= NAMED_CLASSES else ["evaluation"],
            style=style,
        )
        draw_loss(panels[0], curves, texts.loss, style)
        draw_score(panels[1], curves, score, style)
        if classes:
            draw_classes(panels[2], classes, dict(zip(classes, class_names)), texts, style)
            panels[2].set_ylim(-0.02, 1.02)
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
                colors=snakemake.params.colors,
                unit=snakemake.params.unit,
                font=snakemake.params.font,
                time_axis=snakemake.params.time_axis,
            ),
        )
        save_figure(figure, snakemake.output)
