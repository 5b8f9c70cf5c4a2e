"""Stored times that a job found unusable, noted by their fingerprint, so that the next plan leaves them out."""

import hashlib
import json
from collections import defaultdict
from pathlib import Path

from evolution.io.whole_files import whole_file

# Next to Snakemake's own records. It can be deleted; the jobs then look at the numbers again.
FOLDER = Path(".snakemake/evolution/unusable")


def note_unusable(fingerprint: str, key: str | None, reason: str) -> None:
    """Note a checkpoint whose weights, or a recorded time of which an array, cannot be used.

    Parameters
    ----------
    fingerprint : str
        See `evolution.sources.stored_times.StoredTime`.
    key : str or None
        `checkpoints.key`: the file may have other weights that can be used. Of a recorded time the array's name: other
        runs may not follow that layer.
    reason : str
    """
    name = hashlib.sha256(f"{fingerprint} {key}".encode()).hexdigest()[:32]
    note = {"fingerprint": fingerprint, "key": key, "reason": reason}
    with whole_file(FOLDER / f"{name}.json") as temporary:
        temporary.write_text(json.dumps(note), encoding="utf-8")


def unusable_fingerprints() -> dict[str | None, set[str]]:
    """The fingerprints of the stored times that were noted, by the key that they were noted for."""
    found = defaultdict(set)
    for path in FOLDER.glob("*.json"):
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
            found[note["key"]].add(note["fingerprint"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # The job looks at the numbers again.
    return found
