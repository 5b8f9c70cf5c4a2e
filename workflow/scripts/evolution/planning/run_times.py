"""The times of each run: its snapshots, and the spans that one job each handles."""

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from evolution.config.spans import snapshot_spans, span_name, spread_spans, spread_times, training_spans
from evolution.config.training_keys import TRAINING_KEYS
from evolution.data.kinds import IMAGES
from evolution.errors import ConfigError
from evolution.models.selection import choose
from evolution.sources.checkpoint_listing import list_checkpoints
from evolution.sources.choice import chosen_times
from evolution.sources.recording import Recording
from evolution.sources.recording_format import CLASSIFIER, PREDICTIONS
from evolution.sources.recording_layers import recorded_modules
from evolution.sources.recording_listing import list_recording
from evolution.sources.records import load_recording, load_records
from evolution.sources.stored_times import Listing, NothingStoredError, StoredTime
from evolution.sources.unusable import unusable_fingerprints
from evolution.training.epoch_length import steps_an_epoch
from evolution.training.kept_times import load_kept_times
from evolution.training.schedules import Schedule


@dataclass(frozen=True)
class Ending:
    """Where a training has ended by itself.

    Attributes
    ----------
    time : int
        The last time.
    reason : str
        The end of a sentence.
    diverged : bool
        Whether its loss or outputs were not finite.
    """

    time: int
    reason: str
    diverged: bool = False


