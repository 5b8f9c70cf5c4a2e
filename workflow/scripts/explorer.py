"""Page to explore every layer's map over the training in a browser: one file, which needs no network."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib
from evolution.explorer.page import write_page
from evolution.explorer.page_data import _rounded, packed, quantise, shown_samples, sprite

# isort: split

from pathlib import Path

import numpy as np
from bokeh.document import Document

from evolution import PIXELS
from evolution.activations.cells import Cells
from evolution.activations.predictions import load_predictions
from evolution.embedding.methods import METHODS
from evolution.explorer.plots import MAP_LIMIT, depth_colors, draw_curves, draw_maps
from evolution.figures.style import class_colors
from evolution.io.arrays import load_npz
from evolution.io.job_log import job_log
from evolution.measures.cluster_matching import matched_clusters
from evolution.measures.long_tables import METRIC_TITLES, load_values, network_layers, series

SHORT_TITLES = {"normalized_mutual_information": "NMI"}


def explore(
    dataset: str,
    embeddings: Cells,
    clusters: Cells,
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
    embeddings, clusters : Cells
        Of layouts, float32 (N, 2), and of clusters, int16 (N,); the raw pixels at epoch 0 only.
    predictions : list of paths of `predictions/{span}.parquet`
    metrics_table : path of `tables/metrics.parquet`
    epochs : list of int
    layers : list of str
        The raw pixels, where they are followed, and the network's in order.
    page : path of the folder with page.html, page.css and the parts of its code
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
        See `evolution.embedding.methods.METHODS`.
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
        of_layer = embeddings.epochs(layer)
        layouts = np.stack([embeddings.read_layout(layer, epoch, len(labels)) for epoch in of_layer])
        assigned = []
        for epoch in of_layer:
            found = np.array(clusters.read(layer, epoch, (len(labels),)))
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


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        explore(
            snakemake.input.dataset,
            Cells(snakemake.input.embeddings, snakemake.params.spans),
            Cells(snakemake.input.clusters, snakemake.params.spans),
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
