"""Explorer pages of small runs of any kind of input and of target."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from evolution.data.kinds import CLASSES, LABELS, NONE, NUMBER
from evolution.data.targets import load_targets
from evolution.io.arrays import load_npz, names_in_npz, save_npz
from evolution.io.tables import save_table
from explorer import explore
from support.figures import write_cells, write_long
from support.page import page_settings
from support.samples import write_samples

TIMES = [0, 2, 5]
LAYERS = ["raw_inputs", "fc1", "fc2"]
METRICS = {
    CLASSES: ("silhouette", "adjusted_rand_index", "knn_accuracy"),
    NUMBER: ("silhouette", "knn_r2"),
    LABELS: ("silhouette", "knn_average_precision"),
    NONE: ("silhouette",),
}


def predictions_of(targets, seed: int = 1) -> np.ndarray:
    """What a network predicts at each of `TIMES`: the later, the nearer to the truth."""
    random = np.random.default_rng(seed)
    noise = np.array([1.5, 0.6, 0.1])
    if targets.target == NUMBER:
        errors = random.normal(size=(len(TIMES), targets.count)) * noise[:, None]
        return (targets.values + errors).astype(np.float32)
    if targets.target == LABELS:
        logits = (
            4 * targets.values - 2 + random.normal(size=(len(TIMES), *targets.values.shape)) * 3 * noise[:, None, None]
        )
        return (1 / (1 + np.exp(-logits))).astype(np.float32)
    truth = np.arange(targets.count) % len(targets.names) if targets.values is None else targets.values
    guesses = random.integers(0, len(targets.names), (len(TIMES), targets.count))
    return np.where(random.random(guesses.shape) < noise[:, None], guesses, truth).astype(np.int32)


def write_predictions(path: Path, predicted: np.ndarray) -> str:
    """Write predictions at `TIMES` as the jobs do; probabilities of labels as lists of one length."""
    count = predicted.shape[1]
    flat = predicted.reshape(len(TIMES) * count, -1)
    column = pa.FixedSizeListArray.from_arrays(flat.reshape(-1), flat.shape[1]) if predicted.ndim == 3 else flat[:, 0]
    sure = 0.75 if predicted.dtype.kind == "i" else np.nan
    columns = {"time": np.repeat(TIMES, count), "sample": np.tile(np.arange(count), len(TIMES)), "predicted": column}
    save_table(path, columns | {"confidence": np.full(len(flat), sure, np.float32)})
    return str(path)


def write_run(
    folder: Path, *, kind: str, target: str, predicted: bool = True, names=("ash", "birch", "cedar"), **samples
) -> dict[str, object]:
    """Write the files of a run; return the arguments of `explore` without its settings.

    Parameters
    ----------
    folder : Path
    kind, target : str
    predicted : bool
        Whether anybody knows what the network predicts. Without labels it predicts the classes `names`.
    names : sequence of str
    **samples
        Further arguments of `write_samples`.
    """
    dataset = write_samples(folder / "dataset.npz", kind=kind, target=target, names=names, **samples)
    if target == NONE and predicted:
        arrays = {name: load_npz(dataset, name)[0] for name in names_in_npz(dataset)}
        save_npz(dataset, **arrays | {"class_names": np.array(names)})
    targets = load_targets(dataset)
    count = targets.count
    groups = np.arange(count) % max(3, len(targets.names))
    guesses = predictions_of(targets) if predicted and (targets.names or target == NUMBER) else None
    if guesses is None:
        guesses = (
            np.full((len(TIMES), count), np.nan, np.float32) if target == NUMBER else np.full((len(TIMES), count), -1)
        )
    random = np.random.default_rng(2)
    angle = 2 * np.pi * groups / (groups.max() + 1)
    centers = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    layouts, clusters = {}, {}
    for layer in LAYERS:
        times = TIMES[:1] if layer == "raw_inputs" else TIMES
        layouts[layer] = np.stack([(2 + time) * centers + random.normal(size=(count, 2)) for time in times]).astype(
            np.float32
        )
        # The same clusters everywhere, under other numbers at each time and layer.
        clusters[layer] = np.stack([random.permutation(groups.max() + 1)[groups] for _ in times]).astype(np.int16)
    by_attribute = [f"knn_accuracy:{name}" for name, column in targets.attributes.items() if column.dtype.kind == "U"]
    values = {
        (layer, time, metric): 0.1 + 0.1 * time + 0.05 * number
        for number, layer in enumerate(LAYERS)
        for time in (TIMES[:1] if layer == "raw_inputs" else TIMES)
        for metric in [*METRICS[target], *by_attribute]
    }
    return {
        "dataset": dataset,
        "embeddings": write_cells(folder / "embeddings", layouts, TIMES),
        "clusters": write_cells(folder / "clusters", clusters, TIMES),
        "predictions": [write_predictions(folder / "predictions.parquet", guesses)],
        "metrics_table": write_long(folder / "metrics.parquet", values),
        "times": TIMES,
        "layers": LAYERS,
    }


def write_run_page(folder: Path, **run) -> Path:
    """Write a run's files and its page; return the page's path."""
    path = folder / "explorer.html"
    path.write_text(explore(**write_run(folder, **run), settings=page_settings()), encoding="utf-8", newline="\n")
    return path