def load_ending(path: str | Path) -> Ending | None:
    """What the checkpoint rule training_end wrote: None where the training went on to its last epoch."""
    found = json.loads(Path(path).read_text(encoding="utf-8"))
    return Ending(**found) if found else None


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
        The spans of the training, to their times. Empty where it ran elsewhere.
    added_spans : dict of str to range
        Parts of training spans that are trained again, for times whose weights were not kept.
    kept, asked : dict of str to list of int or None
        Training or added span to the times whose weights its checkpoint holds, and which its job was or is to keep;
        None for all.
    epoch_length : int
        What an epoch counts in the unit, where the training runs here: 1, or its steps.
    training_digest : str
        A digest of what decides the training, where it runs here.
    ending : Ending or None
        Where the training has ended by itself.
    may_end_early : bool
        Whether the training may end by itself: its last time is not known before.
    stored : dict of int to StoredTime
        Time to what its snapshot is taken of, where the training ran elsewhere.
    recording : Recording or None
        What the times of a recording share; None for any other run.
    notes : list of str
        What was left out or kept, a sentence each.
    """

    unit: str
    spans: dict[str, list[int]]
    training_spans: dict[str, range] = field(default_factory=dict)
    added_spans: dict[str, range] = field(default_factory=dict)
    kept: dict[str, list[int] | None] = field(default_factory=dict)
    asked: dict[str, list[int] | None] = field(default_factory=dict)
    epoch_length: int = 1
    training_digest: str = ""
    ending: Ending | None = None
    may_end_early: bool = False
    stored: dict[int, StoredTime] = field(default_factory=dict)
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
        """Span of the training to the one that it goes on from; the first has none.

        An added span goes on from where the span of which it is a part does.
        """
        before = _befores(self.training_spans)
        return before | {added: before[span] for added, span in self.repeated_span.items() if span in before}

    @cached_property
    def repeated_span(self) -> dict[str, str]:
        """Added span to the training span of which it is a part."""
        starts = {times[0]: span for span, times in self.training_spans.items()}
        return {added: starts[times[0]] for added, times in self.added_spans.items()}

    @cached_property
    def history_span_of(self) -> dict[int, str]:
        """Time to the span of `results/{run}/history` that holds it, and whose checkpoint has its weights."""
        # Where two spans hold a time, the training's own counts: it comes last.
        whole = {**self.added_spans, **(self.training_spans or self.spans)}
        return {time: span for span, times in whole.items() for time in _held(self.kept.get(span), times)}

    def grid_times(self, asked: list[int] | None) -> list[int]:
        """The times of figures that show a few snapshots: `plots.grid_times` of the config, or spread over all."""
        if asked is None:
            return spread_times(self.times)
        if self.ending is None:
            return asked
        shown = [time for time in asked if time in self.span_of]
        return shown if len(shown) == len(asked) else sorted({*shown, self.ending.time})

    @property
    def has_inputs(self) -> bool:
        """Whether the raw inputs are there: a recording may have none."""
        return self.recording is None or self.recording.has_inputs

    @property
    def has_predictions(self) -> bool:
        """Whether it is known what the network predicts: a recording may not say."""
        return self.recording is None or self.recording.predictions is not None

    @cached_property
    def history_spans(self) -> list[str]:
        """The spans of `results/{run}/history`: of the training, or where it ran elsewhere of the snapshots."""
        return [*(self.training_spans or self.spans), *self.added_spans]


def _held(kept: list[int] | None, times: Iterable[int]) -> Iterable[int]:
    """The times of a span whose weights are there."""
    return times if kept is None else kept


def _befores(spans: Iterable[str]) -> dict[str, str]:
    return {after: before for before, after in pairwise(spans)}


def trained_times(
    name: str,
    run: dict,
    config: dict,
    *,
    ending: Ending | None = None,
    training_digest: str | None = None,
    results: Path = Path("results"),
) -> RunTimes:
    """The times of a run that this workflow trains.

    Where a training does not keep the weights of all times, those of a snapshot that was added later are missing. A
    part of the training is then trained again for them.

    Parameters
    ----------
    name : str
        The run's.
    run : dict
        Its settings.
    config : dict
    ending : Ending, optional
        Where the training has ended by itself.
    training_digest : str, optional
        That of the times as they were planned.
    results : Path
    """
    unit, length = config["snapshots"]["unit"], epoch_length(run, config)
    end = None if ending is None else ending.time
    spans, chain = snapshot_spans(config, length, end=end), training_spans(config, length)
    if end is not None:
        chain = {span: range(within[0], min(within[-1], end) + 1) for span, within in chain.items() if within[0] <= end}
    times = RunTimes(
        unit,
        spans,
        chain,
        epoch_length=length,
        training_digest=training_digest or _training_digest(run, config),
        ending=ending,
        may_end_early=bool(run["training"]["stop"]),
    )
    keeps_epochs = config["training"]["keep_epochs"] == "all"
    if unit == "epoch" and keeps_epochs:
        return replace(times, asked=dict.fromkeys(chain), kept=dict.fromkeys(chain))
    notes = load_kept_times(results / name / "kept", training=times.training_digest)
    kept, asked, added = {}, {}, {}
    for span, within in chain.items():
        wanted = times.times[bisect_left(times.times, within[0]) : bisect_right(times.times, within[-1])]
        ends = [time for time in range(within[-1] // length * length, within[0] - 1, -length) if keeps_epochs]
        # A part that is trained again ends at the last time that is missing. If that were the span's own end, the two
        # would have one name. So the end is always kept.
        asked[span] = kept[span] = sorted({*wanted, *ends, within[-1]})
        if span in notes:
            asked[span], kept[span] = notes[span].asked, notes[span].kept
        held = set(kept[span])
        if ending is None and within[-1] not in held:
            # The training has ended by itself in this span or before: what follows is planned from where it ended.
            continue
        missing = [time for time in wanted if time not in held]
        # What was added before stays as it is too.
        for other, note in notes.items():
            is_part = other not in chain and note.first == within[0] and note.last < within[-1]
            if is_part and set(note.kept) & set(missing):
                asked[other], kept[other], added[other] = note.asked, note.kept, range(note.first, note.last + 1)
                missing = [time for time in missing if time not in note.kept]
        if missing:
            part = span_name(within[0], missing[-1], unit)
            asked[part] = kept[part] = missing
            added[part] = range(within[0], missing[-1] + 1)
    return replace(times, asked=asked, kept=kept, added_spans=added)


def epoch_length(run: dict, config: dict) -> int:
    """What an epoch of a run's training counts in the unit of time: 1, or its steps."""
    return 1 if config["snapshots"]["unit"] == "epoch" else epoch_steps(run)


