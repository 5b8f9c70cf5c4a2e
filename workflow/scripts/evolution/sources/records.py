"""What was taken of stored times: a small file a span, which stays when checkpoints or recordings are deleted."""

import json
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from evolution.io.whole_files import whole_file
from evolution.sources.stored_times import StoredTime


def save_record(path: str, *, pattern: str, unit: str, times: list[StoredTime], recording: dict | None = None) -> None:
    """Write which stored times a span's snapshots were taken of.

    Parameters
    ----------
    path : path of `results/{run}/checkpoints/{span}.json`, or of a recording `results/{run}/recording/{span}.json`
    pattern : str
        `checkpoints.path` of the config, or `recording.path`.
    unit : {"epoch", "step"}
    times : list of StoredTime
    recording : dict, optional
        The fields of `evolution.sources.recording.Recording` that outlive its folder.
    """
    record = {"path": pattern, "unit": unit, "times": [asdict(time) for time in times]}
    record |= {} if recording is None else {"recording": recording}
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def load_records(folder: Path, *, pattern: str) -> dict[str, tuple[str, list[StoredTime]]]:
    """Read what was taken of a run's stored times before.

    Parameters
    ----------
    folder : Path
        `results/{run}/checkpoints`, or `results/{run}/recording`; it need not exist.
    pattern : str
        `checkpoints.path` or `recording.path`. Records of other patterns belong to another training, and are left out.

    Returns
    -------
    dict
        Span to the unit of its times, and the times.
    """
    records = {}
    for path in sorted(folder.glob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if _same_place(record["path"], pattern):
                records[path.stem] = (record["unit"], [StoredTime(**entry) for entry in record["times"]])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # What cannot be read is taken again.
    return records


def _same_place(one: str, other: str) -> bool:
    """Whether two paths of a config name the same files, however they are spelled."""
    return os.path.abspath(os.path.expanduser(one)) == os.path.abspath(os.path.expanduser(other))


def load_recording(folder: Path, *, pattern: str) -> dict:
    """What the latest record says of a recording whose folder is gone, see `save_record`; empty where there is none."""
    for path in sorted(folder.glob("*.json"), reverse=True):
        with suppress(OSError, ValueError, KeyError, TypeError):
            record = json.loads(path.read_text(encoding="utf-8"))
            # Records of an earlier form, without times, are read as none.
            if _same_place(record["path"], pattern) and "times" in record:
                return record["recording"]
    return {}
