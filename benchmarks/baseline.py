"""The experiment as a notebook does it: one process, scikit-learn, every layer's raw activations kept in memory.

    python benchmarks/baseline.py result.json --root data [--epochs 100] [--threads 2]

`against_notebook.py` compares with it where the original notebook's runner has left no result. It trains small_cnn on
MNIST (5000 images to train on, 1000 to follow) in full batches, with accuracies on all images each epoch and a snapshot
every second epoch; takes k-means with silhouette and ARI, and t-SNE, of each snapshot's layers; and draws the grid, and
the animation by matplotlib's FuncAnimation. It writes wall_s, peak_rss_gb and section_s (train, metrics, tsne, gif).
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.animation import FuncAnimation, PillowWriter
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import adjusted_rand_score, silhouette_score
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))
from plain_cnn import build_plain_cnn

from evolution.data.network_input import load_evaluation, load_training
from prepare_data import prepare_data

LAYERS = ("conv1", "conv2", "conv3", "fc1", "fc2")
EVERY, SEED, PERPLEXITY, COMPONENTS = 2, 17, 30, 50


def train(dataset: str, epochs: int) -> tuple[dict[tuple[int, str], np.ndarray], np.ndarray]:
    """Train, and keep the raw activations of each (epoch, layer), float32 (N, D), and the labels."""
    (images, labels), (inputs, targets, classes) = load_training(dataset), load_evaluation(dataset)
    eval_images, eval_labels = inputs[""], targets.values
    model = build_plain_cnn(images.shape[1:], classes, SEED)
    images, labels, eval_images = map(torch.from_numpy, (images, labels, eval_images))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    kept, outputs = {}, {}
    for name, module in model.named_modules():
        if name in LAYERS:
            module.register_forward_hook(lambda module, inputs, output, name=name: outputs.update({name: output}))
    for epoch in range(1, epochs + 1):
        model.train()
        optimizer.zero_grad()
        functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            (model(images).argmax(1) == labels).float().mean().item()
            model(eval_images)
        if epoch % EVERY == 0:
            kept |= {(epoch, name): outputs[name].flatten(1).numpy().copy() for name in LAYERS}
    return kept, eval_labels


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def metrics(kept: dict, labels: np.ndarray) -> dict[tuple[int, str], float]:
    """k-means, silhouette and ARI of each cell; the ARI is kept for the titles."""
    found = {}
    for cell, rows in kept.items():
        rows = unit(rows)
        clusters = KMeans(10, n_init=10, random_state=SEED).fit_predict(rows)
        silhouette_score(rows, clusters)
        found[cell] = adjusted_rand_score(labels, clusters)
    return found


def embed(kept: dict) -> dict[tuple[int, str], np.ndarray]:
    """t-SNE of each cell, of its first principal components where it has more than COMPONENTS features."""
    layouts = {}
    for cell, rows in kept.items():
        rows = unit(rows)
        if rows.shape[1] > COMPONENTS:
            rows = PCA(COMPONENTS, random_state=SEED).fit_transform(rows)
        layouts[cell] = TSNE(perplexity=PERPLEXITY, random_state=SEED).fit_transform(rows)
    return layouts


def draw(layouts: dict, rand: dict, labels: np.ndarray, folder: Path) -> None:
    """The grid of epochs and layers, and the animation."""
    epochs = sorted({epoch for epoch, _ in layouts})
    rows = [epoch for epoch in (2, 10, 20, 50, 100) if epoch in epochs]
    figure, panels = plt.subplots(len(rows), len(LAYERS), figsize=(15, 3 * len(rows)), squeeze=False)
    for epoch, line in zip(rows, panels):
        for layer, axes in zip(LAYERS, line):
            axes.scatter(*layouts[epoch, layer].T, c=labels, cmap="tab10", s=4)
            axes.set_title(f"{layer} epoch {epoch} ARI {rand[epoch, layer]:.2f}")
    figure.savefig(folder / "grid.png")
    figure, panels = plt.subplots(1, len(LAYERS), figsize=(20, 4))

    def frame(epoch):
        for layer, axes in zip(LAYERS, panels):
            axes.clear()
            axes.scatter(*layouts[epoch, layer].T, c=labels, cmap="tab10", s=4)
            axes.set_title(f"{layer} epoch {epoch} ARI {rand[epoch, layer]:.2f}")

    FuncAnimation(figure, frame, frames=epochs).save(folder / "animation.gif", writer=PillowWriter(fps=5))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=Path)
    parser.add_argument("--root", default="data", help="the folder that has MNIST/raw")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    began, seconds = time.perf_counter(), {}
    with tempfile.TemporaryDirectory() as folder:

        def timed(name, function, *arguments):
            start = time.perf_counter()
            result = function(*arguments)
            seconds[name] = time.perf_counter() - start
            print(f"{name}: {seconds[name]:.1f} s", flush=True)
            return result

        dataset = str(Path(folder) / "dataset.npz")
        prepare_data(
            name="mnist",
            root=options.root,
            train_size=5000,
            eval_size=1000,
            image_size=None,
            seed=SEED,
            output=dataset,
        )
        kept, labels = timed("train", train, dataset, options.epochs)
        rand = timed("metrics", metrics, kept, labels)
        layouts = timed("tsne", embed, kept)
        timed("gif", draw, layouts, rand, labels, Path(folder))
    result = {"wall_s": time.perf_counter() - began, "section_s": seconds, "epochs": options.epochs}
    result["peak_rss_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    options.result.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
