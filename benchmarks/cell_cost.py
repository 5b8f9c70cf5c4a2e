"""Processor seconds and memory of measuring one cell, against the number of its samples.

    python benchmarks/cell_cost.py results/mnist/activations/0010/conv1.npy results/mnist/dataset.npz \\
        [--samples 1000 2000 5000 10000] [--repeat 3] [--alone] [--tolerance auto]

It takes the first samples of a layer's activations, as exact or raw rows are stored within `activations.tolerance`. To
have what a file holds measured as it is, give all its samples and --tolerance stored. It measures all that there is to
measure, on one thread and each number in a process of its own, and prints medians and growth exponents: 1 is in
proportion to the samples, 2 to their square. `--alone` adds what k-means and each measure of `metrics.measures` take by
themselves, for which parts that they share are done again.
"""

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

# One thread, as a job has. It must stand before NumPy is loaded.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))
from evolution.activations.compaction import unit_rows
from evolution.activations.stored_rows import Stored, stored_rows
from evolution.data.targets import load_targets
from evolution.io.arrays import load_notes, load_npy
from evolution.measures import clustering
from evolution.measures.cell_metrics import layer_metrics
from evolution.measures.measure_settings import MeasureSettings, cluster_count
from evolution.measures.registry import MEASURE_NAMES
from evolution.measures.shape_metrics import shape_metrics
from evolution.seeds import integer_seed

SEED, RESTARTS, NEIGHBORS = 17, 10, 10
BY_SHAPE = ("intrinsic_dimension", "neural_collapse", "linear_probe", "effective_rank")


def cost(activations: str, dataset: str, samples: int, alone: bool, tolerance: float | str) -> dict[str, float]:
    """Processor seconds of each part, and GB."""
    targets = load_targets(dataset)
    rows = load_npy(activations, (None, targets.count, None))[0, :samples]
    if tolerance == "stored":
        spectra = load_notes(activations)
        stored = Stored(rows, None if spectra is None else spectra[0])
    else:
        stored = stored_rows(np.array(rows), seed=SEED, tolerance=tolerance)
    rows = stored.rows
    values = targets.values[:samples]
    clusters = cluster_count(values, samples, targets.target)
    settings = MeasureSettings(clusters, RESTARTS, NEIGHBORS, MEASURE_NAMES, SEED)
    seconds = {}

    def timed(name: str, function, *arguments, **more):
        start = time.process_time()
        function(*arguments, **more)
        seconds[name] = time.process_time() - start

    # What is imported when it is first used is no part of a cell.
    layer_metrics(rows[:50, :5], values[:50], replace(settings, clusters=2), target=targets.target)
    predicted = values if targets.target == "classes" else None
    known = {"target": targets.target, "singular": stored.singular}
    timed("all", layer_metrics, rows, values, settings, predicted=predicted, **known)
    seconds["GB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    if alone:
        basic = replace(settings, measures=())
        timed("none of metrics.measures", layer_metrics, rows, values, basic, **known)
        start = {"clusters": clusters, "n_init": RESTARTS, "seed": integer_seed(SEED, "k-means")}
        timed("k-means", clustering.kmeans_restarts, unit_rows(rows), **start)
        for name in BY_SHAPE:
            one = replace(settings, measures=[name])
            timed(name, shape_metrics, rows, values, one, predicted=predicted, **known)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("activations")
    parser.add_argument("dataset")
    parser.add_argument("--samples", type=int, nargs="+", default=[1000, 2000, 5000, 10_000])
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--tolerance", type=lambda text: float(text) if text[0].isdigit() else text, default="auto")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(
            json.dumps(cost(options.activations, options.dataset, options.samples[0], options.alone, options.tolerance))
        )
        return
    of_all = []
    for samples in options.samples:
        command = [sys.executable, __file__, options.activations, options.dataset, "--one", "--samples", str(samples)]
        command += ["--tolerance", str(options.tolerance)] + ["--alone"] * options.alone
        runs = [json.loads(subprocess.check_output(command)) for _ in range(options.repeat)]
        of_all.append({name: statistics.median(run[name] for run in runs) for name in runs[0]})
    print(f"{'samples':28}" + "".join(f"{samples:>10}" for samples in options.samples) + "  exponent")
    for name in of_all[0]:
        found = [cost_of[name] for cost_of in of_all]
        exponent = math.nan
        if len(found) > 1:
            exponent = math.log(found[-1] / found[-2]) / math.log(options.samples[-1] / options.samples[-2])
        print(f"{name:28}" + "".join(f"{value:10.3f}" for value in found) + f"{exponent:10.1f}")


if __name__ == "__main__":
    main()
