"""Columns of samples that the explorer's dots are coloured and filtered by: categories, and numbers on a scale."""

import colorsys
from collections.abc import Collection

import numpy as np
from matplotlib.colors import to_rgb

from evolution.explorer.packing import packed
from evolution.figures.number_scale import scale_ends
from evolution.figures.style import class_colors

# With more categories, no palette tells them apart: the page colours some of them, and the reader picks which.
MOST_CATEGORIES = 20
# At most so many categories have a colour then.
MOST_PICKED = 10
# Less saturated colours (of HLS) look like the grey of samples without a value, or of categories that are not picked.
LEAST_SATURATION = 0.2

LONGEST_NAME = 80  # characters of a category, so that a column of whole texts does not swell the page


def number_scale(values: np.ndarray, low: float | None = None) -> dict[str, float]:
    """The scale on which numbers are coloured, see `scale_ends`.

    Parameters
    ----------
    values : float array
        Values that are not finite have no place on it.
    low : float, optional
        Where the scale begins; without it near the smallest value.

    Returns
    -------
    dict
        The scale's `low` and `high`, and the values' `least` and `most`. All 0 if no value is finite.
    """
    values = values[np.isfinite(values)]
    if not len(values):
        return {"low": 0.0, "high": 0.0, "least": 0.0, "most": 0.0}
    least, most = float(values.min()), float(values.max())
    begin, end = scale_ends(values)
    return {"low": begin if low is None else low, "high": end, "least": least if low is None else low, "most": most}


def category_colors(palette: str, count: int, given: Collection[str] = ()) -> list[str]:
    """Colours of categories: one each, or as many as can be picked at a time where they are too many to tell apart.

    Parameters
    ----------
    palette : str
        See `style.class_colors`. Its greys are passed over, where the others are enough.
    count : int
    given : collection of str
        Colours that some of too many categories have already; then as many can be picked at least.
    """
    first = class_colors(palette, MOST_PICKED)
    vivid = [color for color in first if colorsys.rgb_to_hls(*to_rgb(color))[2] >= LEAST_SATURATION] or first
    if count > MOST_CATEGORIES:
        if not given:
            return vivid
        picked = max(MOST_PICKED, len(given))
        left = [color for color in vivid if color not in given]
        more = class_colors(palette, picked + len(given) + len(left))
        return list(dict.fromkeys([*left, *(color for color in more if color not in given)]))[:picked]
    return vivid[:count] if count <= len(vivid) else class_colors(palette, count)


def attribute_column(name: str, values: np.ndarray, subset: np.ndarray, palette: str) -> dict[str, object]:
    """An attribute of the samples, for JSON.

    Parameters
    ----------
    name : str
    values : array (N,)
        float64, NaN where a value is missing, or text, empty where it is.
    subset : int array (n,)
        The samples on the page.
    palette : str
        See `style.class_colors`.

    Returns
    -------
    dict
        name; of numbers `values` and `scale`; of text `names`, `codes` (-1 where a value is missing) and `colors`.
    """
    if values.dtype.kind == "f":
        return {"name": name, "values": packed(values[subset]), "scale": number_scale(values)}
    names, codes = np.unique(values, return_inverse=True)
    codes = codes.reshape(-1)
    if len(names) and names[0] == "":  # the empty text comes first
        names, codes = names[1:], codes - 1
    return {
        "name": name,
        "names": [_cut(str(each)) for each in names],
        "codes": packed(codes[subset].astype(np.int32)),
        "colors": category_colors(palette, len(names)),
    }


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
