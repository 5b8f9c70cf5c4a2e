"""What the dots of a map are coloured by, and the legend or the colour scale that says so."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from evolution.activations.cells import Cells
from evolution.data.kinds import CLASSES, LABELS, NONE, NUMBER
from evolution.data.targets import Targets
from evolution.figures.fonts import drawable_names
from evolution.figures.given_colors import colors_of_classes
from evolution.figures.layer_names import layer_title
from evolution.figures.number_scale import ramp, scale_ends
from evolution.figures.sheets import OTHERS, ColorScale
from evolution.figures.style import FigureStyle, class_colors

# With more classes than this nobody finds a dot's colour in the legend: only some have one, the rest are grey.
MOST_CLASSES = 40
COLORED = 10  # as many as the default palette tells apart
# The colours of a scale that dots have: a film's palette has room for so many.
STEPS = 32


@dataclass(frozen=True)
class DotColors:
    """Colours of samples.

    Attributes
    ----------
    dots : str array (N,)
        `#rrggbb` of each sample.
    legend : list of (str, str)
        Name and colour of each; empty where there is a scale.
    scale : ColorScale or None
        Of a number.
    meaning : str
        What the colours say, for "in the colour of ...".
    heading : str
        The same, to stand above a map.
    note : str
        What else has to be said; begins with a space, or empty.
    colors : list of str
        All colours that dots have.
    fonts : list of str
        Families that the legend's names need.
    """

    dots: np.ndarray
    legend: list[tuple[str, str]]
    scale: ColorScale | None
    meaning: str
    heading: str
    note: str
    colors: list[str]
    fonts: list[str]


def color_maps(targets: Targets, style: FigureStyle, clusters: Cells, layer: str) -> DotColors:
    """Colours for the maps of all layers and times: a dot has the same in each.

    Where the samples have no target, they are the k-means clusters of one layer, at its last time. The clusters of each
    map itself would look like order in any map, and dots could not be followed from one map to another.

    Parameters
    ----------
    targets : Targets
    style : FigureStyle
    clusters : Cells
        Of k-means clusters, int16 (N,).
    layer : str
        Whose clusters are taken where there is no target.
    """
    if targets.target != NONE:
        return color_dots(targets, style)
    last = clusters.times(layer)[-1]
    # Imported only where it is needed, as scipy's optimisation takes a while to load.
    from evolution.measures.cluster_matching import followed_clusters

    # By size, as the explorer numbers them.
    (assigned,) = followed_clusters(clusters.read(layer, last, (targets.count,))[None])
    return color_dots(targets, style, assigned, f"in {layer_title(layer)} at {style.unit} {last}")


def color_dots(
    targets: Targets, style: FigureStyle, clusters: np.ndarray | None = None, of_clusters: str = ""
) -> DotColors:
    """Colours by what the samples are measured against; by cluster where that is nothing.

    A sample of several labels has the colour that `style` gives a label, if it has this one alone.

    Parameters
    ----------
    targets : Targets
    style : FigureStyle
    clusters : int array (N,), optional
        -1 where there is none. Read where the samples have no target.
    of_clusters : str
        Which clusters these are, such as "of fc2 at epoch 20".
    """
    if targets.target == NUMBER:
        return _by_number(targets, style)
    if targets.target == CLASSES:
        return _by_class(targets, style)
    if targets.target == LABELS:
        return _by_labels(targets, style)
    return _by_cluster(clusters, style, of_clusters)


def _by_class(targets: Targets, style: FigureStyle) -> DotColors:
    """Each class in its colour; of very many, those that were given one, and the largest."""
    names, fonts = drawable_names(targets.names, style.font)
    if len(names) <= MOST_CLASSES:
        colors = colors_of_classes(style.palette, targets.names, style.colors)
        return DotColors(
            dots=np.array(colors)[targets.values],
            legend=list(zip(names, colors)),
            scale=None,
            meaning="its true class",
            heading="True class",
            note="",
            colors=colors,
            fonts=fonts,
        )
    sizes = np.bincount(targets.values, minlength=len(names))
    own = np.array([name in style.colors for name in targets.names])
    # Those with a colour of their own come first.
    shown = np.sort(np.lexsort((-sizes, ~own))[: max(COLORED, np.count_nonzero(own))])
    which = f"the {COLORED} largest of {len(names)} classes"
    if own.any():
        others = len(shown) - np.count_nonzero(own)
        which = f"{np.count_nonzero(own)} chosen classes" + (f" and the {others} largest others" if others else "")
        which += f" of {len(names)}"
    note = f" In colour: {which}, {sizes[shown].sum()} of {targets.count} samples."
    return _some(
        groups=targets.values,
        shown=shown,
        names=[names[label] for label in shown],
        one="class",
        own=colors_of_classes(style.palette, [targets.names[label] for label in shown], style.colors),
        meaning="its true class",
        heading="True class",
        note=note,
        fonts=fonts,
    )


def _by_labels(targets: Targets, style: FigureStyle) -> DotColors:
    """Each set of labels in its colour; the commonest of them.

    A sample with two labels has neither's colour: a colour for each label would hide one of them.
    """
    names, fonts = drawable_names(targets.names, style.font)
    sets = [tuple(np.flatnonzero(row)) for row in targets.values]
    counts = Counter(sets)
    # Of sets that are equally common, those of fewer labels and then of the first ones.
    order = sorted(counts, key=lambda labels: (-counts[labels], len(labels), labels))
    number = {labels: index for index, labels in enumerate(order)}
    shown = np.arange(min(COLORED, len(order)))
    legend = [" + ".join(names[label] for label in order[index]) or "no label" for index in shown]
    # A set of several labels has the palette's colour.
    alone = [targets.names[order[index][0]] if len(order[index]) == 1 else None for index in shown]
    covered = sum(counts[order[index]] for index in shown)
    note = ""
    if len(order) > len(shown):
        note = (
            f" In colour: the {len(shown)} commonest of {len(order)} sets of labels, {covered} of {targets.count} "
            "samples."
        )
    return _some(
        groups=np.array([number[labels] for labels in sets]),
        shown=shown,
        names=legend,
        one="set",
        own=colors_of_classes(style.palette, alone, style.colors),
        meaning="the labels that it has",
        heading="Labels",
        note=note,
        fonts=fonts,
    )


def _by_cluster(clusters: np.ndarray, style: FigureStyle, of_clusters: str) -> DotColors:
    """Each cluster in its colour; of very many, the largest."""
    sizes = np.bincount(clusters[clusters >= 0], minlength=1)
    shown, note = np.flatnonzero(sizes), ""
    if len(shown) > MOST_CLASSES:
        shown = np.sort(np.argsort(-sizes, kind="stable")[:COLORED])
        note = (
            f" In colour: the {COLORED} largest of {np.count_nonzero(sizes)} clusters, {sizes[shown].sum()} of "
            f"{len(clusters)} samples."
        )
    names = [f"cluster {cluster + 1}" for cluster in shown]
    return _some(
        groups=clusters,
        shown=shown,
        names=names,
        one="cluster",
        own=class_colors(style.palette, len(shown)),
        meaning=f"its k-means cluster {of_clusters}".strip(),
        heading="k-means cluster",
        note=note,
        fonts=drawable_names([], style.font)[1],
    )


def _some(
    *, groups: np.ndarray, shown: np.ndarray, names: list[str], one: str, own: list[str], **about: object
) -> DotColors:
    """Some groups in their own colours, the others grey; `about` has the rest of the DotColors."""
    colors = np.full(int(groups.max(initial=0)) + 2, OTHERS, dtype="<U7")
    colors[shown] = own
    # -1, where a sample is in no group, is the last one.
    dots = colors[groups]
    left = len(set(groups[groups >= 0].tolist()) - set(shown.tolist()))
    legend = list(zip(names, own))
    if left:
        plural = one if left == 1 else f"{one}es" if one.endswith("s") else f"{one}s"
        legend.append((f"{left} more {plural}", OTHERS))
    elif (groups < 0).any():
        legend.append(("none", OTHERS))
    colors = [*own, *[OTHERS] * bool((dots == OTHERS).any())]
    return DotColors(dots=dots, legend=legend, scale=None, colors=colors, **about)


def _by_number(targets: Targets, style: FigureStyle) -> DotColors:
    """A scale of colours from a low number to a high one."""
    low, high = scale_ends(targets.values)
    below, above = bool(targets.values.min() < low), bool(targets.values.max() > high)
    colors = ramp(STEPS)
    shares = np.clip((targets.values - low) / ((high - low) or 1), 0, 1)
    (name,), fonts = drawable_names([targets.name or "number"], style.font)
    scale = ColorScale(title=name, low=low, high=high, colors=tuple(colors), extended_below=below, extended_above=above)
    note = " Numbers beyond the scale's ends have the colours of its ends." if below or above else ""
    return DotColors(
        dots=np.array(colors)[np.rint(shares * (STEPS - 1)).astype(int)],
        legend=[],
        scale=scale,
        meaning=f"its {targets.name}" if targets.name else "its number",
        heading=f"{name[0].upper()}{name[1:]}",
        note=note,
        colors=colors,
        fonts=fonts,
    )
