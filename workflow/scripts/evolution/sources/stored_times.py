"""The times of a training that ran elsewhere, as they lie on disk: a checkpoint each, or the folder of a recording."""

from dataclasses import dataclass, field

from evolution.errors import ConfigError


@dataclass(frozen=True)
class StoredTime:
    """A time that lies on disk.

    Attributes
    ----------
    time : int
        Its epoch or its step, whichever the run counts in.
    path : str
        Its file or folder: the config's path, with ~ resolved.
    fingerprint : str
        Differs where the weights or the arrays differ. See `evolution.sources.checkpoint_file.Facts` and
        `evolution.sources.recorded_time.folder_fingerprint`.
    other_time : int, float or None
        Its step where the run counts in epochs, its epoch where it counts in steps, also in parts of one; None where it
        is not known.
    """

    time: int
    path: str
    fingerprint: str
    other_time: float | None = None


@dataclass(frozen=True)
class Listing:
    """The times of a run that lie on disk.

    Attributes
    ----------
    unit : {"epoch", "step"}
    stored : dict of int to StoredTime
        By time, ascending.
    notes : list of str
        What was left out, a sentence each.
    unusable : frozenset of int
        The times that were left out because a job found their numbers unusable.
    """

    unit: str
    stored: dict[int, StoredTime]
    notes: list[str] = field(default_factory=list)
    unusable: frozenset[int] = frozenset()


class NothingStoredError(ConfigError):
    """Nothing is there, as where it was deleted."""
