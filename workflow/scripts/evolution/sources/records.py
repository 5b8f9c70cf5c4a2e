"""What was taken of checkpoints: a small file a span, which stays when the checkpoints are deleted."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from evolution.io.whole_files import whole_file


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on disk.

    Attributes
    ----------
    time : int
        Its epoch or its step, whichever the run counts in.
    file : str
        The path, as the config's pattern gives it.
    fingerprint : str
        See `evolution.sources.checkpoint_file.Facts`.
    other_time : int, float or None
        Its step where the run counts in epochs, its epoch where it counts in steps, also in parts of one; None where it
        is not known.
    """

    time: int
    file: str
    fingerprint: str
    other_time: float | None = None


def save_record(
    path: str, *, pattern: str, unit: str, checkpoints: list[Checkpoint], recording: dict | None = None
) -> None:
    """Write which checkpoints a span's snapshots were taken of.

    Parameters
    ----------
    path : path of `results/{run}/checkpoints/{span}.json`, or of a recording `results/{run}/recording/{span}.json`
    pattern : str
        `checkpoints.path` of the config, or `recording.path`.
    unit : {"epoch", "step"}
    checkpoints : list of Checkpoint
    recording : dict, optional
        The fields of `evolution.sources.recording.Recording` that outlive its folder.
    """
    record = {"path": pattern, "unit": unit, "checkpoints": [asdict(checkpoint) for checkpoint in checkpoints]}
    record |= {} if recording is None else {"recording": recording}
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def load_records(folder: Path, *, pattern: str) -> dict[str, tuple[str, list[Checkpoint]]]:
    """Read what was taken of a run's checkpoints before.

    Parameters
    ----------
    folder : Path
        `results/{run}/checkpoints`, which need not exist.
    pattern : str
        `checkpoints.path`. Records of other patterns belong to another training, and are left out.

    Returns
    -------
    dict
        Span to the unit of its times, and its checkpoints.
    """
    records = {}
    for path in sorted(folder.glob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["path"] == pattern:
                records[path.stem] = (record["unit"], [Checkpoint(**entry) for entry in record["checkpoints"]])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # What cannot be read is taken again.
    return records


def load_recording(folder: Path, *, pattern: str) -> dict:
    """What the latest record says of a recording whose folder is gone, see `save_record`; empty where there is none."""
    for path in sorted(folder.glob("*.json"), reverse=True):
        with suppress(OSError, ValueError, KeyError, TypeError):
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["path"] == pattern:
                return record["recording"]
    return {}
