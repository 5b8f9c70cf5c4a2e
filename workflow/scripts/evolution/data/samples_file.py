"""dataset.npz of samples that are ready for the model, as a function of the user's or a recording gives them."""

from pathlib import Path

import numpy as np

from evolution.data.evaluation_samples import Samples
from evolution.data.kinds import CLASSES, LABELS, NUMBER, TABLE, TOKENS
from evolution.data.network_input import first_input, token_mask
from evolution.data.own_warnings import sample_warnings
from evolution.data.previews import previews_of, token_texts
from evolution.data.targets import Targets, target_arrays
from evolution.io.arrays import save_npz
from evolution.io.job_log import log_warnings


def save_samples(output: str | Path, samples: Samples, *, where: str) -> None:
    """Write samples, with what is odd about them, which the log says too.

    Parameters
    ----------
    output : path
        .npz with eval_images uint8 (N, C, H, W), what a person looks at; the arrays of
        `evolution.data.targets.target_arrays`, what the samples are and what they are measured against; eval_indices
        int64 (N,), the samples' positions where they come from; eval_ids str (N,), where they have ids; input_names str
        (M,), the model's arguments, none where the inputs are not known; inputs_0, inputs_1, ... (N, ...), float32,
        int64 or bool, what it is given; previews_given, where previews came with the samples: those that are made here
        tell nothing; of texts eval_texts str (N,); of a table eval_rows float64 (N, D) and column_names str (D,); of
        tokens vocabulary str (V,), where it is known; and warnings str (W,), where something is odd.
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
    kind, first, texts = samples.targets.kind, first_input(samples.inputs), samples.texts
    columns = samples.columns
    optional = {}
    if kind == TABLE and first is not None:
        columns = columns or tuple(f"column {number}" for number in range(first.shape[1]))
        optional |= {"eval_rows": first.astype(np.float64), "column_names": np.array(columns)}
    if kind == TOKENS and samples.vocabulary:
        optional["vocabulary"] = np.array(samples.vocabulary)
        if texts is None and first is not None:
            texts = token_texts(first, token_mask(samples.inputs, kind), samples.vocabulary)
    if texts is not None:
        optional["eval_texts"] = np.array(texts, str)
    if samples.ids:
        optional["eval_ids"] = np.array(samples.ids)
    if samples.previews:
        optional["previews_given"] = np.array(True)
    if warnings:
        optional["warnings"] = np.array(warnings)
    save_npz(
        output,
        compressed=False,
        eval_images=previews_of(
            samples.previews, kind=kind, first_input=first, names=names, texts=texts, columns=columns
        ),
        eval_indices=samples.indices,
        **target_arrays(samples.targets),
        input_names=np.array(list(samples.inputs), str),
        **{f"inputs_{number}": array for number, array in enumerate(samples.inputs.values())},
        **optional,
    )


def samples_said(targets: Targets) -> str:
    """How many samples there are, and what is known of them, for the log."""
    known = {
        CLASSES: f" of {len(targets.names)} classes",
        LABELS: f" with {len(targets.names)} labels",
        NUMBER: " with a number each",
    }.get(targets.target, " without labels")
    columns = f", and the attributes {', '.join(targets.attributes)}" if targets.attributes else ""
    return f"{targets.count} samples ({targets.kind}){known}{columns}"
