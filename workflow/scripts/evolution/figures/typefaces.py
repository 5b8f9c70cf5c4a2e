"""The fonts that figures are written in, and whether one that the user chose is installed.

Planning loads this module where the config names a font. It loads matplotlib.
"""

import difflib

from matplotlib import font_manager

from evolution.errors import ConfigError

BASE_FONT = "DejaVu Sans"  # comes with matplotlib, so a figure is the same on every machine
# How many fonts a message names.
MOST_NAMED = 5


def font_file(family: str) -> str:
    """The path of a font's upright, regular file.

    Parameters
    ----------
    family : str
        As the font calls itself, such as Noto Sans.

    Raises
    ------
    ConfigError
        If it is not installed: matplotlib would take another one in its place.
    """
    wanted = font_manager.FontProperties(family=[family])
    try:
        # Fonts that were installed since matplotlib made its list are found too.
        return font_manager.findfont(wanted, fallback_to_default=False)
    except ValueError:
        known = {name.lower(): name for name in sorted(font_manager.get_font_names())}
        near = difflib.get_close_matches(family.lower(), known, n=MOST_NAMED, cutoff=0.5)
        words = family.lower().split()[:1]
        near += [name for name in known if name.startswith(tuple(words)) and name not in near] if words else []
        like = ", ".join(known[name] for name in near[:MOST_NAMED])
        raise ConfigError(
            f"{family!r} is not installed on this machine; "
            + (f"fonts like it: {like}" if like else f"there are {len(known)}, such as {BASE_FONT}"),
            "plots.font",
        ) from None
