"""Which epochs have a snapshot, and the spans into which snapshots and training are cut."""


def snapshot_epochs(config: dict) -> list[int]:
    """Epochs with a snapshot: 0, every `every`-th, `also`, and the last."""
    last, snapshots = config["training"]["epochs"], config["snapshots"]
    return sorted({0, last, *range(0, last + 1, snapshots["every"]), *snapshots["also"]})


def spread_epochs(epochs: list[int], count: int = 7) -> list[int]:
    """At most `count` of the epochs, closer together early in the training, when most happens."""
    last = len(epochs) - 1
    positions = {round(last * (step / max(count - 1, 1)) ** 2.2) for step in range(count)}
    return [epochs[position] for position in sorted(positions)]


def span_name(first: int, last: int) -> str:
    """`0010` for one epoch, `0010-0018` for more."""
    return f"{first:04d}" if first == last else f"{first:04d}-{last:04d}"


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
