"""What the figures of neural collapse share: a panel for each measure, and NC1's logarithmic axis."""

import math

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from evolution.figures.curves import Panel
from evolution.figures.style import MUTED, ROUNDING

PANELS = {
    "nc1": Panel("NC1: classes become points", "variance within classes for that between them", "NC1", 0),
    "nc2_equinorm": Panel("NC2: equal lengths", "spread of the class centres' distances", "sd / mean", 0.1),
    "nc2_equiangular": Panel(
        "NC2: equal angles", "mean difference from a simplex's cosines", "|cos + 1 / (C - 1)|", 0.1
    ),
    "nc3_self_duality": Panel(
        "NC3: classifier follows classes", "its weights against the class centres", "distance²", 0.2
    ),
    "nc4_agreement": Panel(
        "NC4: nearest centre decides", "share where it is the network's class; 1: all", "share", 0.1
    ),
}

COLLAPSED = "As classes collapse, NC1, NC2 and NC3 fall towards 0, and NC4 rises to 1."


def nc2_note(values: list[float]) -> str:
    """What a figure's note says of NC2 where it is 0 whatever the network does, as two centres always lie opposite.

    Parameters
    ----------
    values : list of float
        Of NC2's two measures, at all times of all layers; NaN where it is not defined. Of more classes they are 0 at
        once nowhere but in a network that has wholly collapsed from the start.

    Returns
    -------
    str
        Begins with a space, or empty.
    """
    known = [abs(value) for value in values if not math.isnan(value)]
    return " Of two classes NC2 is always 0, and says nothing." if known and max(known) < ROUNDING else ""


def plain_decades(axes: Axes) -> None:
    """Write the ticks of a logarithmic y axis as plain numbers; a range within a decade gets more ticks."""
    low, high = axes.get_ylim()
    within = high < 30 * low
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5) if within else (1,), numticks=20))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def write_in_panel(axes: Axes, text: str) -> None:
    """Say in the middle of a panel why it is empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, color=MUTED, ha="center")


def say_no_classifier(axes: Axes) -> None:
    """Say in a panel that no network has a classifier whose input could be measured."""
    write_in_panel(axes, "no classifier, or none that is linear")
