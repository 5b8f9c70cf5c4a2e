"""Time measuring one cell on a GPU, and compare its values with those of NumPy on the CPU.

    python benchmarks/gpu_cell.py [--samples 60000] [--features 4096] [--device cuda] [--repeat 3] [--no-numpy]

The cell is drawn: ten classes that overlap, in 60 directions behind a ReLU layer, as float32 (samples, features). All
that there is to measure is measured, `--repeat` times after a small cell that has the libraries loaded. It prints
seconds on the wall (medians), the parts that the device computes by themselves, the device's memory, whether all
repeats gave the same bytes, and how far values are from NumPy's, which takes minutes of a core. `--device cpu` runs the
same code on torch's CPU, for a machine without a GPU. It ends with an error where a value is off by more than 1e-3, or
k-means differs from NumPy's by more than its restarts differ from each other.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))
import numpy as np
import torch
from sklearn.metrics import adjusted_rand_score

from evolution.activations.compaction import unit_rows
from evolution.measures import clustering
from evolution.measures.cell_metrics import layer_metrics
from evolution.measures.devices import find_device
from evolution.measures.measure_settings import MeasureSettings
from evolution.measures.passes import Foreseen, Passes
from evolution.measures.probe import linear_probe
from evolution.measures.products import Products
from evolution.measures.registry import GPU_SAMPLES, MEASURE_NAMES, OF_CLUSTERS
from evolution.measures.spectrum import singular_values

SEED, CLASSES, DIRECTIONS, WITHIN = 17, 10, 60, 1e-3
SETTINGS = MeasureSettings(clusters=CLASSES, n_init=10, neighbors=10, measures=MEASURE_NAMES, seed=SEED)


def draw_cell(samples: int, features: int) -> tuple[np.ndarray, np.ndarray]:
    """Activations float32 (samples, features), and their classes."""
    random = np.random.default_rng(SEED)
    labels = random.integers(0, CLASSES, samples)
    hidden = random.normal(size=(CLASSES, DIRECTIONS))[labels] + random.normal(size=(samples, DIRECTIONS))
    rows = hidden.astype(np.float32) @ random.normal(size=(DIRECTIONS, features)).astype(np.float32)
    rows += random.standard_normal(size=rows.shape, dtype=np.float32)
    return np.maximum(rows, 0, out=rows), labels


def seconds_of(function: Callable[[], object], device: torch.device | None) -> tuple[float, object]:
    """Seconds on the wall until the device is done, and what the function returns."""
    start = time.perf_counter()
    found = function()
    if device is not None and device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start, found


def parts_of(rows: np.ndarray, labels: np.ndarray, device: torch.device | None) -> dict[str, Callable[[], object]]:
    """What the device computes, each by itself."""
    unit, everyone = unit_rows(rows), np.ones(len(rows), bool)
    start = {"clusters": CLASSES, "n_init": SETTINGS.n_init, "seed": SEED}

    def visit() -> None:
        passes = Passes(unit, Foreseen([labels], [everyone], SETTINGS.neighbors, rows), device=device)
        passes.sums(labels)
        passes.two_nearest()

    return {
        "k-means": lambda: clustering.kmeans_restarts(unit, **start, together=GPU_SAMPLES, device=device),
        "distances": visit,
        "probe": lambda: linear_probe(rows, labels, SEED, products=Products(rows, device=device)),
        "spectrum": lambda: singular_values(Products(rows, device=device)),
    }


def agreement_of_restarts(rows: np.ndarray) -> float:
    """The lowest adjusted Rand index of two of k-means' restarts."""
    _, restarts = clustering.kmeans_restarts(unit_rows(rows), clusters=CLASSES, n_init=4, seed=SEED)
    return min(adjusted_rand_score(*two) for two in combinations(restarts, 2))


def compared(found: tuple, expected: tuple, spread: float) -> bool:
    """Print how far a cell's values are from NumPy's; whether they are near enough."""
    index = adjusted_rand_score(found[1], expected[1])
    print(f"clusters: adjusted Rand index {index:.6f} to NumPy's, two restarts at least {spread:.6f}")
    same_clusters = index > 1 - 1e-3
    near = same_clusters or index >= spread
    for name, value in expected[0].items():
        off = float(np.max(np.abs(np.subtract(found[0][name], value)) / np.maximum(1, np.abs(value))))
        counts = same_clusters or name not in OF_CLUSTERS
        near &= not off > WITHIN or not counts
        print(f"{name:32} {np.mean(found[0][name]):12.6f} {np.mean(value):12.6f}  off by {off:.1e}")
    return near


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=60_000)
    parser.add_argument("--features", type=int, default=4096)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-numpy", action="store_true", help="do not compare with NumPy")
    options = parser.parse_args()
    if options.samples <= GPU_SAMPLES:
        parser.error(f"cells of up to {GPU_SAMPLES} samples are measured on the CPU")
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("torch finds no usable GPU here")
    device = find_device("cuda") if options.device == "cuda" else torch.device("cpu")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "torch's CPU"
    print(f"{name}, torch {torch.__version__}, {options.samples} x {options.features}")
    rows, labels = draw_cell(options.samples, options.features)

    def cell(device: torch.device | None, number: int = options.samples, **more: int) -> tuple:
        some = labels[:number]
        return layer_metrics(rows[:number], some, SETTINGS, predicted=some, device=device, **more)

    first, _ = seconds_of(lambda: cell(device, 500, matrix_samples=100), device)
    print(f"{'a small cell, with the start':32} {first:8.2f} s")
    runs = [seconds_of(lambda: cell(device), device) for _ in range(options.repeat)]
    print(f"{'the cell':32} {statistics.median(seconds for seconds, _ in runs):8.2f} s")
    for part, function in parts_of(rows, labels, device).items():
        seconds = statistics.median(seconds_of(function, device)[0] for _ in range(options.repeat))
        print(f"{'  ' + part:32} {seconds:8.2f} s")
    if device.type == "cuda":
        print(f"{'memory of the GPU':32} {torch.cuda.max_memory_allocated(device) / 1e9:8.2f} GB")
    texts = {repr((values, clusters.tobytes(), votes.tobytes())) for _, (values, clusters, votes) in runs}
    print("all repeats gave the same bytes" if len(texts) == 1 else "REPEATS DIFFER")
    near = True
    if not options.no_numpy:
        seconds, expected = seconds_of(lambda: cell(None), None)
        print(f"{'the cell by NumPy':32} {seconds:8.2f} s")
        near = compared(runs[0][1], expected, agreement_of_restarts(rows))
    sys.exit(0 if near and len(texts) == 1 else "values are off")


if __name__ == "__main__":
    main()
