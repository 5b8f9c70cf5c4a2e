"""Film of every layer's map over the whole training, dots gliding from snapshot to snapshot."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import logging
import math
import time
from collections.abc import Iterator

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from evolution.activations.cells import Cells
from evolution.embedding.methods import METHODS
from evolution.figures.film import ease, film_palette, paletted, write_gif, write_mp4
from evolution.figures.fonts import shown_names
from evolution.figures.moving_dots import MovingDots
from evolution.figures.sheets import Sheet, cell_side, limit_map, map_sheet, square_limits, title_cell
from evolution.figures.style import INK, class_colors, figure_style, score
from evolution.io.arrays import load_npz
from evolution.io.job_log import job_log
from evolution.io.reading import damaged
from evolution.measures.long_tables import adjusted_rand_indices, eval_accuracies, network_layers

log = logging.getLogger("evolution")

COLUMNS = 5
BAR_HEIGHT = 0.06  # inches; it lies along the figure's lower edge
NOTE = (
    "Each dot is an evaluation image, in the colour of its true class; {title} {of_layer}. "
    "Between snapshots dots glide straight on. ARI: agreement of the layer's k-means clusters with "
    "the classes; 1 is perfect, 0 is chance. Accuracy: of the network, on these images."
)


def draw_frames(
    sheet: Sheet,
    layers: list[str],
    layouts: np.ndarray,
    rand_indices: dict[tuple[int, str], float],
    accuracies: dict[int, float],
    epochs: list[int],
    dots: np.ndarray,
    tween: int,
) -> Iterator[np.ndarray]:
    """Draw the film: what stands still once, what a snapshot says once a snapshot, and over it dots and progress.

    Parameters
    ----------
    sheet : Sheet
    layers : list of str
    layouts : float32 array (epochs, layers, N, 2)
    rand_indices : dict
        (epoch, layer) to value.
    accuracies : dict
        Epoch to value.
    epochs : list of int
    dots : str array (N,)
        Colours.
    tween : int
        Frames from one snapshot to the next; 1 shows the snapshots alone.

    Yields
    ------
    uint8 array (height, width, 4)
        Red, green, blue and opacity, which is full; `(len(epochs) - 1) * tween + 1` of them; the same buffer each time.
    """
    figure, panels = sheet.figure, sheet.axes.ravel()
    canvas = FigureCanvasAgg(figure)
    counter = figure.text(sheet.right, sheet.top, "", size=12, weight="bold", ha="right", va="center", animated=True)
    height = BAR_HEIGHT / figure.get_figheight()
    figure.add_artist(Rectangle((0, 0), 1, height, transform=figure.transFigure, color="#e6e6e6", linewidth=0))
    bar = figure.add_artist(Rectangle((0, 0), 0, height, transform=figure.transFigure, color=INK, linewidth=0))
    bar.set_animated(True)
    moving, titles, places = MovingDots(panels[0], dots), [], []
    for axes, layer, path in zip(panels, layers, layouts.swapaxes(0, 1)):
        limit_map(axes, square_limits(list(path)))
        sorted_path = path[:, moving.order]
        places.append(axes.transData.transform(sorted_path.reshape(-1, 2)).reshape(sorted_path.shape))
        title_cell(axes, layer, layers)
        titles.append(axes.set_title("", loc="right", size=9, weight="normal", animated=True))
    for axes in panels[len(layers) :]:
        axes.remove()
    canvas.draw()
    still = canvas.copy_from_bbox(figure.bbox)
    for step, epoch in enumerate(epochs):
        canvas.restore_region(still)
        counter.set_text(f"epoch {epoch} of {epochs[-1]}   accuracy {score(accuracies[epoch])}")
        figure.draw_artist(counter)
        for panel, title, layer in zip(panels, titles, layers):
            title.set_text(f"ARI {score(rand_indices[epoch, layer])}")
            panel.draw_artist(title)
        labelled = canvas.copy_from_bbox(figure.bbox)
        following = min(step + 1, len(epochs) - 1)
        for part in range(tween if step < following else 1):
            canvas.restore_region(labelled)
            bar.set_width((epoch + (epochs[following] - epoch) * part / tween) / max(epochs[-1], 1))
            figure.draw_artist(bar)
            for path in places:
                moving.draw(canvas.renderer, path[step] + ease(part / tween) * (path[following] - path[step]))
            yield np.asarray(canvas.buffer_rgba())


def plot_animation(
    dataset: str,
    embeddings: Cells,
    metrics_table: str,
    history_table: str,
    epochs: list[int],
    layers: list[str],
    gif: str,
    mp4: str,
    palette: str,
    fps: float,
    tween: int,
    gif_megabytes: float,
    dpi: int,
    method: str = "tsne",
) -> None:
    """Draw a GIF and an MP4, a panel a layer; axes and colours hold for the whole film.

    Parameters
    ----------
    dataset : path of dataset.npz
    embeddings : Cells
        Of layouts, float32 (N, 2).
    metrics_table, history_table : paths of `tables/metrics.parquet` and `tables/history.parquet`
    epochs : list of int
    layers : list of str
        In network order; the raw pixels, which have one epoch only, are left out.
    gif, mp4 : paths to write
    palette : str
        See `style.class_colors`.
    fps : float
        Snapshots a second. The last stays for two seconds.
    tween : int
        Frames from one snapshot to the next.
    gif_megabytes : float
        The most that the GIF should have; it shows fewer frames between snapshots where it would have more.
    dpi : int
    method : str
        See `evolution.embedding.methods.METHODS`.
    """
    labels, names = load_npz(dataset, "eval_labels", "class_names")
    layers = network_layers(layers)
    rand_indices = adjusted_rand_indices(metrics_table, [(epoch, layer) for epoch in epochs for layer in layers])
    accuracies = eval_accuracies(history_table)
    missing = [epoch for epoch in epochs if epoch not in accuracies]
    if missing:
        raise damaged(history_table, f"no eval_accuracy of epoch {missing[0]}")
    layouts = np.array([[embeddings.read_layout(layer, epoch, len(labels)) for layer in layers] for epoch in epochs])
    colors = class_colors(palette, len(names))
    shared = film_palette(colors)
    columns = min(COLUMNS, len(layers))
    kept = []
    with figure_style():
        title = f"{METHODS[method].title} of each layer while the network trains"
        note = NOTE.format(title=METHODS[method].title, of_layer=METHODS[method].of_layer)
        class_names = shown_names(names)
        side, rows = cell_side(layers, 2.7), math.ceil(len(layers) / columns)
        sheet = map_sheet(rows, columns, side, title, note, class_names, colors, dpi)
        width, height = FigureCanvasAgg(sheet.figure).get_width_height()

        def frames():
            dots = np.array(colors)[labels]
            for pixels in draw_frames(sheet, layers, layouts, rand_indices, accuracies, epochs, dots, tween):
                kept.append(paletted(pixels, shared))
                yield pixels

        began = time.perf_counter()
        write_mp4(mp4, frames(), (height, width), fps * tween)
        log.info("%d frames drawn and MP4 written in %.1f s", len(kept), time.perf_counter() - began)
    write_gif(gif, kept, fps * tween, tween, gif_megabytes * 1e6)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_animation(
            snakemake.input.dataset,
            Cells(snakemake.input.embeddings, snakemake.params.spans),
            snakemake.input.metrics,
            snakemake.input.history,
            snakemake.params.epochs,
            snakemake.params.layers,
            snakemake.output.gif,
            snakemake.output.mp4,
            snakemake.params.palette,
            snakemake.params.fps,
            snakemake.params.tween,
            snakemake.params.gif_megabytes,
            snakemake.params.dpi,
            snakemake.params.method,
        )
