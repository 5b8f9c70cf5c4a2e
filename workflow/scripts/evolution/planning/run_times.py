"""The times of each run: its snapshots, and the spans that one job each handles."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from evolution.config.spans import snapshot_spans, spread_spans, spread_times, training_spans
from evolution.errors import ConfigError
from evolution.sources.choice import chosen_times
from evolution.sources.listing import Listing, NoCheckpointError, list_checkpoints
from evolution.sources.recording import Recording
from evolution.sources.recording_listing import list_recording
from evolution.sources.records import Checkpoint, load_recording, load_records
from evolution.sources.unusable import unusable_fingerprints


@dataclass(frozen=True)
class RunTimes:
    """The times of a run.

    There may be 10,000 spans, and each job asks for a few of them: they are looked up, and not searched for.

    Attributes
    ----------
    unit : {"epoch", "step"}
        What times are counted in.
    spans : dict of str to list of int
        The snapshots' spans, to their times.
    training_spans : dict of str to range
        The spans of the training, to their epochs. Empty where it ran elsewhere.
    checkpoints : dict of int to Checkpoint
        Time to the checkpoint, or the folder of a recording, that its snapshot is taken of, where the training ran
        elsewhere.
    recording : Recording or None
        What the times of a recording share; None for any other run.
    notes : list of str
        What was left out or kept, a sentence each.
    """

    unit: str
    spans: dict[str, list[int]]
    training_spans: dict[str, range] = field(default_factory=dict)
    checkpoints: dict[int, Checkpoint] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    recording: Recording | None = None

    @cached_property
    def times(self) -> list[int]:
        """All times with a snapshot, ascending."""
        return [time for span in self.spans.values() for time in span]

    @cached_property
    def span_of(self) -> dict[int, str]:
        """Time to the span that holds its snapshot."""
        return {time: span for span, times in self.spans.items() for time in times}

    @cached_property
    def span_before(self) -> dict[str, str]:
        """Span of snapshots to the one before; the first has none."""
        return _befores(self.spans)

    @cached_property
    def training_span_before(self) -> dict[str, str]:
        """Span of the training to the one before; the first has none."""
        return _befores(self.training_spans)

    @cached_property
    def history_span_of(self) -> dict[int, str]:
        """Time to the span of `results/{run}/history` that holds it."""
        return {time: span for span, times in (self.training_spans or self.spans).items() for time in times}

    def grid_times(self, asked: list[int] | None) -> list[int]:
        """The times of figures that show a few snapshots: `plots.grid_times` of the config, or spread over all."""
        return spread_times(self.times) if asked is None else asked

    @property
    def has_inputs(self) -> bool:
        """Whether the raw inputs are there: a recording may have none."""
        return self.recording is None or self.recording.inputs

    @property
    def has_predictions(self) -> bool:
        """Whether it is known what the network predicts: a recording may not say."""
        return self.recording is None or self.recording.predictions is not None

    @cached_property
    def history_spans(self) -> list[str]:
        """The spans of `results/{run}/history`: of the training, or where it ran elsewhere of the snapshots."""
        return list(self.training_spans or self.spans)


def _befores(spans: Iterable[str]) -> dict[str, str]:
    return {after: before for before, after in pairwise(spans)}


def trained_times(config: dict) -> RunTimes:
    """The times of the runs that this workflow trains; parameters as `evolution.config.spans.snapshot_spans`."""
    return RunTimes("epoch", snapshot_spans(config), training_spans(config))


def checkpoint_times(run: str, settings: dict, *, per_job: int, results: Path = Path("results")) -> RunTimes:
    """The times of a run whose checkpoints are on disk, with those whose files are gone and whose snapshots were taken.

    Parameters
    ----------
    run : str
        Its name.
    settings : dict
        `checkpoints` of the run.
    per_job : int
        `snapshots_per_job` of the config.
    results : Path

    Raises
    ------
    ConfigError
        As `list_checkpoints` raises it; or if files have changed, or earlier times appear, in a way that looks like
        another training.
    """
    folder = results / run / "checkpoints"
    records = load_records(folder, pattern=settings["path"])
    try:
        listing = list_checkpoints(settings, unusable=unusable_fingerprints(settings["key"]), taken=_taken(records))
    except NoCheckpointError:
        listing = _all_deleted(records, settings)
        if listing is None:
            raise
    return _with_records(run, listing, records, folder=folder, choose=settings["choose"], per_job=per_job)


def recording_times(run: str, settings: dict, *, per_job: int, results: Path = Path("results")) -> RunTimes:
    """The times of a run whose activations are on disk, with those whose folders are gone and whose snapshots were
    taken; parameters and errors as `checkpoint_times`.
    """
    folder = results / run / "recording"
    records = load_records(folder, pattern=settings["path"])
    try:
        listing, recording = list_recording(settings, taken=_taken(records))
    except NoCheckpointError:
        listing, kept = _all_deleted(records, settings), load_recording(folder, pattern=settings["path"])
        if listing is None or not kept:
            raise
        recording = Recording(**kept)
    times = _with_records(run, listing, records, folder=folder, choose=settings["choose"], per_job=per_job)
    notes = [f"{settings['path']} {note}" for note in recording.left_out()]
    return replace(times, recording=recording, notes=times.notes + notes)


Records = dict[str, tuple[str, list[Checkpoint]]]


def _taken(records: Records) -> set[int]:
    """The times whose snapshots were taken."""
    return {checkpoint.time for _, checkpoints in records.values() for checkpoint in checkpoints}


def _all_deleted(records: Records, settings: dict) -> Listing | None:
    """The listing where all files are gone, and what was taken of them is not; None where nothing was taken."""
    units = {unit for unit, _ in records.values()}
    if settings["unit"] not in {"auto", *units} or len(units) != 1:
        return None
    return Listing(units.pop(), {})


def _with_records(
    run: str, listing: Listing, records: Records, *, folder: Path, choose: dict, per_job: int
) -> RunTimes:
    """The times on disk, with those that were taken and are gone, in spans."""
    records = {span: checkpoints for span, (unit, checkpoints) in records.items() if unit == listing.unit}
    checkpoints, notes = _with_deleted(run, listing, records, choose, folder)
    times = sorted(checkpoints)
    taken = [[checkpoint.time for checkpoint in record] for record in records.values()]
    spans = spread_spans(times, taken=taken, per_job=per_job, unit=listing.unit)
    return RunTimes(
        listing.unit, spans, checkpoints={time: checkpoints[time] for time in times}, notes=listing.notes + notes
    )


def _with_deleted(
    run: str, listing: Listing, records: dict[str, list[Checkpoint]], choose: dict, records_folder: Path
) -> tuple[dict[int, Checkpoint], list[str]]:
    """The checkpoints on disk and those that were taken and are gone, and a sentence on the latter."""
    recorded = {checkpoint.time: checkpoint for record in records.values() for checkpoint in record}
    wanted = set(chosen_times(recorded, choose))
    gone = {
        time: checkpoint for time, checkpoint in recorded.items() if time not in listing.checkpoints and time in wanted
    }
    there = listing.checkpoints
    written = max((path.stat().st_mtime for path in records_folder.glob("*.json")), default=0.0)
    last = max(recorded, default=-1)
    changed = [time for time in recorded if time in there and there[time].fingerprint != recorded[time].fingerprint]
    files = ", ".join(checkpoint.file for checkpoint in list(gone.values())[:3]) + (", ..." if len(gone) > 3 else "")
    are, them = ("are", "them") if len(gone) > 1 else ("is", "it")
    later = [time for time in recorded if time in there and time not in changed and changed and time > min(changed)]
    restarted = [
        time
        for time, checkpoint in there.items()
        if gone and time not in recorded and time < last and _written_at(checkpoint) > written
    ]
    reason = ""
    if changed and (gone or later):
        others = f"{files} {are} gone" if gone else f"{there[later[0]].file}, which comes later, is still that one"
        reason = f"{there[changed[0]].file} is not the file that the results of run {run} were made from, and {others}"
    elif restarted:
        reason = (
            f"{there[restarted[0]].file} was written after the results of run {run} were made, which go on to "
            f"{listing.unit} {last}, and {files} {are} gone"
        )
    if reason:
        raise ConfigError(
            f"{reason}. Another training seems to have written there: give it a run of its own, or remove "
            f"results/{run} to make it from what is there now",
            "path",
        )
    notes = [f"{files} {are} gone; what was taken of {them} stays part of run {run}."] if gone else []
    return there | gone, notes


def _written_at(checkpoint: Checkpoint) -> float:
    """When a checkpoint was written, in seconds as files have it."""
    return Path(checkpoint.file).expanduser().stat().st_mtime
