"""dataset.npz of samples that are ready for the model, as a function of the user's or a recording gives them."""

from pathlib import Path

import numpy as np

from evolution.data.evaluation_samples import Samples
from evolution.data.own_warnings import sample_warnings
from evolution.data.previews import previews_of
from evolution.io.arrays import save_npz
from evolution.io.job_log import log_warnings


def save_samples(output: str | Path, samples: Samples, *, where: str) -> None:
    """Write samples, with what is odd about them, which the log says too.

    Parameters
    ----------
    output : path
        .npz with eval_images uint8 (N, C, H, W), what a person looks at; eval_labels int64 (N,); eval_indices int64
        (N,), the samples' positions where they come from; eval_ids str (N,), where they have ids; class_names str (K,);
        input_names str (M,), the model's arguments, none where the inputs are not known; inputs_0, inputs_1, ...
        (N, ...), float32, int64 or bool, what it is given; previews_given, where previews came with the samples: those
        that are made here tell nothing; and warnings str (W,), where something is odd.
    samples : Samples
    where : str
        Where they come from, for messages.

    Raises
    ------
    DataError
        If the previews cannot be used.
    UserError
        If the output cannot be written.
    """
    names = samples.ids or [str(index) for index in samples.indices]
    warnings = sample_warnings(samples, names, where)
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
