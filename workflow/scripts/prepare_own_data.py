"""Take the evaluation samples that a function of the user's returns, ready for the model."""

import evolution.startup.load_torch  # noqa: F401 - before torch

# isort: split

import logging
from pathlib import Path

import numpy as np

from evolution.data.own_samples import UNNAMED, load_samples
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
    counts = np.bincount(samples.labels, minlength=len(samples.class_names))
    shapes = ", ".join(f"{name} {array.dtype} {array.shape[1:]}" for name, array in samples.inputs.items())
    log.info("%d samples of %d classes: %s", len(samples.labels), len(counts), shapes)
    names = samples.ids or [str(index) for index in samples.indices]
    first = next(iter(samples.inputs.values()))
    warnings = []
    if absent := [name for name, count in zip(samples.class_names, counts) if not count]:
        warnings.append(f"{where} has no sample of {len(absent)} of its {len(counts)} classes (as {absent[0]}).")
    rows = first.reshape(len(first), -1)
    distinct = len({row.tobytes() for row in rows + 0})  # -0 is 0
    if distinct < len(rows):
        warnings.append(f"{len(rows) - distinct} of the {len(rows)} samples of {where} are copies of another one.")
    if distinct == 1:
        warnings.append(f"All samples of {where} are the same.")
    log_warnings(warnings)
    save_npz(
        output,
        compressed=False,
        eval_images=previews_of(samples.previews, first_input=first, names=names, where=where),
        eval_labels=samples.labels,
        eval_indices=samples.indices,
        **({"eval_ids": np.array(samples.ids)} if samples.ids else {}),
        class_names=np.array(samples.class_names),
        input_names=np.array(["" if name == UNNAMED else name for name in samples.inputs]),
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
