"""Film of every layer's map over the whole training, dots gliding from snapshot to snapshot."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import math
from collections.abc import Iterator

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from evolution.activations.cells import Cells
from evolution.embedding.methods import METHODS
from evolution.figures.film import Film, FilmSettings, ease, write_film
from evolution.figures.fonts import drawable_names
from evolution.figures.moving_dots import MovingDots
from evolution.figures.sheets import Sheet, cell_side, limit_map, map_sheet, square_limits, title_cell
from evolution.figures.style import INK, FigureStyle, accuracy_text, class_colors, score, shared_look
from evolution.io.arrays import load_npz
from evolution.io.job_log import job_log
from evolution.io.reading import damaged
from evolution.measures.long_tables import adjusted_rand_indices, eval_accuracies, without_raw_inputs

COLUMNS = 5
BAR_HEIGHT = 0.06  # inches; the progress bar is at the figure's lower edge
NOTE = (
    "Each dot is an evaluation sample, in the colour of its true class; {title} {of_layer}. "
    "Between snapshots dots glide straight on. ARI: agreement of the layer's k-means clusters with "
    "the classes; 1 is perfect, 0 is chance. Accuracy: of the network, on these samples."
)


def pace_note(times: list[int], unit: str) -> str:
    """What the film says of its pace, where it is far from that of the training, as on a logarithmic schedule."""
    gaps = np.diff(times)
    if not len(gaps) or gaps.max() <= 3 * gaps.min():
        return ""
    return f" Each snapshot is shown equally long, however many {unit}s lie before the next."


def draw_frames(
    *,
    sheet: Sheet,
    layers: list[str],
    layouts: np.ndarray,
    rand_indices: dict[tuple[int, str], float],
    accuracies: dict[int, float],
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
    rand_indices : dict
        (time, layer) to value.
    accuracies : dict
        Time to value; NaN where nobody knows.
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
        title_cell(axes, layer, layers)
        titles.append(axes.set_title("", loc="right", size=9, weight="normal", animated=True))
    for axes in panels[len(layers) :]:
        axes.remove()
    canvas.draw()
    still = canvas.copy_from_bbox(figure.bbox)
    for snapshot, time in enumerate(times):
        canvas.restore_region(still)
        # A recording may not say what the network predicts.
        accuracy = "" if np.isnan(accuracies[time]) else f"   accuracy {accuracy_text(accuracies[time])}"
        counter.set_text(f"{unit} {time} of {times[-1]}{accuracy}")
        figure.draw_artist(counter)
        for panel, title, layer in zip(panels, titles, layers):
            title.set_text(f"ARI {score(rand_indices[time, layer])}")
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
    times : list of int
    layers : list of str
        In network order; the raw inputs, which have one time only, are left out.
    settings : FilmSettings
    method : str
        See `evolution.embedding.methods.METHODS`.
    """
    labels, names = load_npz(dataset, "eval_labels", "class_names")
    layers = without_raw_inputs(layers)
    rand_indices = adjusted_rand_indices(metrics_table, [(time, layer) for time in times for layer in layers])
    accuracies = eval_accuracies(history_table)
    missing = [time for time in times if time not in accuracies]
    if missing:
        raise damaged(history_table, f"no eval_accuracy of {settings.style.unit} {missing[0]}")
    layouts = np.array([[embeddings.read_layout(layer, time, len(labels)) for layer in layers] for time in times])
    colors = class_colors(settings.style.palette, len(names))
    columns = min(COLUMNS, len(layers))
    class_names, fonts = drawable_names(names)
    with shared_look(fonts):
        sheet = map_sheet(
            rows=math.ceil(len(layers) / columns),
            columns=columns,
            cell=cell_side(layers, 2.7),
            title=f"{METHODS[method].title} of each layer",  # short, as the time stands in the same line
            note=NOTE.format(title=METHODS[method].title, of_layer=METHODS[method].of_layer)
            + pace_note(times, settings.style.unit),
            legend=list(zip(class_names, colors)),
            style=settings.style,
        )

    def frames() -> Iterator[np.ndarray]:
        with shared_look(fonts):
            yield from draw_frames(
                sheet=sheet,
                layers=layers,
                layouts=layouts,
                rand_indices=rand_indices,
                accuracies=accuracies,
                times=times,
                dots=np.array(colors)[labels],
                tween=settings.tween,
                unit=settings.style.unit,
            )

    width, height = FigureCanvasAgg(sheet.figure).get_width_height()
    return Film(frames=frames(), shape=(height, width), colors=colors)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        settings = FilmSettings(
            style=FigureStyle(dpi=snakemake.params.dpi, palette=snakemake.params.palette, unit=snakemake.params.unit),
            fps=snakemake.params.fps,
            tween=snakemake.params.tween,
            gif_megabytes=snakemake.params.gif_megabytes,
        )
        film = plot_animation(
            dataset=snakemake.input.dataset,
            embeddings=Cells(snakemake.input.embeddings, snakemake.params.spans),
            metrics_table=snakemake.input.metrics,
            history_table=snakemake.input.history,
            times=snakemake.params.times,
            layers=snakemake.params.layers,
            settings=settings,
            method=snakemake.params.method,
        )
        write_film(film, settings, gif=snakemake.output.gif, mp4=snakemake.output.mp4)
