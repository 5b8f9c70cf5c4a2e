"""Take the evaluation samples of a recording: what all its times are about."""

import logging
from pathlib import Path

import numpy as np

from evolution.data.own_warnings import sample_warnings
from evolution.data.previews import previews_of
from evolution.data.recorded_samples import load_recorded_samples
from evolution.io.arrays import save_npz
from evolution.io.job_log import job_log, log_warnings
from evolution.seeds import integer_seed

log = logging.getLogger("evolution")


def prepare_recording(
    *, path: str, class_count: int | None, ids: str | None, eval_size: int, seed: int, output: str | Path
) -> None:
    """Read the samples of a recording, draw as many as are asked for, and write them.

    Parameters
    ----------
    path : str
        `recording.path` of the config.
    class_count, ids
        See `evolution.data.recorded_samples.load_recorded_samples`.
    eval_size : int
        Samples at most.
    seed : int
        Decides which samples are drawn.
    output : path
        .npz as `prepare_own_data` writes it. eval_indices are positions in the recording. input_names is empty where
        the recording has no raw inputs. previews_given is there where it has previews: those of the other samples are
        made here, and tell nothing.

    Raises
    ------
    DataError
        If the samples cannot be used.
    UserError
        If the output cannot be written.
    """
    # The stream of prepare_own_data: a run of checkpoints on the same samples draws the same ones.
    samples = load_recorded_samples(
        path, class_count=class_count, ids=ids, most=eval_size, seed=integer_seed(seed, "own data")
    )
    log.info("%d samples of %d classes", len(samples.labels), len(samples.class_names))
    names = samples.ids or [str(index) for index in samples.indices]
    warnings = sample_warnings(samples, names, path)
    log_warnings(warnings)
    first_input = next(iter(samples.inputs.values()), None)
    save_npz(
        output,
        compressed=False,
        eval_images=previews_of(samples.previews, first_input=first_input, names=names),
        eval_labels=samples.labels,
        eval_indices=samples.indices,
        **({"eval_ids": np.array(samples.ids)} if samples.ids else {}),
        class_names=np.array(samples.class_names),
        input_names=np.array(list(samples.inputs), str),
        **({"previews_given": np.array(True)} if samples.previews else {}),
        **{f"inputs_{number}": array for number, array in enumerate(samples.inputs.values())},
        **({"warnings": np.array(warnings)} if warnings else {}),
    )


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        prepare_recording(
            path=snakemake.params.path,
            class_count=snakemake.params.class_count,
            ids=snakemake.params.ids,
            eval_size=snakemake.params.eval_size,
            seed=snakemake.params.seed,
            output=snakemake.output[0],
        )