def epoch_steps(run: dict) -> int:
    """The steps of an epoch of a run's training."""
    training = run["training"]
    return steps_an_epoch(
        run["dataset"]["train_size"], batch_size=training["batch_size"], accumulate=training["accumulate"]
    )


def _training_digest(run: dict, config: dict) -> str:
    """A digest of what in the config decides a training, and by which times its checkpoints hold weights."""
    training = {key: run["training"][key] for key in TRAINING_KEYS}
    unit = config["snapshots"]["unit"]
    # Where data sets lie on disk decides nothing, and a file of weights counts by its content.
    dataset = {key: value for key, value in run["dataset"].items() if key != "root"}
    dataset["seed"] = run["seed"] if dataset["seed"] is None else dataset["seed"]
    model = {key: value for key, value in run["model"].items() if key != "weights"}
    basis = [dataset, model, run["seed"], training, schedule_epochs(run, config), unit]
    return hashlib.sha256(json.dumps(basis, sort_keys=True, default=str).encode()).hexdigest()[:20]


def schedule_epochs(run: dict, config: dict) -> int | None:
    """The epochs of the whole training, where the schedule of the learning rate depends on them."""
    schedule = Schedule.of_config(run["training"]["schedule"])
    return config["training"]["epochs"] if schedule.needs_length() else None


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
        listing = list_checkpoints(settings, unusable=unusable_fingerprints()[settings["key"]], taken=_taken(records))
    except NothingStoredError:
        listing = _all_deleted(records, settings)
        if listing is None:
            raise
    return _with_records(run, listing, records, folder=folder, choose=settings["choose"], per_job=per_job, noun="file")


def recording_times(
    run: str,
    settings: dict,
    *,
    layers: Sequence[str] | str,
    activations: dict,
    per_job: int,
    results: Path = Path("results"),
) -> RunTimes:
    """The times of a run whose activations are on disk, with those whose folders are gone and whose snapshots were
    taken.

    Parameters
    ----------
    run, settings, per_job, results
        See `checkpoint_times`; settings are `recording` of the run.
    layers : list of str, or "auto"
        `layers` of the run: a time is left out where a job found one of them unusable.
    activations : dict
        `activations` of the config.

    Raises
    ------
    ConfigError
        As `checkpoint_times` raises it.
    """
    folder = results / run / "recording"
    records = load_records(folder, pattern=settings["path"])
    try:
        listing, recording = list_recording(settings, taken=_taken(records))
        listing = _without_unusable(listing, recording, layers, settings["path"])
    except NothingStoredError:
        listing, kept = _all_deleted(records, settings), load_recording(folder, pattern=settings["path"])
        if listing is None or not kept:
            raise
        # A record that does not say what the inputs are is from when all were images, as dataset.npz has them.
        recording = Recording(**{"inputs": IMAGES} | kept)
    times = _with_records(
        run, listing, records, folder=folder, choose=settings["choose"], per_job=per_job, noun="folder"
    )
    unfit = [f"has the layer {name}, which {fault}." for name, fault in recorded_modules(recording).unfit.items()]
    said = unfit + recording.left_out() + recording.without_effect(activations)
    return replace(times, recording=recording, notes=times.notes + [f"{settings['path']} {note}" for note in said])


