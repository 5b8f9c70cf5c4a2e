"""Which times' weights the checkpoint of a training span holds: a note that its job leaves for the planner.

Where a snapshot is added to a training that is done, the planner must know what is there: only what is missing is
trained again, and the checkpoint stays as it is. The note is no output of the job. Snakemake removes outputs before a
job runs again, and each job of a cluster plans for itself: all of them must find the same note.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from evolution.io.whole_files import whole_file


@dataclass(frozen=True)
class KeptTimes:
    """What a checkpoint holds.

    Attributes
    ----------
    training : str
        A digest of what decides the training. A note of another training counts for nothing.
    first, last : int
        The times of the span.
    asked : list of int
        The times whose weights the job was to keep, ascending.
    kept : list of int
        The times whose weights are there. They are those of `asked`, unless the training ended by itself.
    """

    training: str
    first: int
    last: int
    asked: list[int]
    kept: list[int]


def save_kept_times(
    path: str | Path, *, training: str, times: range, asked: Collection[int], kept: Collection[int]
) -> None:
    """Leave the note on a span; parameters as `KeptTimes` has them."""
    note = KeptTimes(training, times[0], times[-1], sorted(asked), sorted(kept))
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(asdict(note)) + "\n", encoding="utf-8")


def load_kept_times(folder: Path, *, training: str) -> dict[str, KeptTimes]:
    """The notes on the spans of a training, by the span's name; a note that cannot be read counts for nothing."""
    notes = {}
    for path in sorted(folder.glob("*.json")):
        try:
            note = KeptTimes(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue
        if note.training == training:
            notes[path.stem] = note
    return notes
