"""Snapshots: what the layers and the classifier of a network put out for the eval images, at the times of a span."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import nn

from evolution.activations.agreement import Evaluated, check_outputs
from evolution.activations.classifier import classifier_rows, no_classifier_rows
from evolution.activations.evaluation import evaluate_outputs
from evolution.activations.logit_warnings import logit_warnings
from evolution.activations.pass_faults import pass_explained
from evolution.activations.predictions import prediction_columns
from evolution.activations.stored_rows import Stored, stored_rows
from evolution.data.kinds import CLASSES, NONE, NUMBER
from evolution.data.network_input import load_evaluation, load_vocabulary
from evolution.data.targets import Targets
from evolution.errors import ModelError, UserError
from evolution.io.arrays import NpyWriter
from evolution.io.checkpoints import load_checkpoint
from evolution.io.job_log import log_warnings
from evolution.io.reading import damaged
from evolution.models.build import ModelSettings, build_run_model, memory_layout
from evolution.models.device import choose_device, device_said, exact_on_gpu
from evolution.models.hooks import Inputs, Outputs, record_outputs
from evolution.models.outputs import Pooling
from evolution.models.repeatability import check_determined, check_repeatable, few_of

log = logging.getLogger("evolution")

# Bytes of raw activations that are in memory at once, unless a single layer has more.
HELD_BYTES = 10**9

# Rows that are looked through at once for what is not finite.
FINITE_ROWS = 1000


@dataclass(frozen=True)
class Snapshots:
    """What the networks of a span make of the eval images, in addition to the files that are written.

    Attributes
    ----------
    predictions : dict of columns
        See `evolution.activations.predictions.prediction_columns`.
    evaluation : list of dict
        For each time: time, and what `evolution.activations.evaluation.Evaluation` has as measures.
    warnings : list of str
        What is surely a slip in the outputs at the last time, see `evolution.activations.logit_warnings`.
    """

    predictions: dict[str, np.ndarray]
    evaluation: list[dict[str, object]]
    warnings: list[str]


@dataclass(frozen=True, kw_only=True)
class SnapshotSettings(ModelSettings):
    """What a run's snapshots are taken of, and in which form: `model`, `activations` and `seed` of the config.

    Attributes
    ----------
    compacted : bool
        Whether activations are stored as `evolution.activations.stored_rows.stored_rows`, or raw.
    pooling : Pooling
    tolerance : float or "auto"
        See `evolution.activations.stored_rows.stored_rows`.
    device : {"cpu", "auto", "cuda"}
        On a GPU the last digits may differ from a CPU's.
    """

    compacted: bool
    pooling: Pooling
    tolerance: float | str = "auto"
    device: str = "cpu"

    @classmethod
    def of_params(cls, params: object) -> "SnapshotSettings":
        """The settings in the params of a rule that takes snapshots."""
        return cls(
            model=params.model,
            model_kwargs=params.model_kwargs,
            seed=params.seed,
            compacted=params.compact,
            pooling=Pooling(maps=params.maps, tokens=params.tokens),
            tolerance=params.tolerance,
            device=params.device,
        )


def layer_groups(sizes: Mapping[str, int], *, limit: int = HELD_BYTES) -> list[list[str]]:
    """Split layers, in order, into groups whose activations together stay within a limit, or are a single layer's.

    Parameters
    ----------
    sizes : mapping of str to int
        The bytes of each layer's activations of all images.
    limit : int
        Bytes.
    """
    groups: list[list[str]] = []
    held = 0
    for name, size in sizes.items():
        if groups and held + size <= limit:
            groups[-1].append(name)
            held += size
        else:
            groups.append([name])
            held = size
    return groups


def take_snapshots(
    *,
    dataset: str,
    networks: Iterable[tuple[int, Callable[[nn.Module], bool]]],
    times: Sequence[int],
    unit: str = "epoch",
    settings: SnapshotSettings,
    activations: Mapping[str, NpyWriter],
    classifier: NpyWriter | None = None,
    evaluated: Evaluated | None,
    trained_here: bool = True,
    held_bytes: int = HELD_BYTES,
    chunk: int | None = None,
) -> Snapshots:
    """Write the activations of the eval images at each of the times, and return the predictions.

    What comes out is checked: it must be finite, the same in a second pass of a few images alone, and predict what the
    training predicted.

    Parameters
    ----------
    dataset : path of dataset.npz
    networks : iterable of (int, function)
        Each time, in the order of `times`, with a function that loads its weights into the model. The function says
        whether the outputs follow from these weights alone. This is then checked for the first such time, as nobody
        knows how a training elsewhere made its model.
    times : sequence of int
    unit : {"epoch", "step"}
        What times are counted in, for messages.
    settings : SnapshotSettings
    activations : mapping of str to NpyWriter
        For each layer to follow, by dotted name, what takes its activations, float32 (N, D): an entry a time.
    classifier : NpyWriter, optional
        What takes `evolution.activations.classifier.classifier_rows`: an entry a time.
    evaluated : Evaluated or None
        What the training found at each time. None where nobody knows; the predictions are then not compared.
    trained_here : bool
        Whether the networks learned to predict a number in the units of `Targets.scale`, as those that this workflow
        trains. Else they put out the number itself.
    held_bytes : int
        Bytes of raw activations that are in memory at once, unless a single layer has more. Where the layers have more
        together, the images pass through the model several times.
    chunk : int, optional
        Samples that pass through the model at once; by default as their size allows.

    Returns
    -------
    Snapshots

    Raises
    ------
    UserError
        If an activation is not finite, a layer cannot be followed, the weights of a time cannot be loaded, or the
        network in evaluation mode is not the one that was trained.
    """
    # One thread, so that the same bytes come out at any --cores; several such jobs run at once instead.
    torch.set_num_threads(1)
    inputs, targets, classes = load_evaluation(dataset)
    if not trained_here:
        targets = replace(targets, scale=(0.0, 1.0))
    vocabulary = load_vocabulary(dataset, targets.kind)
    of_classes = targets.target == CLASSES
    layout = memory_layout(settings.model)
    device = choose_device(settings.device, key="activations.device")
    if device.type != "cpu":
        exact_on_gpu()
    if settings.device != "cpu":
        log.info("Snapshots are taken on %s", device_said(settings.device, device))
    samples = Inputs(inputs, layout, targets.kind)
    few = few_of(len(samples))

    def fresh_model(draw: int = 0) -> nn.Module:
        """A network that no sample has passed: some keep what they computed from the weights before."""
        shape = next(iter(inputs.values())).shape[1:]
        model = build_run_model(settings, shape=shape, classes=classes, vocabulary=vocabulary, draw=draw)
        return model.to(device, memory_format=layout)

    def pass_few(model: nn.Module) -> Outputs:
        with pass_explained(settings.model, model, samples):
            return record_outputs(model, samples[few], layers=list(activations), pooling=settings.pooling)

    groups = layer_groups(
        {name: len(samples) * rows[0].nbytes for name, rows in pass_few(fresh_model()).layers.items()}, limit=held_bytes
    )
    predicted, confidence, evaluation, warnings, compared = [], [], [], [], False
    for time, load_weights in networks:
        index = times.index(time)
        if index != len(predicted):
            raise ValueError(f"time {time} is not the next of {times}")
        model = fresh_model()
        is_filled = load_weights(model)
        in_batch = {}
        for group in groups or [[]]:
            with pass_explained(settings.model, model, samples):
                outputs = record_outputs(
                    model,
                    samples,
                    layers=group,
                    pooling=settings.pooling,
                    classes=classes if of_classes else None,
                    chunk=chunk or samples.chunk(),
                )
            for layer in group:
                rows = _finite(outputs.layers.pop(layer), layer, f"{unit} {time}")
                in_batch[layer] = rows[few]
                stored = Stored(rows)
                if settings.compacted:
                    stored = stored_rows(rows, seed=settings.seed, tolerance=settings.tolerance)
                # The next pass needs the room.
                del rows
                activations[layer].put(index, stored.rows, stored.singular)
        alone, again = pass_few(model), pass_few(model)
        check_repeatable(
            model,
            in_batch=in_batch | {"": outputs.logits[few]},
            alone=alone.layers | {"": alone.logits},
            again=again.layers | {"": again.logits},
        )
        if is_filled and not compared:
            twin = fresh_model(draw=1)
            load_weights(twin)
            check_determined(twin_outputs=pass_few(twin).logits, outputs=alone.logits)
            compared = True
        _check_count(outputs.logits, targets, classes)
        if evaluated is not None and evaluated.scores:
            check_outputs(
                outputs.logits,
                targets,
                scores=evaluated.scores[time],
                when=f"{unit} {time}",
                device=evaluated.device if device.type == "cpu" else device.type,
            )
        if time == times[-1]:
            warnings = logit_warnings(outputs.logits, targets.target)
        if classifier is not None and of_classes:
            rows = classifier_rows(
                outputs.classifier, outputs=outputs.logits, classes=classes, compacted=settings.compacted
            )
            classifier.put(index, rows)
        elif classifier is not None:
            classifier.put(index, no_classifier_rows(len(samples), len(targets.names)))
        found = evaluate_outputs(outputs.logits, targets)
        predicted.append(found.predicted)
        confidence.append(found.confidence)
        evaluation.append({"time": time} | found.measures)
        log.info("%s %d of %d: %s", unit.capitalize(), time, times[-1], ", ".join(activations))
    log_warnings(warnings)
    predictions = prediction_columns(times, predicted, confidence)
    return Snapshots(predictions, evaluation, warnings)


def _check_count(outputs: np.ndarray, targets: Targets, count: int | None) -> None:
    """Refuse a model that puts out another count of numbers than the target has, where it was not looked at before."""
    if targets.target not in (CLASSES, NONE) and outputs.shape[1] != count:
        what = "the number that the data hold" if targets.target == NUMBER else f"each of the {count} labels"
        raise ModelError(
            f"the model puts out {outputs.shape[1]} numbers for each sample; it must put out one for {what}",
            "model.name",
        )


def trained_networks(
    checkpoints: Sequence[str], times: Sequence[int]
) -> Iterator[tuple[int, Callable[[nn.Module], bool]]]:
    """The networks of a training of this workflow, for `take_snapshots`.

    Parameters
    ----------
    checkpoints : sequence of paths
        Together they hold the times' weights.
    times : sequence of int
        Ascending.

    Raises
    ------
    UserError
        If a time is in no checkpoint.
    """
    # They are mapped into memory: a time's weights are read when they are used.
    weights = {time: state for path in checkpoints for time, state in load_checkpoint(path)["weights"].items()}
    if missing := [time for time in times if time not in weights]:
        raise damaged(checkpoints[-1], f"no weights of time {missing}")
    for time in times:
        yield time, partial(_load_own, state=weights[time])


def _load_own(model: nn.Module, state: Mapping[str, object]) -> bool:
    """Load weights of this workflow's training. The same seed made its model, which may have kept what it drew then."""
    model.load_state_dict(state)
    return False


def _finite(rows: np.ndarray, layer: str, when: str) -> np.ndarray:
    """A layer's activations, if all of them are finite."""
    # Some at once: an answer for each number would take a quarter of the layer's memory.
    if not all(np.isfinite(rows[start : start + FINITE_ROWS]).all() for start in range(0, len(rows), FINITE_ROWS)):
        raise UserError(
            f"layer {layer} at {when} has activations that are not finite (NaN or infinite), as after a training that "
            "diverged. Leave the layer out of `layers`; or lower training.learning_rate, and of a training elsewhere "
            "leave the time out with checkpoints.choose.leave_out."
        )
    return rows
