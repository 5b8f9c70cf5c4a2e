"""Which epochs have a snapshot, and the spans into which snapshots and training are cut."""

from collections.abc import Iterable


def snapshot_epochs(config: dict) -> list[int]:
    """Epochs with a snapshot: 0, every `every`-th, `also`, and the last."""
    last, snapshots = config["training"]["epochs"], config["snapshots"]
    return sorted({0, last, *range(0, last + 1, snapshots["every"]), *snapshots["also"]})


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


def snapshot_spans(config: dict) -> dict[str, list[int]]:
    """Cut the snapshots into spans, one job each.

    Epoch 0 is a span of its own. The other spans end at multiples of `every * snapshots_per_job` epochs and not after
    so many snapshots, so that an added snapshot or a longer training moves no boundary.

    Returns
    -------
    dict
        Span to its epochs, in order.
    """
    width = config["snapshots"]["every"] * config["snapshots_per_job"]
    windows: dict[int, list[int]] = {}
    for epoch in snapshot_epochs(config):
        # Where each snapshot is a span, an epoch of `also` is one more span and does not join the next.
        window = epoch if config["snapshots_per_job"] == 1 else -(-epoch // width)
        windows.setdefault(window, []).append(epoch)
    return {span_name(epochs[0], epochs[-1]): epochs for epochs in windows.values()}


def training_spans(config: dict) -> dict[str, range]:
    """Cut the training into a chain of spans: epoch 0, then spans that end at multiples of `epochs_per_job`.

    Returns
    -------
    dict
        Span to its epochs, in order.
    """
    last = config["training"]["epochs"]
    step = config["training"]["epochs_per_job"] or last
    spans = {span_name(0, 0): range(0, 1)}
    for first in range(1, last + 1, step):
        end = min(first + step, last + 1)
        spans[span_name(first, end - 1)] = range(first, end)
    return spans
