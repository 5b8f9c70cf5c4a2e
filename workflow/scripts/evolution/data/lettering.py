"""The font of what is drawn in place of samples."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

# Pixels of the letters.
LETTERS = 9


@lru_cache
def letters() -> ImageFont.FreeTypeFont:
    """The font of the figures, which has Greek, Cyrillic and more; Pillow's own where matplotlib is not installed."""
    # The file is found without importing matplotlib, or the module of the figures' fonts: the samples would be taken
    # again when the look of a figure changes.
    found = find_spec("matplotlib")
    if found is not None and found.origin is not None:
        path = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if path.is_file():
            return ImageFont.truetype(path, LETTERS)
    return ImageFont.load_default(LETTERS)
