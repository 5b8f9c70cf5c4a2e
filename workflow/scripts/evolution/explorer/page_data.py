"""The explorer's data, in the forms that the page reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from evolution import RAW_INPUTS
from evolution.activations.cells import Cells
from evolution.activations.predictions import load_predictions
from evolution.data.kinds import BASELINES, CLASSES
from evolution.data.targets import Targets, load_targets
from evolution.explorer.columns import MOST_CATEGORIES, attribute_column, category_colors
from evolution.explorer.outcomes import SCORE_TITLES, network_score, outcome_data
from evolution.explorer.packing import packed, rounded
from evolution.explorer.plots import MAP_LIMIT, Line, depth_colors, number_colors, time_places
from evolution.explorer.sight import sample_data
from evolution.figures.given_colors import colors_of_classes
from evolution.figures.layer_names import layer_title
from evolution.figures.map_metrics import MAP_METRICS
from evolution.figures.metric_titles import METRIC_TITLES
from evolution.figures.sheets import square_limits
from evolution.figures.style import class_colors
from evolution.measures.cluster_matching import followed_clusters, matched_clusters
from evolution.measures.long_tables import load_values, series, without_raw_inputs

# The page holds layouts as 16-bit whole numbers from -STEPS to STEPS: finer than any screen, a quarter of the bytes.
STEPS = 32_767

# Of the curves, where there is less room than in figures.
TITLES = METRIC_TITLES | {"normalized_mutual_information": "NMI"}
# Of what is measured against an attribute, whose name must have room too. The pointer finds the whole title.
SHORT_TITLES = {
    "adjusted_rand_index": "ARI",
    "label_silhouette": "Silhouette",
    "knn_accuracy": "k-NN",
    "knn_r2": "k-NN R²",
    "linear_probe_accuracy": "Probe",
    "linear_probe_r2": "Probe R²",
}


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
    colors : mapping of str to str
        The colours that some classes are given, see `evolution.figures.given_colors.colors_of_classes`.
    """

    run: str
    palette: str
    max_samples: int
    aligned: bool
    method: str = "tsne"
    unit: str = "epoch"
    time_axis: str = "linear"
    colors: Mapping[str, str] = field(default_factory=dict)


def page_samples(samples: int, most: int) -> np.ndarray:
    """The samples on the page, int (n,) ascending: all, or `most` drawn at random, the same each time."""
    if samples <= most:
        return np.arange(samples)
    return np.sort(np.random.default_rng(0).permutation(samples)[:most])


def quantise(layouts: np.ndarray) -> np.ndarray:
    """Layouts of one layer, float (times, N, 2), scaled to the square from -STEPS to STEPS, int16."""
    center, half = square_limits(list(layouts))
    return np.rint((layouts - center) / half * STEPS).astype(np.int16)


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
    targets = load_targets(dataset)
    subset = page_samples(targets.count, settings.max_samples)
    modules = without_raw_inputs(layers)
    values = load_values(metrics_table)
    baseline = BASELINES[targets.kind]
    metric = MAP_METRICS[targets.target]
    assigned = _numbered_clusters(clusters, layers, targets)
    maps = []
    for layer in layers:
        layer_times = embeddings.times(layer)
        layouts = np.stack([embeddings.read_layout(layer, time, targets.count) for time in layer_times])
        maps.append(
            {
                "name": layer_title(layer, baseline),
                "layouts": packed(quantise(layouts)[:, subset]),
                "clusters": packed(assigned[layer][:, subset].astype(np.int16)),
                "scores": [rounded(values.get((layer, time, metric.name))) for time in layer_times],
            }
        )
    predicted, confidence = load_predictions(predictions, times, targets.count)
    score = network_score(targets, predicted)
    curves = {} if score is None else {SCORE_TITLES[targets.target]: {"network": (np.array(times), score)}}
    of_metrics, whole_titles = _metric_curves(values, layers)
    curves |= of_metrics
    data = {
        "run": settings.run,
        "kind": targets.kind,
        "target": targets.target,
        "target_name": targets.name,
        "baseline": baseline,
        "times": times,
        "places": time_places(times, settings.time_axis),
        "unit": settings.unit,
        "samples": subset.tolist(),
        "total": targets.count,
        "most_categories": MOST_CATEGORIES,
        "depths": {"light": depth_colors(len(modules), False), "dark": depth_colors(len(modules), True)},
        "ramp": {"light": number_colors(False), "dark": number_colors(True)},
        "network": modules,
        "raw_inputs": RAW_INPUTS in layers,
        "map_score": metric.short,
        "maps": maps,
        "curves": list(curves),
        "curve_titles": [whole_titles.get(title, title) for title in curves],
        "score": [] if score is None else [rounded(value) for value in score],
        **_colors(settings, targets, max(int(numbers.max()) + 1 for numbers in assigned.values())),
        "attributes": [
            attribute_column(name, column, subset, settings.palette) for name, column in targets.attributes.items()
        ],
        "aligned": settings.aligned,
        "limit": MAP_LIMIT,
    }
    data |= outcome_data(targets, predicted, confidence, subset) | sample_data(dataset, subset)
    return data, curves


