"""Page to explore every layer's map over the training in a browser: one file, which needs no network."""

import evolution.lean_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import base64
import io
import json
from pathlib import Path
from string import Template

import numpy as np
from bokeh.core.json_encoder import serialize_json
from bokeh.document import Document
from bokeh.resources import INLINE
from PIL import Image

from evolution.clusters import matched_clusters
from evolution.explorer_figures import MAP_LIMIT, depth_colors, draw_curves, draw_maps
from evolution.files import job_log, load_npy, load_npz, whole_file
from evolution.maps import load_layout, square_limits
from evolution.methods import METHODS, Method
from evolution.predictions import load_predictions
from evolution.style import class_colors
from evolution.tables import METRIC_TITLES, PIXELS, load_values, network_layers, series

# Layouts travel as 16-bit whole numbers from -STEPS to STEPS: finer than any screen, a quarter of the bytes.
STEPS = 32_767
SPRITE_COLUMNS = 50
LARGEST_IMAGE = 96  # pixels
SHORT_TITLES = {"normalized_mutual_information": "NMI"}
CODE_PARTS = ("data", "maps", "controls")
QUALITY = 85  # of colour images, which PNG would leave too large


def shown_samples(samples: int, most: int) -> np.ndarray:
    """The samples to show, int (n,) ascending: all, or `most` drawn at random, the same each time."""
    if samples <= most:
        return np.arange(samples)
    return np.sort(np.random.default_rng(0).permutation(samples)[:most])


def quantise(layouts: np.ndarray) -> np.ndarray:
    """Layouts of one layer, float (epochs, N, 2), on one square from -STEPS to STEPS, int16."""
    center, half = square_limits(list(layouts))
    return np.rint((layouts - center) / half * STEPS).astype(np.int16)


def packed(array: np.ndarray) -> dict[str, object]:
    """An array as JSON can hold it: little-endian bytes in base64, with shape and type."""
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return {"type": array.dtype.name, "shape": array.shape, "bytes": base64.b64encode(array.tobytes()).decode()}


