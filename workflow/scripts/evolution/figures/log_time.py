"""Times on a logarithmic axis that shows 0: it is linear up to the first time after 0."""

import math
from collections.abc import Sequence

import numpy as np

# matplotlib's `linscale`, and the room from 0 to the first time after it that it stands for, in powers of ten.
START = 0.5
START_ROOM = START / (1 - 1 / 10)


# A time is named next to a power of ten that is this many times smaller.
FAR_ENOUGH = 4


def log_ticks(first: float, last: float, *, most: int, with_start: bool) -> list[float]:
    """The times that such an axis names, ascending.

    Parameters
    ----------
    first, last : float
        The first time after 0, and the last one.
    most : int
        Times after 0 to name, at most.
    with_start : bool
        Whether the axis begins at 0.
    """
    powers = [10**power for power in range(math.ceil(math.log10(first)), math.floor(math.log10(last)) + 1)]
    if len(powers) > 1:
        # Of many powers of ten every second or third is named, the last one in any case.
        shown = powers[:: -math.ceil(len(powers) / most)][::-1]
        # The end is named too where it is far enough from the last power, so that it can be read off.
        if last >= FAR_ENOUGH * shown[-1] and len(shown) < most:
            shown.append(last)
    else:
        # Where there are hardly any, the first time and the last are named, unless they stand in one place.
        shown = sorted({first, last}) if last >= 2 * first or not with_start else [last]
    return [0, *shown] if with_start else shown


def log_places(times: Sequence[float], first: float) -> np.ndarray:
    """Where times stand on such an axis, in powers of ten, float64 (E,); 0 stands at 0.

    Parameters
    ----------
    times : sequence of numbers (E,)
        0 or more.
    first : float
        The first time after 0.
    """
    times = np.asarray(times, float)
    return np.where(times < first, START_ROOM * times / first, START_ROOM + np.log10(np.maximum(times, first) / first))
