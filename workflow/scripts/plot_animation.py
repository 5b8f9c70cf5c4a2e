"""Film of every layer's map over the whole training, dots gliding from snapshot to snapshot."""

import math
from collections.abc import Iterator

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from evolution.activations.cells import Cells
from evolution.data.kinds import CLASSES, LABELS, NONE, NUMBER, SCORES
from evolution.data.targets import load_targets
from evolution.embedding.methods import METHODS
from evolution.figures.dot_colors import color_maps
from evolution.figures.film import Film, FilmSettings, ease, write_film
from evolution.figures.map_metrics import MAP_METRICS
from evolution.figures.moving_dots import MovingDots
from evolution.figures.sheets import Sheet, cell_side, limit_map, map_sheet, square_limits, title_cell, title_size
from evolution.figures.style import INK, FigureStyle, accuracy_text, score, shared_look
from evolution.io.job_log import job_log
from evolution.io.reading import damaged
from evolution.measures.long_tables import cell_values, eval_scores, without_raw_inputs

COLUMNS = 5
BAR_HEIGHT = 0.06  # inches; the progress bar is at the figure's lower edge
NOTE = (
    "Each dot is an evaluation sample, in the colour of {meaning}; {title} {of_layer}. "
    "Between snapshots dots glide straight on. {metric}{score}{more}"
)
# What stands next to the time, and what the note says of it.
SCORE_TEXTS = {
    CLASSES: ("accuracy", " Accuracy: of the network, on these samples."),
    NUMBER: ("R²", " R² next to the time: of the network, on these samples."),
    LABELS: ("average precision", " Average precision: of the network, on these samples, the mean over labels."),
    NONE: ("", ""),
}


def pace_note(times: list[int], unit: str) -> str:
    """What the film says of its pace, where it is far from that of the training, as on a logarithmic schedule."""
    gaps = np.diff(times)
    if not len(gaps) or gaps.max() <= 3 * gaps.min():
        return ""
    return f" Each snapshot is shown equally long, however many {unit}s lie before the next."


def score_texts(history_table: str, target: str, times: list[int], unit: str) -> dict[int, str]:
    """What stands next to each time: how well the network does; empty where nobody knows.

    Raises
    ------
    UserError
        If the table has no score of a time, though the target has one.
    """
    if target == NONE:
        return dict.fromkeys(times, "")
    scores = eval_scores(history_table, SCORES[target])
    missing = [time for time in times if time not in scores]
    if missing:
        raise damaged(history_table, f"no eval_{SCORES[target]} of {unit} {missing[0]}")
    text = score if target == NUMBER else accuracy_text
    # A recording may not say what the network predicts.
    return {time: "" if np.isnan(scores[time]) else f"{SCORE_TEXTS[target][0]} {text(scores[time])}" for time in times}


def draw_frames(
    *,
    sheet: Sheet,
    layers: list[str],
    layouts: np.ndarray,
    metric: str,
    values: dict[tuple[int, str], float],
    scores: dict[int, str],
    times: list[int],
    dots: np.ndarray,
    tween: int,
    unit: str,
) -> Iterator[np.ndarray]:
    """Draw the film: fixed parts once, numbers once a snapshot, dots and progress bar in each frame.

    Parameters
    ----------
    sheet : Sheet
    layers : list of str
    layouts : float32 array (times, layers, N, 2)
    metric : str
        What stands above each map.
    values : dict
        (time, layer) to its value.
    scores : dict
        Time to what stands next to it; empty where nothing is known.
    times : list of int
    dots : str array (N,)
        Colours.
    tween : int
        Frames from one snapshot to the next; 1 shows the snapshots alone.
    unit : {"epoch", "step"}

    Yields
    ------
    uint8 array (height, width, 4)
        Red, green, blue and opacity, which is full; `(len(times) - 1) * tween + 1` of them; the same buffer each time.
    """
    figure, panels = sheet.figure, sheet.axes.ravel()
    canvas = FigureCanvasAgg(figure)
    counter = figure.text(sheet.right, sheet.top, "", size=12, weight="bold", ha="right", va="center", animated=True)
    height = BAR_HEIGHT / figure.get_figheight()
    figure.add_artist(Rectangle((0, 0), 1, height, transform=figure.transFigure, color="#e6e6e6", linewidth=0))
    bar = figure.add_artist(Rectangle((0, 0), 0, height, transform=figure.transFigure, color=INK, linewidth=0))
    bar.set_animated(True)
    moving, titles, paths = MovingDots(panels[0], dots), [], []
    for axes, layer, path in zip(panels, layers, layouts.swapaxes(0, 1)):
        limit_map(axes, square_limits(list(path)))
        sorted_path = path[:, moving.order]
        paths.append(axes.transData.transform(sorted_path.reshape(-1, 2)).reshape(sorted_path.shape))
        title_cell(axes, layer, layers, metric)
        size = title_size(axes, layers, metric)
        titles.append(axes.set_title("", loc="right", size=size, weight="normal", animated=True))
    for axes in panels[len(layers) :]:
        axes.remove()
    canvas.draw()
    still = canvas.copy_from_bbox(figure.bbox)
    for snapshot, time in enumerate(times):
        canvas.restore_region(still)
        counter.set_text("   ".join(part for part in (f"{unit} {time} of {times[-1]}", scores[time]) if part))
        figure.draw_artist(counter)
        for panel, title, layer in zip(panels, titles, layers):
            title.set_text(f"{metric} {score(values[time, layer])}")
            panel.draw_artist(title)
        labelled = canvas.copy_from_bbox(figure.bbox)
        following = min(snapshot + 1, len(times) - 1)
        for step in range(tween if snapshot < following else 1):
            canvas.restore_region(labelled)
            bar.set_width((time + (times[following] - time) * step / tween) / max(times[-1], 1))
            figure.draw_artist(bar)
            for path in paths:
                moving.draw(canvas.renderer, path[snapshot] + ease(step / tween) * (path[following] - path[snapshot]))
            yield np.asarray(canvas.buffer_rgba())


