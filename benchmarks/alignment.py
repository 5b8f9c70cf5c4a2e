"""Compare the workflow's t-SNE, epochs aligned and not, with scikit-learn's run on each epoch by itself.

    python benchmarks/alignment.py results/mnist [--layers conv3 fc1] [--epochs 14] [--perplexity 30]

It reads the activations of a finished run (snapshots_per_job: 1) at its first snapshots, `--epochs` of them. It embeds
each four times: by scikit-learn, and by the workflow's own functions with `alignment` none and previous. Means over the
epochs after the first: KL divergence (all from the same affinities, over all pairs), drift (median displacement after
Procrustes, in radii of the layout), trustworthiness, leave-one-out k-NN accuracy in the plane, and processor seconds a
cell on one thread; then the ratios to scikit-learn. `undrawn` is `previous` without drawing dots back to where they
were. `previous` makes a layout from scratch where the one before says little of an epoch or has a larger divergence.
Such a jump has a line of its own, and the last line is the ratio of drifts over the other snapshots.
"""

import argparse
import logging
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.spatial.distance import squareform
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))
from embed import TRUSTWORTHINESS_NEIGHBORS
from evolution.activations.compaction import unit_rows
from evolution.embedding.continuity import review_due
from evolution.embedding.layout import principal_components
from evolution.embedding.quality import drift
from evolution.embedding.tsne import CONTINUATION, tsne
from evolution.seeds import integer_seed

SEED, COMPONENTS, NEIGHBORS = 17, 50, 10
SIDES = ("scikit-learn", "none", "previous", "undrawn")
UNDRAWN = replace(CONTINUATION, schedule=tuple(step._replace(share=0, distance=0) for step in CONTINUATION.schedule))
COLUMNS = ("KL divergence", "drift", "trustworthiness", "k-NN accuracy", "seconds")


def knn_accuracy(layout: np.ndarray, labels: np.ndarray) -> float:
    """Share of points whose nearest others vote for their class."""
    votes = KNeighborsClassifier(NEIGHBORS).fit(layout, labels).kneighbors(return_distance=False)
    return float(np.mean([np.bincount(labels[near]).argmax() == label for near, label in zip(votes, labels)]))


def affinities(rows: np.ndarray, perplexity: float) -> np.ndarray:
    """Affinities among the rows by scikit-learn: float64 (N, N), zero on the diagonal."""
    distances = pairwise_distances(rows, metric="sqeuclidean").astype(np.float32)
    return squareform(_joint_probabilities(distances, perplexity, 0))


def kl_divergence(wanted: np.ndarray, layout: np.ndarray) -> float:
    """Of a layout's affinities from those among the rows, by its definition (van der Maaten and Hinton 2008)."""
    weights = 1 / (1 + pairwise_distances(layout.astype(np.float64), metric="sqeuclidean"))
    np.fill_diagonal(weights, 0)
    some = wanted > 0
    return float((wanted[some] * np.log(wanted[some] / (weights[some] / weights.sum()))).sum())


class Notes(logging.Handler):
    """What the workflow logs of a layout."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


NOTES = Notes()


def layouts_of(
    side: str, rows: list[np.ndarray], perplexity: float, reviewed: list[bool]
) -> list[tuple[np.ndarray, float, bool]]:
    """Layout and seconds of each epoch, and whether the layout was made from scratch in place of going on."""
    found, before = [], None
    for epoch, review in zip(rows, reviewed):
        NOTES.messages.clear()
        began = time.process_time()
        components = principal_components(epoch, number=COMPONENTS, seed=integer_seed(SEED, "pca"))
        if side == "scikit-learn":
            model = TSNE(perplexity=perplexity, init="pca", random_state=SEED, n_jobs=1)
            layout = model.fit_transform(components)
        else:
            layout, _ = tsne(
                components,
                perplexity=perplexity,
                start=None if side == "none" else before,
                seed=integer_seed(SEED, "t-sne"),
                reviewed=review,
                continuation=UNDRAWN if side == "undrawn" else CONTINUATION,
            )
        before = layout
        from_scratch = any("is made from scratch" in message for message in NOTES.messages)
        found.append((layout, time.process_time() - began, from_scratch))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="results/{run}")
    parser.add_argument("--layers", nargs="+")
    parser.add_argument("--epochs", type=int, default=14, help="snapshots to take, from the first on; 0: all")
    parser.add_argument("--perplexity", type=float, default=30)
    options = parser.parse_args()
    threadpool_limits(1)
    log = logging.getLogger("evolution")
    log.setLevel(logging.INFO)
    log.addHandler(NOTES)
    spans = sorted(path.name for path in (options.run / "activations").iterdir())
    spans = spans[: options.epochs] if options.epochs else spans
    layers = options.layers or sorted(
        path.stem for path in (options.run / "activations" / spans[-1]).glob("*.npy") if path.stem != "raw_inputs"
    )
    labels = np.load(options.run / "dataset.npz", allow_pickle=False)["eval_labels"]
    epochs = [int(span) for span in spans]
    reviewed = [False, *(review_due(*pair) for pair in pairwise(epochs))]
    means, going_on = {}, {"scikit-learn": [], "previous": []}
    print(f"{'layer':<12} {'t-SNE':<14}" + "".join(f"{name:>16}" for name in COLUMNS))
    for layer in layers:
        files = [options.run / "activations" / span / f"{layer}.npy" for span in spans]
        rows = [unit_rows(np.load(path, allow_pickle=False)[-1]) for path in files]
        wanted = [
            affinities(
                principal_components(epoch, number=COMPONENTS, seed=integer_seed(SEED, "pca")), options.perplexity
            )
            for epoch in rows
        ]
        drifts = {}
        for side in SIDES:
            found = layouts_of(side, rows, options.perplexity, reviewed)
            table = [
                (
                    kl_divergence(wanted[index], layout),
                    drift(found[index - 1][0], layout),
                    trustworthiness(rows[index], layout, n_neighbors=TRUSTWORTHINESS_NEIGHBORS),
                    knn_accuracy(layout, labels),
                    seconds,
                )
                for index, (layout, seconds, _) in enumerate(found)
                if index
            ]
            drifts[side] = np.array([row[1] for row in table])
            means.setdefault(side, []).append(np.mean(table, axis=0))
            print(f"{layer:<12} {side:<14}" + "".join(f"{value:>16.4f}" for value in means[side][-1]), flush=True)
            if side == "previous":
                jumps = np.array([from_scratch for _, _, from_scratch in found[1:]])
                for index in np.flatnonzero(jumps):
                    print(f"{layer:<12} from scratch at snapshot {spans[index + 1]}: drift {drifts[side][index]:.2f}")
                for each, kept in going_on.items():
                    kept.append(drifts[each][~jumps])
    peer = np.mean(means["scikit-learn"], axis=0)
    for side in SIDES[1:]:
        ratios = np.mean(means[side], axis=0) / peer
        print(f"{'ratio':<12} {side:<14}" + "".join(f"{value:>16.4f}" for value in ratios))
    theirs, ours = (np.concatenate(going_on[side]).mean() for side in ("scikit-learn", "previous"))
    print(f"{'ratio':<12} {'going on':<14}{ours / theirs:>32.4f}")


if __name__ == "__main__":
    main()
