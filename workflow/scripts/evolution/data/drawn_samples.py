"""dataset.npz of drawn samples that are no images: standardised, with what a person sees of them."""

import logging

import numpy as np

from evolution.data.contents import unusable
from evolution.data.images import LabelledImages, Part
from evolution.data.kinds import NUMBER, PADDING, SIGNALS, TABLE, TOKENS
from evolution.data.normalization import AUTO, standardization
from evolution.data.previews import given_previews, sample_previews, token_texts
from evolution.data.sample_checks import DrawnPart, require_samples, sample_warnings
from evolution.data.sample_source import SamplePart, SampleSource
from evolution.data.targets import Targets, target_arrays

log = logging.getLogger("evolution")

# What the second axis of samples is.
AXIS = {TABLE: "column", SIGNALS: "channel"}


def sample_arrays(
    source: SampleSource,
    train_indices: np.ndarray,
    eval_indices: np.ndarray,
    *,
    name: str,
    normalize: str | dict = AUTO,
    checked: bool = True,
) -> tuple[dict[str, np.ndarray], list[str]]:
    """The arrays of the samples that were drawn, and what is odd in them.

    Parameters
    ----------
    source : SampleSource
    train_indices, eval_indices : int64 arrays
        See `evolution.data.sampling.sample`.
    name : str
        The data set's name in the config.
    normalize : str or dict
        See `evolution.data.normalization.standardization`. Tokens are as they are.
    checked : bool
        Whether what is odd in the samples is looked for.

    Returns
    -------
    arrays : dict of str to array
        input_names, one empty name; inputs_0 (N, ...) and train_inputs (M, ...), ready for the model: rows float32
        (N, D), signals float32 (N, C, T), tokens int64 (N, T); train_labels, where there are targets, in their own
        units; train_indices, eval_indices; eval_images uint8 (N, C, H, W), previews, and
        previews_given where they came with the samples; of a table eval_rows float64
        (N, D), not standardised, and column_names; of tokens eval_texts, vocabulary where the words are known, and
        vocabulary_size; and what `evolution.data.targets.target_arrays` returns.
    warnings : list of str

    Raises
    ------
    DataError
        If the samples cannot be used.
    """
    train_part, eval_part = source.train, source.test or source.train
    train, evaluation = train_part.inputs[train_indices], eval_part.inputs[eval_indices]
    train_values = None if train_part.values is None else train_part.values[train_indices]
    targets = drawn_targets(source, source.kind, train_values, eval_part, eval_indices)
    drawn = DrawnPart(train, train_values, source.arrays[0], train_indices)
    other = DrawnPart(evaluation, targets.values, source.arrays[source.test is not None], eval_indices)
    require_samples(drawn, other, kind=source.kind, target=source.target, source=name)
    warnings = list(source.warnings)
    if checked:
        warnings += sample_warnings(
            drawn, other, kind=source.kind, target=source.target, names=source.names, columns=source.columns
        )
    arrays, texts = {}, None
    if source.kind == TOKENS:
        texts = None if eval_part.texts is None else eval_part.texts[eval_indices]
        if texts is None:
            texts = token_texts(evaluation, evaluation != PADDING, source.vocabulary)
        arrays["eval_texts"] = texts
        if source.vocabulary:
            arrays["vocabulary"] = np.array(source.vocabulary, str)
        arrays["vocabulary_size"] = np.array(len(source.vocabulary) or source.vocabulary_size)
        ready = [part.astype(np.int64) for part in (train, evaluation)]
    else:
        mean, std = standardization(normalize, train, of=AXIS[source.kind])
        along = (slice(None), *(None,) * (train.ndim - 2))
        # What is too large becomes infinite, and is refused as such.
        with np.errstate(over="ignore", invalid="ignore"):
            ready = [((part - mean[along]) / std[along]).astype(np.float32) for part in (train, evaluation)]
        _require_finite(ready, std, source)
    if source.kind == TABLE:
        arrays |= {"eval_rows": evaluation.astype(np.float64), "column_names": np.array(source.columns, str)}
    log.info("samples of %s", " x ".join(map(str, ready[0].shape[1:])))
    if train_values is not None:
        arrays["train_labels"] = train_values
    if eval_part.previews is not None:
        arrays["previews_given"] = np.array(True)
        previews = given_previews(eval_part.previews[eval_indices], eval_indices, name)
    else:
        previews = sample_previews(source.kind, ready[1], texts=texts, columns=source.columns)
    return {
        "train_inputs": ready[0],
        "train_indices": train_indices,
        "eval_images": previews,
        "eval_indices": eval_indices,
        "input_names": np.array([""]),
        "inputs_0": ready[1],
        **arrays,
        **target_arrays(targets),
    }, warnings


def _require_finite(ready: list[np.ndarray], std: np.ndarray, source: SampleSource) -> None:
    """Refuse numbers that float32, in which networks compute, cannot hold after they are standardised."""
    wrong = ~np.isfinite(std)
    for part in ready:
        wrong |= ~np.isfinite(part).all(axis=tuple(axis for axis in range(part.ndim) if axis != 1))
    if wrong.any():
        place = int(wrong.argmax())
        shown = repr(source.columns[place]) if source.columns else str(place)
        raise unusable(
            f"{AXIS[source.kind]} {shown} has numbers that are too large to be standardised in float32; mend or leave "
            "them out, or take their logarithm"
        )


def drawn_targets(
    source: SampleSource | LabelledImages,
    kind: str,
    train_values: np.ndarray | None,
    part: SamplePart | Part,
    indices: np.ndarray,
) -> Targets:
    """What drawn evaluation samples are measured against.

    Parameters
    ----------
    source : SampleSource or LabelledImages
    kind : str
        Of the samples.
    train_values : array or None
        The targets of the training samples that were drawn, of which the mean and the standard deviation are taken.
    part : SamplePart or Part
        The part that the evaluation samples are drawn from.
    indices : int64 array (N,)
        Their positions in it.
    """
    scale = (0.0, 1.0)
    if source.target == NUMBER:
        with np.errstate(over="ignore"):
            scale = (float(train_values.mean()), float(train_values.std()))
        if not np.isfinite(scale).all():
            raise unusable("the number to predict has values that are too large to be standardised; mend them")
        log.info("the number to predict: mean %g, standard deviation %g of the training samples", *scale)
    return Targets(
        kind=kind,
        target=source.target,
        values=None if part.values is None else part.values[indices],
        names=tuple(source.names),
        count=len(indices),
        name=source.target_name,
        attributes={name: column[indices] for name, column in part.attributes.items()},
        scale=scale,
    )
