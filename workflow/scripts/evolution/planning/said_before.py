"""What this process has said: a Snakefile may use the workflow as several modules, and each is read by itself."""

from collections.abc import Iterable

_said: set[str] = set()


def not_said_before(notes: Iterable[str]) -> list[str]:
    """The notes that this process has not asked for yet, each once, in their order."""
    new = [note for note in dict.fromkeys(notes) if note not in _said]
    _said.update(new)
    return new
