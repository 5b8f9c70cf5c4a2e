"""Film of every layer's t-SNE over the whole training."""

import math
from collections.abc import Iterator

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image

from evolution.files import job_log, load_npz, whole_file
from evolution.maps import Sheet, cell_side, draw_map, drawing_order, load_layout, map_sheet, square_limits, title_cell
from evolution.style import class_colors, figure_style, score
from evolution.tables import adjusted_rand_indices, network_layers

COLUMNS = 5
LAST_FRAME_MS = 2000
FRAME_MS = (20, 655_350)  # browsers slow down what is faster, GIF has no room for more
NOTE = (
    "Each dot is an evaluation image, in the colour of its true class; t-SNE puts images close together that the layer "
    "represents alike. ARI: agreement of the layer's k-means clusters with the classes; 1 is perfect, 0 is chance."
)


def film_palette(colors: list[str]) -> Image.Image:
    """The one palette of all frames: greys for text, and each colour in steps towards white, for the edges of dots.

    Chosen for the film and not from a frame, so that a class has exactly its colour in every frame.
    """
    greys = np.linspace(0, 1, 32)[:, None] * np.ones(3)
    steps = max(1, min(8, (255 - len(greys)) // len(colors)))
    white = np.linspace(0, 1, steps, endpoint=False)[:, None]
    entries = [white + (1 - white) * np.array(to_rgb(color)) for color in colors]
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.rint(255 * np.concatenate([greys, *entries])).astype(np.uint8)[:255].tobytes())
    return palette


def draw_frames(
    sheet: Sheet,
    layers: list[str],
    layouts: np.ndarray,
    rand_indices: dict[tuple[int, str], float],
    epochs: list[int],
    dots: np.ndarray,
) -> Iterator[np.ndarray]:
    """Draw the film: everything that stands still once, then for each epoch dots, ARI and epoch over it.

    Parameters
    ----------
    sheet : Sheet
    layers : list of str
    layouts : float32 array (epochs, layers, N, 2)
    rand_indices : dict
        (epoch, layer) to value.
    epochs : list of int
    dots : str array (N,)
        Colours.

    Yields
    ------
    uint8 array (height, width, 3)
        The same buffer each time.
    """
    figure, panels = sheet.figure, sheet.axes.ravel()
    canvas = FigureCanvasAgg(figure)
    counter = figure.text(sheet.right, sheet.top, "", size=12, weight="bold", ha="right", va="center", animated=True)
    scatters, titles = [], []
    for place, (axes, layer) in enumerate(zip(panels, layers)):
        scatter = draw_map(axes, layouts[0, place], dots, square_limits(list(layouts[:, place])))
        scatter.set_animated(True)
        scatters.append(scatter)
        title_cell(axes, layer)
        titles.append(axes.set_title("", loc="right", size=9, weight="normal", animated=True))
    for axes in panels[len(layers) :]:
        axes.remove()
    canvas.draw()
    still = canvas.copy_from_bbox(figure.bbox)
    order = drawing_order(len(dots))
    for step, epoch in enumerate(epochs):
        canvas.restore_region(still)
        counter.set_text(f"epoch {epoch} of {epochs[-1]}")
        figure.draw_artist(counter)
        for place, layer in enumerate(layers):
            scatters[place].set_offsets(layouts[step, place][order])
            titles[place].set_text(f"ARI {score(rand_indices[epoch, layer])}")
            panels[place].draw_artist(scatters[place])
            panels[place].draw_artist(titles[place])
        yield np.asarray(canvas.buffer_rgba())[..., :3]


def plot_animation(
    dataset: str,
    cells: dict[tuple[int, str], tuple[str, int]],
    metrics_table: str,
    epochs: list[int],
    layers: list[str],
    output: str,
    palette: str,
    fps: float,
    dpi: int,
) -> None:
    """Draw a GIF, a frame an epoch and a panel a layer; axes and colours hold for the whole film.

    Parameters
    ----------
    dataset : path of dataset.npz
    cells : dict
        (epoch, layer) to the path of an embedding, float32 (epochs, N, 2), and the epoch's place in it.
    metrics_table : path of `tables/metrics.parquet`
    epochs : list of int
    layers : list of str
        In network order; the raw pixels, which have one epoch only, are left out.
    output : path of the GIF to write
    palette : str
        See `style.class_colors`.
    fps : float
        Frames a second; GIF counts in hundredths of a second. The last frame stays for two seconds.
    dpi : int
    """
    labels, names = load_npz(dataset, "eval_labels", "class_names")
    layers = network_layers(layers)
    rand_indices = adjusted_rand_indices(metrics_table, [(epoch, layer) for epoch in epochs for layer in layers])
    layouts = np.array([[load_layout(*cells[epoch, layer], len(labels)) for layer in layers] for epoch in epochs])
    colors = class_colors(palette, len(names))
    shared = film_palette(colors)
    columns = min(COLUMNS, len(layers))
    with figure_style():
        title = "t-SNE of each layer while the network trains"
        class_names = [str(name) for name in names]
        side, rows = cell_side(layers, 2.7), math.ceil(len(layers) / columns)
        sheet = map_sheet(rows, columns, side, title, NOTE, class_names, colors, dpi)
        frames = [
            Image.fromarray(np.ascontiguousarray(pixels)).quantize(palette=shared, dither=Image.Dither.NONE)
            for pixels in draw_frames(sheet, layers, layouts, rand_indices, epochs, np.array(colors)[labels])
        ]
    duration = int(np.clip(10 * round(100 / fps), *FRAME_MS))
    durations = [duration] * (len(frames) - 1) + [LAST_FRAME_MS]
    with whole_file(output) as temporary:
        frames[0].save(temporary, save_all=True, append_images=frames[1:], duration=durations, loop=0)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        paths = snakemake.input.embeddings
        plot_animation(
            snakemake.input.dataset,
            {(epoch, layer): (paths[path], place) for epoch, layer, path, place in snakemake.params.cells},
            snakemake.input.metrics,
            snakemake.params.epochs,
            snakemake.params.layers,
            snakemake.output[0],
            snakemake.params.palette,
            snakemake.params.fps,
            snakemake.params.dpi,
        )
