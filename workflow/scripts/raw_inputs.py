"""The raw inputs of the evaluation samples as one more layer, each kind in its own sense: the baseline."""

import logging

from evolution.activations.stored_rows import Stored, stored_rows
from evolution.data.baseline import baseline_rows
from evolution.data.kinds import BASELINES, TABLE
from evolution.data.network_input import load_evaluation
from evolution.io.arrays import NpyWriter, load_npz, names_in_npz
from evolution.io.job_log import job_log

log = logging.getLogger("evolution")


def raw_input_activations(*, dataset: str, compacted: bool, seed: int, tolerance: float | str = "auto") -> Stored:
    """The raw inputs, one row a sample.

    Pixels are scaled and normalised as in training, columns of a table standardised, signals taken as they are given to
    the network; tokens become a bag of tokens. Of several inputs the first one counts.

    Parameters
    ----------
    dataset : path of dataset.npz
    compacted : bool
        Whether they are stored as `evolution.activations.stored_rows.stored_rows`, or raw.
    seed : int
        The run's.
    tolerance : float or "auto"
        See `evolution.activations.stored_rows.stored_rows`.

    Returns
    -------
    Stored
    """
    inputs, targets, _ = load_evaluation(dataset)
    kind, trained_on = targets.kind, None
    if kind == TABLE and "train_inputs" in names_in_npz(dataset):
        (trained_on,) = load_npz(dataset, "train_inputs")
    rows = baseline_rows(kind, inputs, trained_on=trained_on)
    log.info("Raw inputs of %d samples (%s), %d values each", len(rows), BASELINES[kind], rows.shape[1])
    return stored_rows(rows, seed=seed, tolerance=tolerance) if compacted else Stored(rows)


def save_raw_inputs(output: str, stored: Stored) -> None:
    """Write the raw inputs as a span of one time."""
    with NpyWriter(output, 1) as writer:
        writer.put(0, stored.rows, stored.singular)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        save_raw_inputs(
            snakemake.output[0],
            raw_input_activations(
                dataset=snakemake.input.dataset,
                compacted=snakemake.params.compact,
                seed=snakemake.params.seed,
                tolerance=snakemake.params.tolerance,
            ),
        )
