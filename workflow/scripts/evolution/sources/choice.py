"""Which of the checkpoints are studied: `checkpoints.choose` of the config."""

from collections.abc import Iterable


def chosen_times(times: Iterable[int], choose: dict) -> list[int]:
    """The times that `checkpoints.choose` asks for.

    Parameters
    ----------
    times : iterable of int
    choose : dict
        every (int or None): the multiples of it. log_until (int or None): 0 and the powers of two up to it. also (list
        of int): these. leave_out (list of int): none of these. Where every, log_until and also are not given, all are
        taken.

    Returns
    -------
    list of int
        Ascending. What a time's own number does not decide, such as "the last one", cannot be asked for: it would
        change whenever a checkpoint is added.
    """
    every, until = choose["every"], choose["log_until"]
    also, left_out = set(choose["also"]), set(choose["leave_out"])
    everything = every is None and until is None and not also

    def wanted(time: int) -> bool:
        is_power = time & (time - 1) == 0
        return (
            everything
            or (every is not None and time % every == 0)
            or (until is not None and time <= until and is_power)
            or time in also
        )

    return sorted(time for time in set(times) if wanted(time) and time not in left_out)