def _without_unusable(listing: Listing, recording: Recording, layers: Sequence[str] | str, path: str) -> Listing:
    """A listing without the times of which a job found something unusable that the run asks for.

    Raises
    ------
    ConfigError
        If none is left.
    """
    followed, _ = choose(layers, recorded_modules(recording), path, "recording.path")
    noted = unusable_fingerprints()
    found = {name: noted[name] for name in (*followed, PREDICTIONS, *CLASSIFIER)}
    kept, notes = {}, []
    for time, stored in listing.stored.items():
        broken = [name for name, fingerprints in found.items() if stored.fingerprint in fingerprints]
        if broken:
            notes.append(
                f"{stored.path} is left out: its {', '.join(broken)} {'are' if len(broken) > 1 else 'is'} not finite "
                "(NaN or infinite)."
            )
        else:
            kept[time] = stored
    if notes and not kept:
        raise ConfigError(
            f"all times of {path!r} hold values that are not finite (NaN or infinite); record the training again, or "
            "leave those layers out of `layers`",
            "path",
        )
    return replace(listing, stored=kept, notes=listing.notes + notes, unusable=frozenset(listing.stored) - set(kept))


Records = dict[str, tuple[str, list[StoredTime]]]


def _taken(records: Records) -> set[int]:
    """The times whose snapshots were taken."""
    return {stored.time for _, times in records.values() for stored in times}


def _all_deleted(records: Records, settings: dict) -> Listing | None:
    """The listing where nothing is on disk any more, and what was taken is; None where nothing was taken."""
    units = {unit for unit, _ in records.values()}
    if settings["unit"] not in {"auto", *units} or len(units) != 1:
        return None
    return Listing(units.pop(), {})


def _with_records(
    run: str, listing: Listing, records: Records, *, folder: Path, choose: dict, per_job: int, noun: str
) -> RunTimes:
    """The times on disk, with those that were taken and are gone, in spans; a time is a file or a folder, by `noun`."""
    records = {span: times for span, (unit, times) in records.items() if unit == listing.unit}
    stored, notes = _with_deleted(run, listing, records, choose, folder, noun)
    times = sorted(stored)
    taken = [[each.time for each in record] for record in records.values()]
    spans = spread_spans(times, taken=taken, per_job=per_job, unit=listing.unit)
    return RunTimes(listing.unit, spans, stored={time: stored[time] for time in times}, notes=listing.notes + notes)


def _with_deleted(
    run: str,
    listing: Listing,
    records: dict[str, list[StoredTime]],
    choose: dict,
    records_folder: Path,
    noun: str,
) -> tuple[dict[int, StoredTime], list[str]]:
    """The times on disk and those that were taken and are gone, and a sentence on the latter."""
    there = listing.stored
    recorded = {each.time: each for record in records.values() for each in record}
    wanted = set(chosen_times(recorded, choose)) - listing.unusable
    gone = {time: stored for time, stored in recorded.items() if time not in there and time in wanted}
    written = max((path.stat().st_mtime for path in records_folder.glob("*.json")), default=0.0)
    last = max(recorded, default=-1)
    changed = [time for time in recorded if time in there and there[time].fingerprint != recorded[time].fingerprint]
    paths = ", ".join(stored.path for stored in list(gone.values())[:3]) + (", ..." if len(gone) > 3 else "")
    are, them = ("are", "them") if len(gone) > 1 else ("is", "it")
    later = [time for time in recorded if time in there and time not in changed and changed and time > min(changed)]
    restarted = [
        time
        for time, stored in there.items()
        if gone and time not in recorded and time < last and _written_at(stored) > written
    ]
    reason = ""
    if changed and (gone or later):
        others = f"{paths} {are} gone" if gone else f"{there[later[0]].path}, which comes later, is still that one"
        reason = (
            f"{there[changed[0]].path} is not the {noun} that the results of run {run} were made from, and {others}"
        )
    elif restarted:
        reason = (
            f"{there[restarted[0]].path} was written after the results of run {run} were made, which go on to "
            f"{listing.unit} {last}, and {paths} {are} gone"
        )
    if reason:
        raise ConfigError(
            f"{reason}. Another training seems to have written there: give it a run of its own, or remove "
            f"{records_folder.parent} to make it from what is there now",
            "path",
        )
    notes = [f"{paths} {are} gone; what was taken of {them} stays part of run {run}."] if gone else []
    return there | gone, notes


def _written_at(stored: StoredTime) -> float:
    """When a file or folder was written, in seconds as files have it."""
    return Path(stored.path).stat().st_mtime
