"""A run whose samples are of any kind and have any target, as the figures read it."""

import numpy as np

from evolution.activations.predictions import prediction_columns
from evolution.data.kinds import CLASSES, IMAGES, LABELS, NONE, NUMBER, SCORES
from evolution.data.targets import load_targets
from evolution.io.tables import save_table
from support.figures import long_values, random_layouts, write_cells, write_long
from support.samples import write_samples

LAYERS, TIMES = ["conv1", "conv2", "fc"], [0, 2, 5, 10]
METRICS = {
    CLASSES: (
        *("silhouette", "adjusted_rand_index", "normalized_mutual_information", "label_silhouette", "knn_accuracy"),
        *("effective_rank", "linear_probe_accuracy", "knn_purity"),
    ),
    NUMBER: ("silhouette", "knn_r2", "effective_rank", "linear_probe_r2"),
    LABELS: ("silhouette", "knn_average_precision", "effective_rank", "linear_probe_average_precision"),
    NONE: ("silhouette", "effective_rank"),
}
# By metrics.measure_by.
OF_ATTRIBUTES = ("adjusted_rand_index:writer", "label_silhouette:writer", "knn_accuracy:writer", "knn_r2:age")


class TargetRun:
    """The files of a run, and how each figure's arguments are called.

    Parameters
    ----------
    folder : Path
    kind, target : str
    **samples
        See `write_samples`.
    """

    def __init__(self, folder, kind=IMAGES, target=CLASSES, **samples):
        self.random, self.folder, self.target = np.random.default_rng(1), folder, target
        self.dataset = write_samples(folder / "dataset.npz", kind=kind, target=target, **samples)
        self.targets = load_targets(self.dataset)
        self.layouts = write_cells(
            folder / "embeddings", random_layouts(["raw_inputs", *LAYERS], TIMES, self.targets.count), TIMES
        )
        self.metrics = write_long(
            folder / "metrics.parquet", long_values(LAYERS, TIMES, [*METRICS[target], *OF_ATTRIBUTES])
        )
        clusters = self.random.integers(0, 4, (len(TIMES), self.targets.count)).astype(np.int16)
        self.clusters = write_cells(folder / "clusters", {LAYERS[-1]: clusters[-1:]}, TIMES[-1:])
        self.last_clusters = clusters[-1]

    def maps(self):
        """Arguments of plot_grid, and of plot_animation but for its history and settings."""
        return {
            "dataset": self.dataset,
            "embeddings": self.layouts,
            "metrics_table": self.metrics,
            "clusters": self.clusters,
            "times": TIMES,
            "layers": ["raw_inputs", *LAYERS],
        }

    def history(self):
        """A history table, whose scores rise."""
        rows = [(time, "train_loss", "", 1 / (1 + time)) for time in TIMES]
        if self.target != NONE:
            score = SCORES[self.target]
            rows += [(time, f"{part}_{score}", "", time / 12) for time in TIMES for part in ("train", "eval")]
            if self.target == NUMBER:
                rows[len(TIMES) + 1] = (0, "eval_r2", "", -7.5)
            rows += [
                (time, f"class_{score}", name, time / (time + 1 + number / 9))
                for time in TIMES
                for number, name in enumerate(self.targets.names)
            ]
        columns = dict(zip(("time", "metric", "class_name", "value"), map(list, zip(*rows))))
        save_table(self.folder / "history.parquet", columns)
        return str(self.folder / "history.parquet")

    def guesses(self):
        """What the network predicts at each time, better and better."""
        values, count = self.targets.values, self.targets.count
        if self.target == NUMBER:
            noise = [self.random.normal(0, 1 / (1 + time), count) for time in TIMES]
            return np.stack([values + each for each in noise]).astype(np.float32)
        if self.target == LABELS:
            noise = [self.random.normal(0, 0.8 / (1 + time**0.5), values.shape) for time in TIMES]
            return np.stack([np.clip(values + each, 0, 1) for each in noise]).astype(np.float32)
        if self.target == NONE:
            return np.full((len(TIMES), count), -1)
        chances = np.linspace(0.1, 0.8, len(TIMES))[:, None]
        wrong = self.random.random((len(TIMES), count)) > chances
        return np.where(wrong, (values + 1) % len(self.targets.names), values)

    def predictions(self):
        """The one table of predictions, in a list."""
        import pyarrow as pa

        guesses, path = self.guesses(), self.folder / "predictions.parquet"
        count = self.targets.count
        if self.target in (CLASSES, NONE):
            unsure = np.full((len(TIMES), count), np.nan if self.target == NONE else 0.7)
            save_table(path, prediction_columns(TIMES, guesses, unsure))
        else:
            flat = pa.array(guesses.ravel())
            predicted = pa.FixedSizeListArray.from_arrays(flat, guesses.shape[2]) if guesses.ndim == 3 else flat
            columns = {
                "time": np.repeat(np.array(TIMES, np.int32), count),
                "sample": np.tile(np.arange(count, dtype=np.int32), len(TIMES)),
                "predicted": predicted,
                "confidence": np.full(len(TIMES) * count, np.nan, np.float32),
            }
            save_table(path, columns)
        return [str(path)]

    def votes(self):
        """What neighbours say of classes or labels, with the raw inputs at the first time only."""
        guesses = self.guesses()
        guesses = guesses if self.target == LABELS else guesses.astype(np.int16)
        arrays = {layer: np.roll(guesses, number, axis=0) for number, layer in enumerate(LAYERS)}
        return write_cells(self.folder / "votes", {"raw_inputs": guesses[:1]} | arrays, TIMES)

    def samples(self):
        """Arguments of plot_samples."""
        return {
            "dataset": self.dataset,
            "predictions": self.predictions(),
            "embeddings": self.layouts,
            "times": TIMES,
            "layer": LAYERS[-1],
        }

    def raw_inputs(self):
        """Arguments of plot_raw_inputs."""
        table = self.folder / "raw_inputs.parquet"
        save_table(table, {"time": [0]} | {metric: [0.25] for metric in METRICS[self.target]})
        layout, clusters = (self.folder / part / "0000" / "raw_inputs.npy" for part in ("layout", "cluster"))
        for path, array in (
            (layout, random_layouts(["raw_inputs"], [0], self.targets.count)["raw_inputs"]),
            (clusters, self.last_clusters[None]),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, array)
        return {"dataset": self.dataset, "embedding": layout, "clusters": clusters, "metrics_table": table}


def many_classes(folder, classes=1000, samples=3000):
    """A run of images with very many classes."""
    return TargetRun(folder, count=samples, names=[f"class {label}" for label in range(classes)], attributes=False)
