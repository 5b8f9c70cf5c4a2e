"""Every layer's activations, and the predictions, at each time of a span, from checkpoints of a training elsewhere."""

import os

# cuBLAS is deterministic only with this, and reads it when it starts.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import hashlib
import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import torch
from torch import nn

from evolution.activations.layer_files import layer_outputs
from evolution.activations.predictions import save_predictions
from evolution.activations.snapshots import SnapshotSettings, take_snapshots
from evolution.errors import UserError
from evolution.io.arrays import NpyWriter
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.planning.digests import file_digest
from evolution.sources.checkpoint_file import read_facts
from evolution.sources.records import save_record
from evolution.sources.stored_times import StoredTime
from evolution.sources.unusable import note_unusable
from evolution.sources.weights import NOT_IN_FILE, NOT_TAKEN, NotFiniteError, fit_weights, read_weights
from evolution.startup.memory import keep_freed_memory

log = logging.getLogger("evolution")


# How messages call what lies on disk, and its key of the config.
SAID = {"digests_of": "checkpoints", "source": "checkpoints"}


class Checkpoints:
    """The networks of checkpoints, for `evolution.activations.snapshots.take_snapshots`.

    Parameters
    ----------
    checkpoints : list of StoredTime
    key : str or None
        `checkpoints.key` of the config.
    strict : bool
        `checkpoints.strict` of the config.

    Attributes
    ----------
    digests : dict of int to str
        Of the weights of each time that was loaded.
    train_losses : dict of int to float
        The training's loss, of the times whose files hold it.
    notes : dict of int to list of str
        What of each time's weights was not taken.
    """

    def __init__(self, checkpoints: list[StoredTime], *, key: str | None, strict: bool):
        self._checkpoints, self._key, self._strict = checkpoints, key, strict
        self.digests: dict[int, str] = {}
        self.train_losses: dict[int, float] = {}
        self.notes: dict[int, list[str]] = {}

    def networks(self) -> Iterator[tuple[int, Callable[[nn.Module], bool]]]:
        """Each time, with a function that loads its weights into a model, and says whether they fill all of it."""
        for checkpoint in self._checkpoints:
            yield checkpoint.time, lambda model, checkpoint=checkpoint: self._load(model, checkpoint)

    def _load(self, model: nn.Module, checkpoint: StoredTime) -> bool:
        path = checkpoint.path
        if not os.path.exists(path):
            raise UserError(
                f"{path} is gone, and is needed to take its snapshot again. Put it back; or leave its time out with "
                f"checkpoints.choose.leave_out: [{checkpoint.time}]."
            )
        found = read_facts(Path(path)).fingerprint
        if found != checkpoint.fingerprint:
            raise UserError(
                f"{path} {'is not whole' if found is None else 'has changed'} since the workflow was planned."
                " Give the same command again once it is written."
            )
        weights = read_weights(path, key=self._key)
        log.info("%s: weights under %s", path, weights.where)
        try:
            notes = fit_weights(model, weights, path=path, strict=self._strict)
        except NotFiniteError as error:
            note_unusable(checkpoint.fingerprint, self._key, error.problem)
            raise NotFiniteError(
                f"{error.problem} Give the same command again: it leaves this checkpoint out and goes on with the "
                "others."
            ) from None
        for note in notes:
            log.info("%s: %s", path, note)
        self.notes[checkpoint.time] = [note for note in notes if note.startswith(NOT_TAKEN)]
        self.digests[checkpoint.time] = state_digest(model)
        if weights.train_loss is not None:
            self.train_losses[checkpoint.time] = weights.train_loss
        return not any(note.startswith(NOT_IN_FILE) for note in notes)


def state_digest(model: nn.Module) -> str:
    """A digest of a model's weights."""
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        if isinstance(value, torch.Tensor):
            digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
            digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def snapshot_checkpoints(
    *,
    dataset: str,
    pattern: str,
    checkpoints: list[StoredTime],
    unit: str,
    key: str | None,
    strict: bool,
    settings: SnapshotSettings,
    activations: Mapping[str, str],
    output: Mapping[str, str],
) -> None:
    """Take the snapshots of a span and write its files.

    Parameters
    ----------
    dataset, settings
        See `evolution.activations.snapshots.take_snapshots`.
    pattern : str
        `checkpoints.path` of the config.
    checkpoints : list of StoredTime
        In the order of their times.
    unit : {"epoch", "step"}
    key, strict
        See `Checkpoints`.
    activations : mapping of str to path
        The file of each layer to follow: float32 (times, N, D).
    output : mapping of str to path
        The other files: classifier, predictions, history (with a row a time: eval_loss, eval_SCORE, class_SCORE, as far
        as the target has them (`evolution.data.kinds.SCORES`), and train_loss where the files have it; and what of the
        weights was not taken) and record (see `evolution.sources.records`).
    """
    source = Checkpoints(checkpoints, key=key, strict=strict)
    times = [checkpoint.time for checkpoint in checkpoints]
    with ExitStack() as files:
        snapshots = take_snapshots(
            dataset=dataset,
            networks=source.networks(),
            times=times,
            unit=unit,
            settings=settings,
            activations={
                layer: files.enter_context(NpyWriter(path, len(times))) for layer, path in activations.items()
            },
            classifier=files.enter_context(NpyWriter(output["classifier"], len(times))),
            evaluated=None,
            trained_here=False,
        )
    save_predictions(output["predictions"], snapshots.predictions, warnings=snapshots.warnings, unit=unit)
    history = {name: [row[name] for row in snapshots.evaluation] for name in snapshots.evaluation[0]}
    if source.train_losses:
        history["train_loss"] = [source.train_losses.get(time, math.nan) for time in times]
    # The jobs that read activations run again when the history changes. Losses and accuracies alone may be the same for
    # other data or other weights.
    digests = {str(time): source.digests[time] for time in times}
    origin = {"dataset": file_digest(dataset), "digests": json.dumps(digests), **SAID}
    if any(source.notes.values()):
        origin["not_taken"] = json.dumps({str(time): source.notes[time] for time in times})
    save_table(output["history"], history, origin, unit=unit)
    # Last: what has a record is taken.
    save_record(output["record"], pattern=pattern, unit=unit, times=checkpoints)


if "snakemake" in globals():
    keep_freed_memory()
    with job_log(snakemake.log[0]):
        others = dict(snakemake.output.items())
        named = {name: others[name] for name in ("classifier", "predictions", "history", "record")}
        snapshot_checkpoints(
            dataset=snakemake.input.dataset,
            pattern=snakemake.params.path,
            checkpoints=[StoredTime(**stored) for stored in snakemake.params.stored],
            unit=snakemake.params.unit,
            key=snakemake.params.key,
            strict=snakemake.params.strict,
            settings=SnapshotSettings.of_params(snakemake.params),
            activations=layer_outputs(snakemake.output, named["classifier"]),
            output=named,
        )
