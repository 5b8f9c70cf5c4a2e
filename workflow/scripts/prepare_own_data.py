"""Take the evaluation samples that a function of the user's returns, ready for the model."""

import logging
from pathlib import Path

from evolution.data.kinds import AUTO
from evolution.data.network_input import first_input
from evolution.data.own_items import INPUT
from evolution.data.own_samples import load_samples
from evolution.data.samples_file import samples_said, save_samples
from evolution.errors import DataError
from evolution.io.job_log import job_log
from evolution.seeds import integer_seed

log = logging.getLogger("evolution")


def prepare_own_data(
    *,
    file: str,
    attribute: str,
    eval_size: int,
    seed: int,
    output: str | Path,
    kind: str = AUTO,
    target: str = AUTO,
    planned: str | None = None,
) -> None:
    """Call the function, draw the samples, and write them.

    Parameters
    ----------
    file, attribute : str
        The user's file, and the function in it.
    eval_size : int
        Samples at most.
    seed : int
        Decides which samples are drawn.
    output : path
        See `evolution.data.samples_file.save_samples`. eval_indices are the samples' positions in what the function
        returned.
    kind, target : str
        `dataset.kind` and `dataset.target` of the config.
    planned : str, optional
        The kind of the first samples, which decided what is planned.

    Raises
    ------
    DataError
        If the samples cannot be used, or are of another kind than the first ones.
    UserError
        If the output cannot be written.
    """
    samples = load_samples(
        Path(file), attribute, most=eval_size, seed=integer_seed(seed, "own data"), kind=kind, target=target
    )
    found, where = samples.targets.kind, f"{Path(file).name}:{attribute}"
    if planned not in (None, found):
        first = first_input(samples.inputs)
        raise DataError(
            f"{where} gives {first.dtype} {first.shape}, which is taken for {found}, and its first samples alone for "
            f"{planned}, as with whole numbers first and other numbers later; write which it is, dataset: {{kind: "
            f"{found}}}, or give all samples numbers of one type",
            "dataset.kind",
        )
    shapes = ", ".join(f"{name or INPUT} {array.dtype} {array.shape[1:]}" for name, array in samples.inputs.items())
    log.info("%s: %s", samples_said(samples.targets), shapes)
    save_samples(output, samples, where=where)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        prepare_own_data(
            file=snakemake.params.file,
            attribute=snakemake.params.attribute,
            eval_size=snakemake.params.eval_size,
            seed=snakemake.params.seed,
            kind=snakemake.params.kind,
            target=snakemake.params.target,
            planned=snakemake.params.planned_kind,
            output=snakemake.output[0],
        )