def _numbered_clusters(clusters: Cells, layers: list[str], targets: Targets) -> dict[str, np.ndarray]:
    """Each layer's clusters over time, int (times, N), under numbers that stand for colours.

    Numbers are those of the classes that clusters match best. Without classes they follow the samples, over time and
    from the deepest layer to the first.
    """
    numbered, reference = {}, None
    for layer in reversed(layers):
        found = np.stack([clusters.read(layer, time, (targets.count,)) for time in clusters.times(layer)])
        if targets.target == CLASSES:
            numbered[layer] = np.stack([matched_clusters(each, targets.values, len(targets.names)) for each in found])
        else:
            numbered[layer] = followed_clusters(found, reference)
            reference = numbered[layer][-1]
    return numbered


def _colors(settings: PageSettings, targets: Targets, clusters: int) -> dict[str, object]:
    """The colours of classes and of clusters; of clusters that are numbered after their classes they are the same.

    Where classes are too many to have a colour each, `given_colors` has those of some, by their numbers.
    """
    classes, palette = len(targets.names), settings.palette
    if targets.target == CLASSES and classes <= MOST_CATEGORIES:
        others = [None] * (clusters - classes)
        colors = colors_of_classes(palette, [*targets.names, *others], settings.colors)
        return {"colors": colors, "given_colors": {}, "cluster_colors": colors}
    named = enumerate(targets.names) if targets.target == CLASSES else ()
    given = {str(label): settings.colors[name] for label, name in named if name in settings.colors}
    return {
        "colors": category_colors(palette, classes, given.values()),
        "given_colors": given,
        "cluster_colors": class_colors(palette, clusters),
    }


def _metric_curves(
    values: dict[tuple[str, int, str], float], layers: list[str]
) -> tuple[dict[str, dict[str, Line]], dict[str, str]]:
    """The curves of the metrics that the run has, by title: of its target, then of each attribute; the whole titles."""
    found = dict.fromkeys(metric for _, _, metric in values)
    by_attribute = [metric for metric in found if ":" in metric]
    curves, whole = {}, {}
    for metric in [*(metric for metric in TITLES if metric in found), *by_attribute]:
        measure, _, attribute = metric.partition(":")
        whole_title = METRIC_TITLES.get(measure, measure) + (f" against {attribute}" if attribute else "")
        title = f"{SHORT_TITLES.get(measure, measure)}: {attribute}" if attribute else TITLES[metric]
        whole[title] = whole_title
        lines = {layer: series(values, layer, metric) for layer in layers}
        curves[title] = {layer: line for layer, line in lines.items() if len(line[0])}
    return curves, whole
