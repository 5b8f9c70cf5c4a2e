"""A small experiment made by rule, and its explorer page."""

from pathlib import Path

import numpy as np

import explorer
from evolution.io.arrays import save_npy, save_npz
from evolution.io.tables import save_table
from evolution.measures.long_tables import METRIC_TITLES

PAGE = Path(__file__).parents[2] / "workflow" / "scripts" / "evolution" / "explorer"
EPOCHS = [0, 2, 5, 10]
LAYERS = ["pixels", "conv", "fc"]
CLASSES = 3
SAMPLES = 60


def coordinates(layer: str, epoch: int, samples: int) -> np.ndarray:
    """Samples on a ring, far from each other, that turns with the epoch; each layer's is its own; float32 (N, 2)."""
    angle = 2 * np.pi * np.arange(samples) / samples + 0.2 * epoch + LAYERS.index(layer)
    return np.stack([10 * np.cos(angle), 10 * np.sin(angle)], axis=1).astype(np.float32)


def prediction(epoch: int, samples: int) -> np.ndarray:
    """All right at the last epoch; before, every `epoch + 2`nd sample is taken for the next class."""
    labels = np.arange(samples) % CLASSES
    wrong = (np.arange(samples) % (epoch + 2) == 0) & (epoch != EPOCHS[-1])
    return np.where(wrong, (labels + 1) % CLASSES, labels)


def write_page(folder: Path, samples: int = SAMPLES, max_samples: int = 5000, name: str = "explorer.html", **changes):
    """Write the experiment's files and its page; return the page's path."""
    labels = np.arange(samples) % CLASSES
    images = np.zeros((samples, 1, 8, 8), np.uint8)
    images[np.arange(samples), 0, labels] = 255
    save_npz(
        folder / "dataset.npz",
        eval_images=images,
        eval_labels=labels,
        eval_indices=1000 + np.arange(samples),
        class_names=np.array(["zero", "one", "</script>"]),
    )
    embeddings, clusters, rows = {}, {}, []
    for layer in LAYERS:
        epochs = EPOCHS[:1] if layer == "pixels" else EPOCHS
        save_npy(folder / f"e-{layer}.npy", np.stack([coordinates(layer, epoch, samples) for epoch in epochs]))
        # Clusters numbered backwards: the page must match them to the classes.
        save_npy(folder / f"c-{layer}.npy", np.tile(CLASSES - 1 - labels, (len(epochs), 1)).astype(np.int16))
        for place, epoch in enumerate(epochs):
            embeddings[epoch, layer] = str(folder / f"e-{layer}.npy"), place
            clusters[epoch, layer] = str(folder / f"c-{layer}.npy"), place
            rows += [(layer, epoch, metric, 0.01 * epoch + 0.1 * len(layer)) for metric in METRIC_TITLES]
    columns = dict(zip(("layer", "epoch", "metric", "value"), map(list, zip(*rows))))
    save_table(folder / "metrics.parquet", columns)
    table = {
        "epoch": np.repeat(EPOCHS, samples),
        "sample": np.tile(np.arange(samples), len(EPOCHS)),
        "predicted": np.concatenate([prediction(epoch, samples) for epoch in EPOCHS]),
        "confidence": np.concatenate([np.full(samples, 0.5 + epoch / 25) for epoch in EPOCHS]),
    }
    save_table(folder / "predictions.parquet", table)
    settings = {"palette": "petroff10", "max_samples": max_samples, "aligned": True, "run": "rings"} | changes
    explorer.explore(
        str(folder / "dataset.npz"),
        embeddings,
        clusters,
        [str(folder / "predictions.parquet")],
        str(folder / "metrics.parquet"),
        EPOCHS,
        LAYERS,
        str(PAGE),
        str(folder / name),
        **settings,
    )
    return folder / name
