"""The scale of colours of a number, which is the same in figures and on the explorer's page."""

import matplotlib
import numpy as np
from matplotlib.colors import to_hex

SCALE = "viridis"  # made for colour-blind readers, and even in grey
# The part of it that shows on each background: the other end would be lost on it.
ON_LIGHT, ON_DARK = (0.0, 0.9), (0.18, 1.0)
# Where a scale's middle, between these shares of the values, is less than half of it, the scale shows the middle alone.
ENDS = (0.02, 0.98)


def scale_ends(values: np.ndarray) -> tuple[float, float]:
    """The numbers at which a scale begins and ends.

    Few values that are far from all others would leave one colour to the rest. So the scale ends near the others then,
    and what is beyond has the colour of its end.

    Parameters
    ----------
    values : float array (N,)
        All finite, one at least.
    """
    least, most = float(values.min()), float(values.max())
    low, high = np.quantile(values, ENDS)
    return (least, most) if most - least <= 2 * (high - low) or low == high else (float(low), float(high))


def ramp(count: int, *, dark: bool = False) -> list[str]:
    """Colours from low to high, `#rrggbb`, that show on a light background or on a dark one."""
    return [
        to_hex(color) for color in matplotlib.colormaps[SCALE](np.linspace(*(ON_DARK if dark else ON_LIGHT), count))
    ]
