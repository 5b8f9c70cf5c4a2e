"""The explorer's data, in the forms that the page reads."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from evolution import RAW_INPUTS
from evolution.activations.cells import Cells
from evolution.activations.predictions import are_known, load_predictions
from evolution.explorer.plots import MAP_LIMIT, Line, depth_colors, time_places
from evolution.figures.layer_names import layer_title
from evolution.figures.metric_titles import METRIC_TITLES
from evolution.figures.sheets import square_limits
from evolution.figures.style import class_colors
from evolution.io.arrays import load_npz, names_in_npz
from evolution.measures.cluster_matching import matched_clusters
from evolution.measures.long_tables import load_values, series, without_raw_inputs

# The page holds layouts as 16-bit whole numbers from -STEPS to STEPS: finer than any screen, a quarter of the bytes.
STEPS = 32_767

SPRITE_COLUMNS = 50

LARGEST_IMAGE = 96  # pixels

QUALITY = 85  # of colour images, which are JPEG, because PNG would be too large

SHORT_TITLES = {"normalized_mutual_information": "NMI"}


@dataclass(frozen=True)
class PageSettings:
    """How the page is made and what it says of the run.

    Attributes
    ----------
    run : str
        Its name.
    palette : str
        See `style.class_colors`.
    max_samples : int
        The most samples on the page. Of a larger set so many are drawn at random, and the page says so.
    aligned : bool
        Whether each time's layout started from the one before; if not, the page warns of reading movement.
    method : str
        See `evolution.embedding.methods.METHODS`.
    unit : {"epoch", "step"}
        What times are counted in.
    time_axis : {"linear", "log"}
        Of the curves, see `plots.time_places`.
    """

    run: str
    palette: str
    max_samples: int
    aligned: bool
    method: str = "tsne"
    unit: str = "epoch"
    time_axis: str = "linear"


def page_samples(samples: int, most: int) -> np.ndarray:
    """The samples on the page, int (n,) ascending: all, or `most` drawn at random, the same each time."""
    if samples <= most:
        return np.arange(samples)
    return np.sort(np.random.default_rng(0).permutation(samples)[:most])


def quantise(layouts: np.ndarray) -> np.ndarray:
    """Layouts of one layer, float (times, N, 2), scaled to the square from -STEPS to STEPS, int16."""
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
        # The page shows images no larger than this, and a sheet of whole photographs would be huge.
        scale = LARGEST_IMAGE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pictures = [Image.fromarray(image[0] if channels == 1 else image.transpose(1, 2, 0)) for image in images]
        small = np.stack([np.asarray(image.resize(size, Image.Resampling.BILINEAR)) for image in pictures])
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


def _rounded(value: float | None) -> float | None:
    """Six decimals, so that 0.9999 is not 1; None where there is no value, which is null in JSON."""
    return None if value is None or not np.isfinite(value) else round(float(value), 6)


def explorer_data(
    *,
    dataset: str,
    embeddings: Cells,
    clusters: Cells,
    predictions: list[str],
    metrics_table: str,
    times: list[int],
    layers: list[str],
    settings: PageSettings,
) -> tuple[dict[str, object], dict[str, dict[str, Line]]]:
    """What the page holds.

    Parameters
    ----------
    dataset : path of dataset.npz
    embeddings, clusters : Cells
        Of layouts, float32 (N, 2), and of clusters, int16 (N,); the raw inputs at the first time only.
    predictions : list of paths of `predictions/{span}.parquet`
    metrics_table : path of `tables/metrics.parquet`
    times : list of int
    layers : list of str
        The raw inputs, where they are followed, and the network's in order.
    settings : PageSettings

    Returns
    -------
    data : dict
        For JSON; data.js reads it.
    curves : dict
        For `plots.draw_curves`.
    """
    told_by = "eval_ids" if "eval_ids" in names_in_npz(dataset) else "eval_indices"
    images, labels, sources, names = load_npz(dataset, "eval_images", "eval_labels", told_by, "class_names")
    subset = page_samples(len(labels), settings.max_samples)
    modules = without_raw_inputs(layers)
    values = load_values(metrics_table)
    predicted, confidence = load_predictions(predictions, times, len(labels))
    maps, most_clusters = [], 0
    for layer in layers:
        layer_times = embeddings.times(layer)
        layouts = np.stack([embeddings.read_layout(layer, time, len(labels)) for time in layer_times])
        assigned = []
        for time in layer_times:
            found = np.array(clusters.read(layer, time, (len(labels),)))
            assigned.append(matched_clusters(found, labels, len(names)))
        most_clusters = max(most_clusters, np.max(assigned) + 1)
        maps.append(
            {
                "name": layer_title(layer),
                "layouts": packed(quantise(layouts)[:, subset]),
                "clusters": packed(np.stack(assigned)[:, subset].astype(np.int16)),
                "rand": [_rounded(values.get((layer, time, "adjusted_rand_index"))) for time in layer_times],
            }
        )
    known, sure = are_known(predicted), np.isfinite(confidence).all()
    accuracy = (predicted == labels).mean(axis=1)
    curves = {"Network accuracy": {"network": (np.array(times), accuracy)}} if known else {}
    for metric, title in METRIC_TITLES.items():
        lines = {layer: series(values, layer, metric) for layer in layers}
        curves[SHORT_TITLES.get(metric, title)] = {layer: line for layer, line in lines.items() if len(line[0])}
    data = {
        "run": settings.run,
        "times": times,
        "places": time_places(times, settings.time_axis),
        "unit": settings.unit,
        "samples": subset.tolist(),
        "total": len(labels),
        "sources": sources[subset].tolist(),
        "labels": labels[subset].tolist(),
        "names": [str(name) for name in names],
        "colors": class_colors(settings.palette, int(max(most_clusters, len(names)))),
        "depths": {"light": depth_colors(len(modules), False), "dark": depth_colors(len(modules), True)},
        "network": modules,
        "raw_inputs": RAW_INPUTS in layers,
        "maps": maps,
        # null where nobody knows: a recording may have no predictions, or classes alone.
        "predicted": packed(predicted[:, subset].astype(np.int16)) if known else None,
        "confidence": packed(np.rint(100 * confidence[:, subset]).astype(np.uint8)) if known and sure else None,
        "accuracy": [_rounded(value) for value in accuracy] if known else [],
        "curves": list(curves),
        "sprite": sprite(images[subset]),
        "aligned": settings.aligned,
        "limit": MAP_LIMIT,
    }
    return data, curves
