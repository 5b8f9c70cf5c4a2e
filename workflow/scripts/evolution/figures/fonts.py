"""Class names as figures can draw them, in whatever script they are written."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from evolution.figures.typefaces import BASE_FONT, font_file

log = logging.getLogger("evolution")

# What is left at the ends of a name without its letters says nothing.
SEPARATORS = " ,;:/_-"
# Tried first, because they cover most scripts: a machine may have thousands of fonts.
PREFERRED = ("Noto Sans", "Noto", "Source Han", "WenQuanYi", "Unifont")


def drawable_names(
    names: Iterable[str], font: str | None = None, *, fonts: Iterable[tuple[str, frozenset[str]]] | None = None
) -> tuple[list[str], list[str]]:
    """Class names without letters that would be drawn as an empty box, and the fonts that draw them.

    Where no font has a letter, the name loses the letter and gets its class's number, and the log says so.

    Parameters
    ----------
    names : iterable of str
        In the order of the labels.
    font : str, optional
        The family that comes first, see `FigureStyle.font`.
    fonts : iterable of (str, frozenset of str), optional
        Family and letters of each font to choose from. The first is always used, each other one only if it has a
        letter that those before it lack. Default: `installed_fonts(font)`.

    Returns
    -------
    drawable : list of str
        In the same order.
    families : list of str
        For `style.shared_look`.
    """
    names = [str(name) for name in names]
    missing = {letter for name in names for letter in name if not letter.isspace()}
    families: list[str] = []
    for family, letters in installed_fonts(font) if fonts is None else fonts:
        if not families or missing & letters:
            families.append(family)
            missing -= letters
        if not missing:
            break
    if families[1:]:
        log.info("Letters that %s lacks are drawn with %s.", families[0], ", ".join(families[1:]))
    drawable = []
    for label, name in enumerate(names):
        kept = " ".join("".join(letter for letter in name if letter not in missing).split()).strip(SEPARATORS)
        lost = any(letter in missing for letter in name)
        drawable.append((f"class {label}: {kept}" if kept else f"class {label}") if lost else name)
    changed = {name: text for name, text in zip(names, drawable) if name != text}
    if changed:
        log.warning(
            "No installed font has all letters of %d class names; figures show %s. Install one that has (Noto Sans has "
            "most scripts: apt-get install fonts-noto-core fonts-noto-cjk) and draw the figures again (--forcerun).",
            len(changed), ", ".join(f"{text!r} for {name!r}" for name, text in changed.items()),
        )  # fmt: skip
    return drawable, families


def installed_fonts(first: str | None = None) -> Iterator[tuple[str, frozenset[str]]]:
    """Family and letters of each font that figures may use: `first`, matplotlib's own, then one a family.

    Of a family it is the upright, regular one. Likely fonts come first. A font is read only when it is asked for.
    Fonts of coloured pictures are left out.
    """
    for family in dict.fromkeys([first or BASE_FONT, BASE_FONT]):
        yield family, _letters(font_file(family))

    def rank(family: str) -> tuple[int, str]:
        starts = (index for index, start in enumerate(PREFERRED) if family.startswith(start))
        return next(starts, len(PREFERRED)), family

    paths: dict[str, str] = {}
    for entry in font_manager.fontManager.ttflist:
        plain = entry.style == "normal" and entry.weight in (400, "normal", "regular")
        # matplotlib's other fonts are for formulas, and one has a box for every letter that there is.
        own = Path(entry.fname).is_relative_to(matplotlib.get_data_path())
        if plain and not own and not any(part in entry.name for part in ("moji", "Last Resort")):
            paths.setdefault(entry.name, entry.fname)
    for family in sorted(paths, key=rank):
        yield family, _letters(paths[family])


def _letters(path: str) -> frozenset[str]:
    """The letters that a font can draw."""
    try:
        return frozenset(map(chr, FT2Font(path).get_charmap()))
    except Exception:  # A damaged font raises all kinds of errors; it cannot be used.
        return frozenset()
