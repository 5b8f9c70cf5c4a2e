"""Every layer's activations, and the predictions, at each time of a span, from arrays that were recorded elsewhere."""

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from evolution.activations.layer_files import layer_outputs
from evolution.activations.predictions import save_predictions
from evolution.activations.recorded import NotFiniteArrayError, RecordingSettings, take_recorded
from evolution.errors import ConfigError, UserError
from evolution.io.arrays import NpyWriter
from evolution.io.job_log import job_log
from evolution.io.tables import save_table
from evolution.models.outputs import Pooling
from evolution.planning.digests import file_digest
from evolution.sources.recorded_time import Arrays, folder_fingerprint, read_folder
from evolution.sources.recording import Recording, describe, read_settings
from evolution.sources.recording_format import SHARED, belongs_to_time, is_layer
from evolution.sources.records import save_record
from evolution.sources.stored_times import StoredTime
from evolution.sources.unusable import note_unusable
from evolution.startup.memory import keep_freed_memory

# How messages call what lies on disk, and its key of the config.
SAID = {"digests_of": "recorded arrays", "source": "recording"}


def time_arrays(time: StoredTime) -> Arrays:
    """The arrays of a time, by name, if they are as planning saw them.

    Raises
    ------
    UserError
        If the folder is gone, or has changed since.
    """
    folder = Path(time.path)
    if not folder.is_dir():
        raise UserError(
            f"{folder} is gone, and is needed to take its snapshot again. Put it back; or leave its time out with "
            f"recording.choose.leave_out: [{time.time}]."
        )
    try:
        arrays = read_folder(folder, wanted=belongs_to_time)
    except ConfigError as error:
        raise error.at("recording.path") from None
    if folder_fingerprint(arrays) != time.fingerprint:
        raise UserError(
            f"{folder} has changed since the workflow was planned. Give the same command again once it is written."
        )
    return arrays


def described(path: str, time: Arrays) -> Recording:
    """What the record says of the recording, by one of its times: it may be gone one day.

    Raises
    ------
    UserError
        If what lies next to the folders of the times cannot be read.
    """
    folder = Path(os.path.expanduser(path))
    try:
        shared = read_folder(folder, wanted=SHARED.__contains__)
        return describe(folder, read_settings(folder), shared=shared, time=time)
    except ConfigError as error:
        raise error.at("recording.path") from None


def snapshot_recording(
    *,
    dataset: str,
    path: str,
    times: list[StoredTime],
    unit: str,
    settings: RecordingSettings,
    activations: Mapping[str, str],
    output: Mapping[str, str],
) -> None:
    """Take the snapshots of a span and write its files.

    Parameters
    ----------
    dataset : path of dataset.npz
    path : str
        `recording.path` of the config.
    times : list of StoredTime
        The folders of the times, in order.
    unit : {"epoch", "step"}
    settings : RecordingSettings
    activations : mapping of str to path
        The file of each layer to follow: float32 (times, N, D).
    output : mapping of str to path
        The other files: classifier, predictions, history (with a row a time, see
        `evolution.activations.recorded.RecordedSnapshots`) and record (see `evolution.sources.records`).
    """
    arrays = {time.time: time_arrays(time) for time in times}
    with ExitStack() as files:
        try:
            taken = take_recorded(
                dataset=dataset,
                times={time: {name: array.file for name, array in found.items()} for time, found in arrays.items()},
                unit=unit,
                settings=settings,
                activations={
                    layer: files.enter_context(NpyWriter(file, len(times))) for layer, file in activations.items()
                },
                classifier=files.enter_context(NpyWriter(output["classifier"], len(times))),
            )
        except NotFiniteArrayError as error:
            broken = next(time for time in times if time.time == error.time)
            note_unusable(broken.fingerprint, error.name, error.problem)
            or_leave_out = ", or leave the layer out of `layers`" if is_layer(error.name) else ""
            raise UserError(
                f"{error.problem} Give the same command again: it leaves this time out and goes on with the others. "
                f"To have it too, record it again{or_leave_out}."
            ) from None
    save_predictions(output["predictions"], taken.predictions, warnings=taken.warnings, unit=unit)
    history = {name: [row[name] for row in taken.evaluation] for name in taken.evaluation[0]}
    # The jobs that read activations run again when the history changes. Accuracies alone may be the same for other
    # arrays.
    digests = {str(time): digest for time, digest in taken.digests.items()}
    origin = {"dataset": file_digest(dataset), "digests": json.dumps(digests), **SAID}
    save_table(output["history"], history, origin, unit=unit)
    # Last: what has a record is taken.
    recording = described(path, arrays[times[0].time]).for_record()
    save_record(output["record"], pattern=path, unit=unit, times=times, recording=recording)


if "snakemake" in globals():
    keep_freed_memory()
    with job_log(snakemake.log[0]):
        others = dict(snakemake.output.items())
        named = {name: others[name] for name in ("classifier", "predictions", "history", "record")}
        snapshot_recording(
            dataset=snakemake.input.dataset,
            path=snakemake.params.path,
            times=[StoredTime(**time) for time in snakemake.params.stored],
            unit=snakemake.params.unit,
            settings=RecordingSettings(
                compacted=snakemake.params.compact,
                pooling=Pooling(maps=snakemake.params.maps, tokens=snakemake.params.tokens),
                seed=snakemake.params.seed,
                tolerance=snakemake.params.tolerance,
            ),
            activations=layer_outputs(snakemake.output, named["classifier"]),
            output=named,
        )
