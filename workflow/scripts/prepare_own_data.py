"""Take the evaluation samples that a function of the user's returns, ready for the model."""

import evolution.startup.load_torch  # noqa: F401 - before torch

# isort: split

import logging
from pathlib import Path

import numpy as np

from evolution.data.own_items import INPUT
from evolution.data.own_samples import load_samples
from evolution.data.own_warnings import sample_warnings
from evolution.data.previews import previews_of
from evolution.io.arrays import save_npz
from evolution.io.job_log import job_log, log_warnings
from evolution.seeds import integer_seed

log = logging.getLogger("evolution")


def prepare_own_data(*, file: str, attribute: str, eval_size: int, seed: int, output: str | Path) -> None:
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
        .npz with eval_images uint8 (N, C, H, W), what a person looks at; eval_labels int64 (N,); eval_indices int64
        (N,), the sample's position in what the function returned; eval_ids str (N,), where the function gives ids;
        class_names str (K,); input_names str (M,), the model's arguments; inputs_0, inputs_1, ... (N, ...), float32 or
        int64, what it is given; and warnings str (W,), where something is odd.

    Raises
    ------
    DataError
        If the samples cannot be used.
    UserError
        If the output cannot be written.
    """
    samples = load_samples(Path(file), attribute, most=eval_size, seed=integer_seed(seed, "own data"))
    where = f"{Path(file).name}:{attribute}"
    shapes = ", ".join(f"{name or INPUT} {array.dtype} {array.shape[1:]}" for name, array in samples.inputs.items())
    log.info("%d samples of %d classes: %s", len(samples.labels), len(samples.class_names), shapes)
    names = samples.ids or [str(index) for index in samples.indices]
    warnings = sample_warnings(samples, names, where)
    log_warnings(warnings)
    save_npz(
        output,
        compressed=False,
        eval_images=previews_of(samples.previews, first_input=next(iter(samples.inputs.values())), names=names),
        eval_labels=samples.labels,
        eval_indices=samples.indices,
        **({"eval_ids": np.array(samples.ids)} if samples.ids else {}),
        class_names=np.array(samples.class_names),
        input_names=np.array(list(samples.inputs)),
        **{f"inputs_{number}": array for number, array in enumerate(samples.inputs.values())},
        **({"warnings": np.array(warnings)} if warnings else {}),
    )


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        prepare_own_data(
            file=snakemake.params.file,
            attribute=snakemake.params.attribute,
            eval_size=snakemake.params.eval_size,
            seed=snakemake.params.seed,
            output=snakemake.output[0],
        )
