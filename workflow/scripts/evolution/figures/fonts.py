"""Class names as figures can show them, in whatever script they are written."""

import logging
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

log = logging.getLogger("evolution")

BASE = "DejaVu Sans"

# Tried first, as they cover most: a machine may have thousands of fonts.
PREFERRED = ("Noto Sans", "Noto", "Source Han", "WenQuanYi", "Unifont")


def shown_names(names) -> list[str]:
    """Class names with nothing in them that would be drawn as an empty box.

    For letters that matplotlib's own font lacks, fonts that are installed on the machine are added to those in use,
    so call it inside `style.figure_style`. Where none has a letter, the name loses it and gets its class's number, and
    the log says so.

    Parameters
    ----------
    names : sequence of str
        In the order of the labels.

    Returns
    -------
    list of str
        In the same order.
    """
    names = [str(name) for name in names]
    missing = {letter for name in names for letter in name if not letter.isspace()} - _letters(_path_of(BASE))
    if not missing:
        return names
    families = []
    for family, path in _other_fonts():
        if not missing:
            break
        found = missing & _letters(path)
        if found:
            families.append(family)
            missing -= found
    if families:
        matplotlib.rcParams["font.family"] = [BASE, *families]
        log.info("Letters that %s lacks are drawn with %s.", BASE, ", ".join(families))
    shown = []
    for place, name in enumerate(names):
        kept = " ".join("".join(letter for letter in name if letter not in missing).split())
        lost = any(letter in missing for letter in name)
        shown.append((f"class {place}: {kept}" if kept else f"class {place}") if lost else name)
    changed = {name: text for name, text in zip(names, shown) if name != text}
    if changed:
        log.warning(
            "No installed font has all letters of %d class names; figures show %s. Install one that has (Noto Sans has "
            "most scripts: apt-get install fonts-noto-core fonts-noto-cjk) and draw the figures again (--forcerun).",
            len(changed), ", ".join(f"{text!r} for {name!r}" for name, text in changed.items()),
        )  # fmt: skip
    return shown


def _path_of(family: str) -> str:
    return font_manager.findfont(font_manager.FontProperties(family=family), fallback_to_default=False)


@cache
def _letters(path: str) -> frozenset[str]:
    """The letters that a font can draw."""
    try:
        return frozenset(map(chr, FT2Font(path).get_charmap()))
    except Exception:  # A damaged or odd font raises anything, and is one that cannot be used.
        return frozenset()


def _other_fonts() -> list[tuple[str, str]]:
    """Name and path of an upright, regular font of each family, likely ones first; none of coloured pictures."""

    def rank(name: str) -> tuple[int, str]:
        return next((place for place, start in enumerate(PREFERRED) if name.startswith(start)), len(PREFERRED)), name

    fonts = {}
    for entry in font_manager.fontManager.ttflist:
        plain = entry.style == "normal" and entry.weight in (400, "normal", "regular")
        # matplotlib's own others are for formulas, and one has a box for every letter that there is.
        own = Path(entry.fname).is_relative_to(matplotlib.get_data_path())
        if plain and not own and not any(part in entry.name for part in ("moji", "Last Resort")):
            fonts.setdefault(entry.name, entry.fname)
    return sorted(fonts.items(), key=lambda font: rank(font[0]))