def plot_animation(
    *,
    dataset: str,
    embeddings: Cells,
    metrics_table: str,
    history_table: str,
    clusters: Cells,
    times: list[int],
    layers: list[str],
    settings: FilmSettings,
    method: str = "tsne",
) -> Film:
    """The film, a panel a layer; axes and colours hold for the whole film.

    Parameters
    ----------
    dataset : path of dataset.npz
    embeddings : Cells
        Of layouts, float32 (N, 2).
    metrics_table, history_table : paths of `tables/metrics.parquet` and `tables/history.parquet`
    clusters : Cells
        Of k-means clusters, int16 (N,), of the last layer at the last snapshot, see `color_maps`.
    times : list of int
    layers : list of str
        In network order; the raw inputs, which have one time only, are left out.
    settings : FilmSettings
    method : str
        See `evolution.embedding.methods.METHODS`.
    """
    targets, unit = load_targets(dataset), settings.style.unit
    layers = without_raw_inputs(layers)
    metric = MAP_METRICS[targets.target]
    values = cell_values(metrics_table, metric.name, [(time, layer) for time in times for layer in layers])
    scores = score_texts(history_table, targets.target, times, unit)
    layouts = np.array([[embeddings.read_layout(layer, time, targets.count) for layer in layers] for time in times])
    colors = color_maps(targets, settings.style, clusters, layers[-1])
    columns = min(COLUMNS, len(layers))
    with shared_look(colors.fonts):
        sheet = map_sheet(
            rows=math.ceil(len(layers) / columns),
            columns=columns,
            cell=cell_side(layers, 2.7, metric.short),
            title=f"{METHODS[method].title} of each layer",  # short, as the time stands in the same line
            note=NOTE.format(
                meaning=colors.meaning,
                title=METHODS[method].title,
                of_layer=METHODS[method].of_layer,
                metric=metric.sentence,
                score=SCORE_TEXTS[targets.target][1],
                more=colors.note,
            )
            + pace_note(times, unit),
            legend=colors.legend,
            scale=colors.scale,
            style=settings.style,
        )

    def frames() -> Iterator[np.ndarray]:
        with shared_look(colors.fonts):
            yield from draw_frames(
                sheet=sheet,
                layers=layers,
                layouts=layouts,
                metric=metric.short,
                values=values,
                scores=scores,
                times=times,
                dots=colors.dots,
                tween=settings.tween,
                unit=unit,
            )

    width, height = FigureCanvasAgg(sheet.figure).get_width_height()
    return Film(frames=frames(), shape=(height, width), colors=colors.colors)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        settings = FilmSettings(
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                palette=snakemake.params.palette,
                colors=snakemake.params.colors,
                unit=snakemake.params.unit,
                font=snakemake.params.font,
            ),
            fps=snakemake.params.fps,
            tween=snakemake.params.tween,
            gif_megabytes=snakemake.params.gif_megabytes,
        )
        film = plot_animation(
            dataset=snakemake.input.dataset,
            embeddings=Cells(snakemake.input.embeddings, snakemake.params.spans),
            metrics_table=snakemake.input.metrics,
            history_table=snakemake.input.history,
            clusters=Cells(snakemake.input.clusters, snakemake.params.cluster_spans),
            times=snakemake.params.times,
            layers=snakemake.params.layers,
            settings=settings,
            method=snakemake.params.method,
        )
        write_film(film, settings, gif=snakemake.output.gif, mp4=snakemake.output.mp4)
