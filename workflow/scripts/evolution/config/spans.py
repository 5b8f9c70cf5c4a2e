"""Which times have a snapshot, and the spans into which snapshots and training are cut."""

from collections.abc import Iterable


def snapshot_spacing(config: dict, epoch_length: int = 1) -> int:
    """How far apart regular snapshots are: `snapshots.every`, or two epochs; parameters as in `snapshot_times`."""
    return config["snapshots"]["every"] or 2 * epoch_length


def snapshot_times(config: dict, epoch_length: int = 1, *, end: int | None = None) -> list[int]:
    """Times with a snapshot: 0, every `every`-th, powers of two up to `log_until`, `also`, and the last.

    Parameters
    ----------
    config : dict
    epoch_length : int
        What an epoch counts in the unit of time: 1 in epochs, its steps in steps.
    end : int, optional
        The last time, where the training ended by itself. Times of `also` after it are left out.
    """
    snapshots, last = config["snapshots"], config["training"]["epochs"] * epoch_length
    also = snapshots["also"]
    if end is not None:
        last, also = end, [time for time in also if time <= end]
    every = range(0, last + 1, snapshot_spacing(config, epoch_length))
    powers = [2**power for power in range((snapshots["log_until"] or 0).bit_length()) if 2**power <= last]
    return sorted({0, last, *every, *powers, *also})


def counted_spans(config: dict, epoch_length: int = 1) -> tuple[int, int]:
    """About how many spans snapshots and training are cut into, counted and not listed: there may be too many.

    Parameters
    ----------
    config, epoch_length
        See `snapshot_times`.
    """
    last, snapshots = config["training"]["epochs"] * epoch_length, config["snapshots"]
    powers = (snapshots["log_until"] or 0).bit_length()
    count = last // snapshot_spacing(config, epoch_length) + 2 + powers + len(snapshots["also"])
    return count // config["snapshots_per_job"] + 1, last // training_width(config, epoch_length) + 1


def spread_times(times: list[int], count: int = 7) -> list[int]:
    """At most `count` of the times, closer together early in the training, when most happens.

    Times that are much closer together early on themselves, as on a log schedule, are taken evenly.
    """
    last = len(times) - 1
    is_early = times[len(times) // 2] - times[0] < (times[-1] - times[0]) / 4
    positions = {round(last * (step / max(count - 1, 1)) ** (1 if is_early else 2.2)) for step in range(count)}
    return [times[position] for position in sorted(positions)]


def span_name(first: int, last: int, unit: str = "epoch") -> str:
    """`0010` for one epoch, `0010-0018` for more; `step_000500`, `step_000500-001000` for steps."""
    begin, digits = ("step_", 6) if unit == "step" else ("", 4)
    return begin + "-".join(f"{time:0{digits}d}" for time in dict.fromkeys((first, last)))


def spread_spans(times: list[int], *, taken: Iterable[list[int]], per_job: int, unit: str) -> dict[str, list[int]]:
    """Cut times that are found on disk into spans, one job each.

    The first time is a span of its own. What was taken before keeps its spans, so that a new time makes no other be
    taken again; new times that follow each other share a span.

    Parameters
    ----------
    times : list of int
        Ascending.
    taken : iterable of lists of int
        The times of each span that was taken before.
    per_job : int
        How many new times at most share a span.
    unit : {"epoch", "step"}

    Returns
    -------
    dict
        Span to its times, in order.
    """
    wanted, position = set(times), {time: index for index, time in enumerate(times)}
    kept: dict[int, list[int]] = {}
    for span in taken:
        whole = wanted.issuperset(span) and position[span[-1]] - position[span[0]] == len(span) - 1
        alone = span[0] != times[0] or len(span) == 1
        if whole and alone and not any(time in kept for time in span):
            kept |= dict.fromkeys(span, span)
    spans: list[list[int]] = []
    for time in times:
        if time in kept:
            if time == kept[time][0]:
                spans.append(kept[time])
        elif len(spans) > 1 and spans[-1][0] not in kept and len(spans[-1]) < per_job:
            spans[-1].append(time)
        else:
            spans.append([time])
    return {span_name(span[0], span[-1], unit): span for span in spans}


def snapshot_spans(config: dict, epoch_length: int = 1, *, end: int | None = None) -> dict[str, list[int]]:
    """Cut the snapshots into spans, one job each.

    Time 0 is a span of its own. The other spans end at multiples of `every * snapshots_per_job` and not after so many
    snapshots, so that an added snapshot or a longer training moves no boundary.

    Parameters
    ----------
    config, epoch_length, end
        See `snapshot_times`.

    Returns
    -------
    dict
        Span to its times, in order.
    """
    width = snapshot_spacing(config, epoch_length) * config["snapshots_per_job"]
    windows: dict[int, list[int]] = {}
    for time in snapshot_times(config, epoch_length, end=end):
        # Where each snapshot is a span, a time of `also` is one more span and does not join the next.
        window = time if config["snapshots_per_job"] == 1 else -(-time // width)
        windows.setdefault(window, []).append(time)
    unit = config["snapshots"]["unit"]
    return {span_name(times[0], times[-1], unit): times for times in windows.values()}


def training_width(config: dict, epoch_length: int = 1) -> int:
    """What a job trains, in the unit of time: `epochs_per_job`, or `steps_per_job` where steps are counted."""
    training = config["training"]
    if config["snapshots"]["unit"] == "step" and training["steps_per_job"] is not None:
        return training["steps_per_job"]
    return (training["epochs_per_job"] or training["epochs"]) * epoch_length


def training_spans(config: dict, epoch_length: int = 1) -> dict[str, range]:
    """Cut the training into a chain of spans: time 0, then spans that end at multiples of `training_width`.

    Parameters
    ----------
    config, epoch_length
        See `snapshot_times`.

    Returns
    -------
    dict
        Span to its times, in order.
    """
    unit, width = config["snapshots"]["unit"], training_width(config, epoch_length)
    last = config["training"]["epochs"] * epoch_length
    spans = {span_name(0, 0, unit): range(0, 1)}
    for first in range(1, last + 1, width):
        end = min(first + width, last + 1)
        spans[span_name(first, end - 1, unit)] = range(first, end)
    return spans
