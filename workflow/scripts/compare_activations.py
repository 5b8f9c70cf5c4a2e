"""How alike the layers of different runs are: CKA of each with each, for runs that follow the same samples."""

import hashlib
import json
import logging
from dataclasses import dataclass

import numpy as np

from evolution.activations.cells import Cells
from evolution.data.kinds import NONE
from evolution.data.targets import load_targets
from evolution.io.arrays import load_npz, names_in_npz
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.measures.cka import MOST_SAMPLES, pairwise_cka, rows_of_samples, some_samples
from evolution.sources.recording_format import IDS

log = logging.getLogger("evolution")


@dataclass(frozen=True)
class SampleDigests:
    """What tells whether two runs follow the same samples in the same order.

    Attributes
    ----------
    content : str
        A digest of the labels, where there are any, and of what tells the samples. Images are told by their pixels and
        their positions in the data set. Other samples are told by their ids; without ids by all that the model is
        given, as their previews may be the same for other samples; and without inputs too by the previews that a
        recording has. Empty where nothing tells them.
    ids : str
        A digest of the labels and of who the samples are: their ids, or of images the positions in their data set.
        Positions among what a user's function returned, or in a recording, say nothing: it is then `content`.
    named : bool
        Whether they have ids.
    """

    content: str
    ids: str
    named: bool

    def same_as(self, other: "SampleDigests") -> bool:
        """Whether they are the same samples.

        Ids may be compared with positions, as where a recording's ids are the positions in the data set of another
        run. Positions alone say nothing of two data sets.
        """
        if not (self.content and other.content):
            return False
        return self.content == other.content or (self.ids == other.ids and (self.named or other.named))


def sample_digests(dataset: str) -> SampleDigests:
    """What a dataset.npz tells of its samples, in their order."""
    names = names_in_npz(dataset)
    named = "eval_ids" in names
    telling = ["eval_images", "eval_indices"]
    if named:
        telling = ["eval_ids"]
    elif "input_names" in names:
        telling = ["input_names", *(name for name in names if name.startswith("inputs_"))]
        if telling == ["input_names"]:
            # A recording without inputs.
            telling = ["eval_images"]
            if "previews_given" not in names:
                return SampleDigests("", "", named)
    digest = hashlib.sha256(" ".join(telling).encode())
    targets = load_targets(dataset)
    known = [] if targets.target == NONE else [targets.values]
    for array in (*known, *load_npz(dataset, *telling)):
        digest.update(f"{array.dtype} {array.shape} ".encode() + np.ascontiguousarray(array).tobytes())
    content = digest.hexdigest()
    if not named and "input_names" in names:
        return SampleDigests(content, content, named)
    (who,) = load_npz(dataset, "eval_ids" if named else "eval_indices")
    ids = hashlib.sha256(json.dumps([*(values.tolist() for values in known), [str(name) for name in who]]).encode())
    return SampleDigests(content, ids.hexdigest(), named)


def same_samples(datasets: dict[str, str]) -> list[str]:
    """The largest group of runs that follow the same samples in the same order, the first of groups of one size.

    Parameters
    ----------
    datasets : dict
        Run to its dataset.npz.
    """
    samples = {run: sample_digests(path) for run, path in datasets.items()}
    unknown = [run for run, digests in samples.items() if not digests.content]
    # Each run with all that follow its samples. Where ids are positions, two data sets may both fit a third run, and
    # not each other: a run joins only where it fits every member.
    groups = []
    for first in datasets:
        group = [first]
        for run in datasets:
            if run != first and all(samples[run].same_as(samples[member]) for member in group):
                group.append(run)
        groups.append([run for run in datasets if run in group])
    kept = max(groups, key=len)
    if len(datasets) > 1:
        for run in unknown:
            log.info(
                "Run %s gives neither ids nor inputs, so it is not known whether it follows the same samples as the "
                "others, and its layers are not compared with theirs; give %s.npy.",
                run,
                IDS,
            )
    left_out = [run for run in datasets if run not in (*kept, *unknown)]
    if left_out:
        log.info("Left out, as they follow other samples than %s: %s", kept[0], ", ".join(left_out))
    return kept


def compare_activations(
    *,
    datasets: dict[str, str],
    activations: dict[str, Cells],
    layers: dict[str, list[str]],
    times: dict[str, int],
    seed: int,
    most_samples: int = MOST_SAMPLES,
) -> dict[str, object]:
    """Linear CKA of each layer of each run with each other.

    Parameters
    ----------
    datasets : dict
        Run to its dataset.npz.
    activations : dict
        Run to its cells, float32 (N, D).
    layers : dict
        Run to its layers, in network order.
    times : dict
        Run to the time at which its layers are compared.
    seed : int
        Samples are drawn by it where there are more than `most_samples`, see `cka.some_samples`.
    most_samples : int

    Returns
    -------
    dict of columns
        run, layer, other_run, other_layer string; cka and cka_unbiased float64 (see `cka.pairwise_cka`); samples
        int64 (how many it is computed from). A row a pair, in both orders, of the runs with the same samples.
    """
    runs = same_samples(datasets)
    count = load_targets(datasets[runs[0]]).count
    drawn = some_samples(count, seed, most=most_samples)
    kept = [(run, layer) for run in layers if run in runs for layer in layers[run]]
    rows = [rows_of_samples(activations[run].read(layer, times[run], (count, None)), drawn) for run, layer in kept]
    plain, unbiased = pairwise_cka(rows)
    log.info("%d layers of %d runs, %d of %d samples", len(rows), len(runs), len(drawn), count)
    pairs = [(*first, *second) for first in kept for second in kept]
    names = dict(zip(("run", "layer", "other_run", "other_layer"), map(list, zip(*pairs))))
    samples = np.full(len(pairs), len(rows[0]))
    return names | {"cka": plain.ravel(), "cka_unbiased": unbiased.ravel(), "samples": samples}


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        layers, paths = snakemake.params.layers, iter(snakemake.input.activations)
        files = {run: [next(paths) for _ in names] for run, names in layers.items()}
        table = compare_activations(
            datasets=dict(zip(layers, snakemake.input.datasets)),
            activations={run: Cells(of_run, snakemake.params.spans[run]) for run, of_run in files.items()},
            layers=layers,
            times=snakemake.params.times,
            seed=snakemake.params.seed,
        )
        save_table(snakemake.output[0], table)
