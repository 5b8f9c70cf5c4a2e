"""Tables of several runs, made by rule, as the figures that compare runs read them."""

import numpy as np

from evolution.io.tables import save_table
from evolution.measures.registry import CLASSIFIER_METRICS
from support.figures import METRICS

EPOCHS = [0, 5, 10]

# Runs in each group, and each group's layers.
CASES = {
    "one of a single run": ({"a": 1, "b": 3}, {"a": ["fc1", "fc2"], "b": ["fc1", "fc2"]}),
    "other layers": ({"cnn": 2, "mlp": 2}, {"cnn": ["c1", "c2", "c3", "f1", "f2"], "mlp": ["f1", "f2", "f3"]}),
    "eight": (
        {f"mnist-learning_rate-{rate}-dropout-0.3": 2 for rate in range(8)},
        {f"mnist-learning_rate-{rate}-dropout-0.3": ["fc1"] for rate in range(8)},
    ),
    "many": (
        {f"sweep-number-{number}": 1 for number in range(12)},
        {f"sweep-number-{number}": [f"features.block{depth}.conv" for depth in range(8)] for number in range(12)},
    ),
}
# Case and width; a paper has no room for as many groups as the last case has.
CASES_AND_WIDTHS = [
    (case, width) for case, (groups, _) in CASES.items() for width in (None, 7, 3.4) if not width or len(groups) <= 8
]


def runs_of(groups):
    """{group: its number of runs} as {group: runs}."""
    return {group: [f"{group}-seed-{seed}" for seed in range(count)] for group, count in groups.items()}


def write_table(path, rows, *columns):
    save_table(path, dict(zip(("run", "group", "epoch", *columns, "value"), map(list, zip(*rows)))))
    return str(path)


def value_of(group, run, epoch, layer=0):
    """Different for each; the arguments are numbers."""
    return 0.2 + 0.02 * group + 0.01 * run + 0.004 * epoch * (1 + layer) / 2


def write_metrics(path, groups, layers, raw_inputs=0.3):
    rows = []
    for index, (group, runs) in enumerate(runs_of(groups).items()):
        for number, run in enumerate(runs):
            rows += [(run, group, 0, "raw_inputs", metric, raw_inputs + 0.001 * number) for metric in METRICS]
            for depth, layer in enumerate(layers[group]):
                rows += [
                    (run, group, epoch, layer, metric, value_of(index, number, epoch, depth))
                    for epoch in EPOCHS
                    for metric in METRICS
                ]
    return write_table(path, rows, "layer", "metric")


def write_history(path, groups):
    rows = [
        (run, group, epoch, measure, "", value_of(index, number, epoch))
        for index, (group, runs) in enumerate(runs_of(groups).items())
        for number, run in enumerate(runs)
        for epoch in EPOCHS
        for measure in ("train_loss", "train_accuracy", "eval_accuracy")
    ]
    return write_table(path, rows, "metric", "class_name")


def write_collapse(path, groups, value=value_of):
    """`comparison/tables/collapse.parquet`; value takes numbers of the group, the run, the epoch and the metric."""
    rows = [
        (run, group, epoch, metric, value(index, number, epoch, position))
        for index, (group, runs) in enumerate(runs_of(groups).items())
        for number, run in enumerate(runs)
        for epoch in EPOCHS
        for position, metric in enumerate(CLASSIFIER_METRICS)
    ]
    return write_table(path, rows, "metric")


def write_map(path, cells):
    """A value for each pair of cells (run, layer); path and values."""
    values = np.random.default_rng(0).random((len(cells), len(cells)))
    pairs = [(*first, *second) for first in cells for second in cells]
    names = dict(zip(("run", "layer", "other_run", "other_layer"), map(list, zip(*pairs))))
    save_table(path, names | {"cka_unbiased": values.ravel(), "samples": [500] * len(pairs)})
    return str(path), values


def legend_names(figure):
    # A name for each entry: a subfigure holds the legend.
    (legend,) = [legend for area in figure.subfigs for legend in area.legends]
    return [text.get_text() for text in legend.get_texts()]
