"""Take the evaluation samples of a recording: what all its times are about."""

import logging
from pathlib import Path

from evolution.data.kinds import AUTO
from evolution.data.recorded_samples import load_recorded_samples
from evolution.data.samples_file import samples_said, save_samples
from evolution.io.job_log import job_log
from evolution.seeds import integer_seed

log = logging.getLogger("evolution")


def prepare_recording(
    *,
    path: str,
    class_count: int | None,
    ids: str | None,
    eval_size: int,
    seed: int,
    output: str | Path,
    count: int | None = None,
    kind: str = AUTO,
    target: str = AUTO,
) -> None:
    """Read the samples of a recording, draw as many as are asked for, and write them.

    Parameters
    ----------
    path : str
        `recording.path` of the config.
    class_count, ids, count, kind, target
        See `evolution.data.recorded_samples.load_recorded_samples`.
    eval_size : int
        Samples at most.
    seed : int
        Decides which samples are drawn.
    output : path
        See `evolution.data.samples_file.save_samples`. eval_indices are positions in the recording.

    Raises
    ------
    DataError
        If the samples cannot be used.
    UserError
        If the output cannot be written.
    """
    # The stream of prepare_own_data: a run of checkpoints on the same samples draws the same ones.
    samples = load_recorded_samples(
        path,
        count=count,
        class_count=class_count,
        ids=ids,
        most=eval_size,
        seed=integer_seed(seed, "own data"),
        kind=kind,
        target=target,
    )
    log.info("%s", samples_said(samples.targets))
    save_samples(output, samples, where=path)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        prepare_recording(
            path=snakemake.params.path,
            class_count=snakemake.params.class_count,
            ids=snakemake.params.ids,
            eval_size=snakemake.params.eval_size,
            seed=snakemake.params.seed,
            output=snakemake.output[0],
            count=snakemake.params.how_many,
            kind=snakemake.params.kind,
            target=snakemake.params.target,
        )