def sprite(images: np.ndarray) -> dict[str, object]:
    """All images in one picture, as a data URL, row after row of `columns`.

    Parameters
    ----------
    images : uint8 array (N, C, H, W)
        One channel or three.
    """
    count, channels, height, width = images.shape
    if max(height, width) > LARGEST_IMAGE:
        # The page shows no larger ones, and a sheet of photographs would be as large as the disk.
        scale = LARGEST_IMAGE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        modes = [Image.fromarray(image[0] if channels == 1 else image.transpose(1, 2, 0)) for image in images]
        small = np.stack([np.asarray(image.resize(size, Image.Resampling.BILINEAR)) for image in modes])
        return sprite(small.reshape(count, size[1], size[0], channels).transpose(0, 3, 1, 2))
    columns = min(SPRITE_COLUMNS, count)
    rows = -(-count // columns)
    sheet = np.zeros((rows * columns, height, width, channels), np.uint8)
    sheet[:count] = images.transpose(0, 2, 3, 1)
    sheet = sheet.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    sheet = sheet.reshape(rows * height, columns * width, channels)
    buffer = io.BytesIO()
    if channels == 1:
        Image.fromarray(sheet[..., 0]).save(buffer, "PNG", optimize=True)
        kind = "png"
    else:
        Image.fromarray(sheet).save(buffer, "JPEG", quality=QUALITY)
        kind = "jpeg"
    url = f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return {"url": url, "columns": columns, "rows": rows, "width": width, "height": height}


def explore(
    dataset: str,
    embeddings: dict[tuple[int, str], tuple[str, int]],
    clusters: dict[tuple[int, str], tuple[str, int]],
    predictions: list[str],
    metrics_table: str,
    epochs: list[int],
    layers: list[str],
    page: str,
    output: str,
    palette: str,
    max_samples: int,
    aligned: bool,
    run: str,
    method: str = "tsne",
) -> None:
    """Write the page.

    Parameters
    ----------
    dataset : path of dataset.npz
    embeddings, clusters : dict
        (epoch, layer) to a path, float32 (epochs, N, 2) or int16 (epochs, N), and the epoch's place in it; the raw
        pixels at epoch 0 only.
    predictions : list of paths of `predictions/{span}.parquet`
    metrics_table : path of `tables/metrics.parquet`
    epochs : list of int
    layers : list of str
        The raw pixels, where they are followed, and the network's in order.
    page : path of the folder with explorer.html, explorer.css and the parts of its code
    output : path to write
    palette : str
        See `style.class_colors`.
    max_samples : int
        With more, as many are drawn at random, and the page says so.
    aligned : bool
        Whether each epoch's layout started from the one before; if not, the page warns of reading movement.
    run : str
        Its name.
    method : str
        See `evolution.methods.METHODS`.
    """
    images, labels, source_indices, names = load_npz(
        dataset, "eval_images", "eval_labels", "eval_indices", "class_names"
    )
    shown = shown_samples(len(labels), max_samples)
    network = network_layers(layers)
    values = load_values(metrics_table)
    predicted, confidence = load_predictions(predictions, epochs, len(labels))
    maps, most_clusters = [], 0
    for layer in layers:
        of_layer = [epoch for epoch in epochs if (epoch, layer) in embeddings]
        layouts = np.stack([load_layout(*embeddings[epoch, layer], len(labels)) for epoch in of_layer])
        assigned = []
        for epoch in of_layer:
            path, place = clusters[epoch, layer]
            found = np.array(load_npy(path, (None, len(labels)))[place])
            assigned.append(matched_clusters(found, labels, len(names)))
        most_clusters = max(most_clusters, np.max(assigned) + 1)
        maps.append(
            {
                "name": "raw pixels" if layer == PIXELS else layer,
                "layouts": packed(quantise(layouts)[:, shown]),
                "clusters": packed(np.stack(assigned)[:, shown].astype(np.int16)),
                "rand": [_rounded(values.get((layer, epoch, "adjusted_rand_index"))) for epoch in of_layer],
            }
        )
    accuracy = (predicted == labels).mean(axis=1)
    curves = {"Network accuracy": {"network": (np.array(epochs), accuracy)}}
    for metric, title in METRIC_TITLES.items():
        lines = {layer: series(values, layer, metric) for layer in layers}
        curves[SHORT_TITLES.get(metric, title)] = {layer: line for layer, line in lines.items() if len(line[0])}
    document = Document()
    draw_maps(document, layers, len(shown))
    draw_curves(document, curves, network, epochs[-1])
    data = {
        "run": run,
        "epochs": epochs,
        "samples": shown.tolist(),
        "total": len(labels),
        "sources": source_indices[shown].tolist(),
        "labels": labels[shown].tolist(),
        "names": [str(name) for name in names],
        "colors": class_colors(palette, int(max(most_clusters, len(names)))),
        "depths": {"light": depth_colors(len(network), False), "dark": depth_colors(len(network), True)},
        "network": network,
        "pixels": PIXELS in layers,
        "maps": maps,
        "predicted": packed(predicted[:, shown].astype(np.int16)),
        "confidence": packed(np.rint(100 * confidence[:, shown]).astype(np.uint8)),
        "accuracy": [_rounded(value) for value in accuracy],
        "curves": list(curves),
        "sprite": sprite(images[shown]),
        "aligned": aligned,
        "limit": MAP_LIMIT,
    }
    write_page(Path(page), output, run, document, data, METHODS[method])


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 3)


def write_page(page: Path, output: str, run: str, document: Document, data: dict, method: Method) -> None:
    """Put template, style, code, Bokeh and data into one file."""

    def embedded(value) -> str:
        # JSON has < in its strings only. In a script element "</" would end it, and "<!--" with "<script" never.
        return value.replace("<", r"\u003c")

    roots = {plot.name: plot.id for plot in document.roots}
    text = Template((page / "explorer.html").read_text(encoding="utf-8")).substitute(
        run=run,
        method=method.title,
        of_layer=method.of_layer,
        caution=method.caution,
        style=(page / "explorer.css").read_text(encoding="utf-8"),
        bokeh="\n".join(INLINE.clone(components=["bokeh"]).js_raw[:1]),
        **{f"code_{part}": (page / f"explorer_{part}.js").read_text(encoding="utf-8") for part in CODE_PARTS},
        data=embedded(json.dumps(data | {"roots": roots}, separators=(",", ":"))),
        document=embedded(serialize_json(document.to_json(deferred=False))),
    )
    with whole_file(output) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        cells = snakemake.params.cells
        explore(
            snakemake.input.dataset,
            {(epoch, layer): (snakemake.input.embeddings[path], place) for epoch, layer, path, place in cells},
            {(epoch, layer): (snakemake.input.clusters[path], place) for epoch, layer, path, place in cells},
            list(snakemake.input.predictions),
            snakemake.input.metrics,
            snakemake.params.epochs,
            snakemake.params.layers,
            str(Path(snakemake.input.page[0]).parent),
            snakemake.output[0],
            snakemake.params.palette,
            snakemake.params.max_samples,
            snakemake.params.alignment == "previous",
            snakemake.wildcards.run,
            snakemake.params.method,
        )
