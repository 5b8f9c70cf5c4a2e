"""What `activations.tolerance` does to every metric of a cell, and to its size.

    python benchmarks/tolerance.py results/run/activations/0010/conv2.npy --dataset results/run/dataset.npz
                                   [--tolerances 0.01 0.02 0.04 0.08] [--samples 4000] [--n-init 10]

The activations are raw ones (`activations: {compact: false}`) or exact (`tolerance: 0`, up to 10,000 samples), of the
first time in the file; --samples takes the first so many of them. The first line is exact: coordinates with the same
distances, the metrics as they are. Below it a line a tolerance has what differs, and `cka` with the exact layer.
`distances` are errors of squared distances between unit rows, as shares of the mean one: the root mean square over
20,000 pairs drawn at random, and the largest; `bound` is what no pair exceeds. Of k-means, which may end elsewhere at
the least change, adjusted_rand_index_min and _max say how far its restarts differ.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from evolution.activations.compaction import compact, unit_rows
from evolution.activations.stored_rows import EXACT_SAMPLES, stored_rows
from evolution.data.targets import load_targets
from evolution.measures.cell_metrics import layer_metrics
from evolution.measures.cka import pairwise_cka, rows_of_samples, some_samples
from evolution.measures.measure_settings import MeasureSettings, cluster_count
from evolution.measures.registry import MEASURE_NAMES, PER_CLASS

PAIRS, SEED = 20_000, 17


def squared_distances(rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Between the unit rows of each pair, in float64."""
    unit, found = unit_rows(rows), np.empty(len(pairs))
    for start in range(0, len(pairs), 500):
        first, second = (unit[pairs[start : start + 500, side]].astype(np.float64) for side in (0, 1))
        found[start : start + 500] = ((first - second) ** 2).sum(1)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("activations", type=Path)
    parser.add_argument("--dataset", required=True, help="dataset.npz of the run")
    parser.add_argument("--tolerances", type=float, nargs="+", default=[0.01, 0.02, 0.04, 0.08])
    parser.add_argument("--samples", type=int)
    parser.add_argument("--n-init", type=int, default=10)
    options = parser.parse_args()
    raw = np.array(np.load(options.activations, mmap_mode="r")[0][: options.samples])
    targets = load_targets(options.dataset)
    labels = targets.values[: len(raw)]
    settings = MeasureSettings(
        clusters=cluster_count(labels, len(raw), targets.target),
        n_init=options.n_init,
        neighbors=10,
        measures=MEASURE_NAMES,
        seed=SEED,
    )
    pairs = np.random.default_rng(SEED).integers(0, len(raw), (PAIRS, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    true, exact = squared_distances(raw, pairs), None
    compared = some_samples(len(raw), SEED)
    print(f"{options.activations.stem}: {raw.shape[0]} samples, {raw.shape[1]} features, {raw.nbytes / 1e6:.0f} MB raw")
    for tolerance in (0, *options.tolerances):
        began = time.process_time()
        is_exact = tolerance == 0
        # Beyond EXACT_SAMPLES the exact form is the raw rows.
        kept, singular = raw, None
        if not is_exact:
            kept, singular = stored_rows(raw, seed=SEED, tolerance=tolerance)
        elif len(raw) <= EXACT_SAMPLES:
            kept = compact(raw)
        compacting = time.process_time() - began
        values, _, _ = layer_metrics(kept, labels, settings, target=targets.target, predicted=None, singular=singular)
        measuring = time.process_time() - began - compacting
        values = {name: value for name, value in values.items() if name not in PER_CLASS}
        values["cka"] = pairwise_cka([rows_of_samples(rows, compared) for rows in (raw, kept)])[0][0, 1]
        errors = np.abs(squared_distances(kept, pairs) - true) / true.mean()
        print(
            f"\ntolerance {tolerance:g}: {kept.shape[1]} coordinates, {kept.nbytes / 1e6:.0f} MB, "
            f"{compacting:.1f} s to find, {measuring:.1f} s to measure; distances {np.sqrt((errors**2).mean()):.5f}, "
            f"{errors.max():.5f}, bound {2 * tolerance:g}"
        )
        exact = exact or values
        for name, value in values.items():
            print(f"  {name:<34}{value:>10.4f}" + ("" if is_exact else f"{value - exact[name]:>+10.4f}"), flush=True)


if __name__ == "__main__":
    main()
