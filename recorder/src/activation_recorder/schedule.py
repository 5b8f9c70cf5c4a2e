"""The steps at which a recording is due."""

import operator
from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import islice

from activation_recorder.errors import RecorderError

# The most steps that a list may hold; a range may hold more.
MOST_STEPS = 1_000_000


@dataclass(frozen=True)
class LogSteps:
    """0, the powers of two up to a step, and the multiples of another one after it: see `log_steps`.

    Attributes
    ----------
    until : int
    then : int or None
    """

    until: int
    then: int | None = None

    def __contains__(self, step: int) -> bool:
        if step < 0:
            return False
        if step <= self.until:
            return step & (step - 1) == 0
        return self.then is not None and step % self.then == 0


def log_steps(until: int, then: int | None = None) -> LogSteps:
    """Steps that are close together early in a training, when most happens.

    Parameters
    ----------
    until : int
        0 and the powers of two up to this step are due: 0, 1, 2, 4, 8, ...
    then : int, optional
        After that each multiple of this is due. Without it nothing more is due.

    Returns
    -------
    LogSteps
        Holds a step if it is due.

    Raises
    ------
    RecorderError
        If `until` is negative, `then` is not positive, or one of them is no whole number.
    """
    until = whole_number(until, "until")
    then = None if then is None else whole_number(then, "then")
    if until < 0 or (then is not None and then < 1):
        raise RecorderError(f"log_steps(until={until}, then={then}): until must be 0 or more, and then 1 or more.")
    return LogSteps(until, then)


def due_steps(at: Container[int] | Iterable[int]) -> Container[int]:
    """What `at` stands for, as something that is asked at each step.

    Parameters
    ----------
    at : LogSteps, range, or an iterable of int

    Returns
    -------
    Container of int

    Raises
    ------
    RecorderError
        If `at` is no collection of steps, holds something else than whole numbers from 0, or is empty.
    """
    if isinstance(at, LogSteps):
        return at
    if isinstance(at, (str, bytes)) or not isinstance(at, Iterable) or getattr(at, "ndim", 1) == 0:
        raise RecorderError(
            f"at={at!r} must be a list of steps, a range such as range(0, 10001, 500), or log_steps(until=512, "
            "then=500)."
        )
    if isinstance(at, range):
        if not at or min(at[0], at[-1]) < 0:
            raise RecorderError(f"at={at!r} must hold at least one step, and no negative one.")
        return at
    steps = frozenset(whole_number(step, "at") for step in islice(at, MOST_STEPS + 1))
    if not steps or min(steps) < 0:
        raise RecorderError(f"at={at!r} must hold at least one step, and no negative one.")
    if len(steps) > MOST_STEPS:
        raise RecorderError(f"at={at!r} holds more than {MOST_STEPS} steps, or has no end. Give a range.")
    return steps


def whole_number(value: object, name: str) -> int:
    """A Python int, of an int or of another package's integer.

    Raises
    ------
    RecorderError
        If it is no whole number.
    """
    try:
        return operator.index(value)
    except TypeError:
        raise RecorderError(f"{name} must be a whole number, not {value!r}.") from None
