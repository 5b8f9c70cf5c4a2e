"""A small experiment made by rule, and its explorer page."""

import base64
from html.parser import HTMLParser
from pathlib import Path

import numpy as np

from evolution.explorer.page_data import PageSettings
from evolution.io.arrays import save_npz
from evolution.io.tables import save_table
from explorer import explore
from support.figures import write_cells

EPOCHS = [0, 2, 5, 10]
LAYERS = ["raw_inputs", "conv", "fc"]
# Of a run whose samples have classes, those that the page has curves of.
METRICS = (
    *("silhouette", "adjusted_rand_index", "normalized_mutual_information", "label_silhouette", "knn_accuracy"),
    "linear_probe_accuracy",
)
CLASS_NAMES = ["zero", "one", "</script>"]
CLASSES = len(CLASS_NAMES)
SAMPLES = 60


def coordinates(layer: str, epoch: int, samples: int) -> np.ndarray:
    """Samples far from each other on a ring that turns with the epoch, another for each layer; float32 (N, 2)."""
    angle = 2 * np.pi * np.arange(samples) / samples + 0.2 * epoch + LAYERS.index(layer)
    return np.stack([10 * np.cos(angle), 10 * np.sin(angle)], axis=1).astype(np.float32)


def prediction(epoch: int, samples: int) -> np.ndarray:
    """All right at the last epoch; before it, every `epoch + 2`nd sample is predicted as the next class."""
    labels = np.arange(samples) % CLASSES
    wrong = (np.arange(samples) % (epoch + 2) == 0) & (epoch != EPOCHS[-1])
    return np.where(wrong, (labels + 1) % CLASSES, labels)


def clusters_of(samples: int) -> np.ndarray:
    """The classes numbered backwards, so that the page must match clusters to classes; int16 (N,)."""
    return (CLASSES - 1 - np.arange(samples) % CLASSES).astype(np.int16)


def metric_value(layer: str, epoch: int) -> float:
    """Every metric of a layer at an epoch."""
    return 0.01 * epoch + 0.1 * len(layer)


def write_experiment(folder: Path, samples: int = SAMPLES) -> dict[str, object]:
    """Write the experiment's files; return the arguments of `explore` without its settings."""
    labels = np.arange(samples) % CLASSES
    images = np.zeros((samples, 1, 8, 8), np.uint8)
    images[np.arange(samples), 0, labels] = 255
    save_npz(
        folder / "dataset.npz",
        eval_images=images,
        eval_labels=labels,
        eval_indices=1000 + np.arange(samples),
        class_names=np.array(CLASS_NAMES),
    )
    layer_epochs = {layer: EPOCHS[:1] if layer == "raw_inputs" else EPOCHS for layer in LAYERS}
    layouts = {
        layer: np.stack([coordinates(layer, epoch, samples) for epoch in epochs])
        for layer, epochs in layer_epochs.items()
    }
    clusters = {layer: np.tile(clusters_of(samples), (len(epochs), 1)) for layer, epochs in layer_epochs.items()}
    rows = [
        (layer, epoch, metric, metric_value(layer, epoch))
        for layer, epochs in layer_epochs.items()
        for epoch in epochs
        for metric in METRICS
    ]
    columns = dict(zip(("layer", "epoch", "metric", "value"), map(list, zip(*rows))))
    save_table(folder / "metrics.parquet", columns)
    table = {
        "epoch": np.repeat(EPOCHS, samples),
        "sample": np.tile(np.arange(samples), len(EPOCHS)),
        "predicted": np.concatenate([prediction(epoch, samples) for epoch in EPOCHS]),
        "confidence": np.concatenate([np.full(samples, 0.5 + epoch / 25) for epoch in EPOCHS]),
    }
    save_table(folder / "predictions.parquet", table)
    return {
        "dataset": str(folder / "dataset.npz"),
        "embeddings": write_cells(folder / "embeddings", layouts, EPOCHS),
        "clusters": write_cells(folder / "clusters", clusters, EPOCHS),
        "predictions": [str(folder / "predictions.parquet")],
        "metrics_table": str(folder / "metrics.parquet"),
        "times": EPOCHS,
        "layers": LAYERS,
    }


def page_settings(max_samples: int = 5000, aligned: bool = True) -> PageSettings:
    return PageSettings(run="rings", palette="petroff10", max_samples=max_samples, aligned=aligned)


def write_page(folder: Path, samples: int = SAMPLES, max_samples: int = 5000, aligned: bool = True) -> Path:
    """Write the experiment's files and its page; return the page's path."""
    text = explore(**write_experiment(folder, samples), settings=page_settings(max_samples, aligned))
    path = folder / "explorer.html"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def unpacked(array: dict) -> np.ndarray:
    """An array as the page reads it from JSON."""
    return np.frombuffer(base64.b64decode(array["bytes"]), array["type"]).reshape(array["shape"])


class Scripts(HTMLParser):
    """Collects the text of a page's scripts."""

    def __init__(self):
        super().__init__()
        self.texts, self.inside = {}, None

    def handle_starttag(self, tag, attributes):
        if tag == "script":
            self.inside = dict(attributes).get("id", "code")
            self.texts[self.inside] = self.texts.get(self.inside, "")

    def handle_endtag(self, tag):
        self.inside = None if tag == "script" else self.inside

    def handle_data(self, text):
        if self.inside:
            self.texts[self.inside] += text


def script_texts(page: str) -> dict[str, str]:
    """The text of each script by its id, and of all scripts without one as "code"."""
    parser = Scripts()
    parser.feed(page)
    return parser.texts
