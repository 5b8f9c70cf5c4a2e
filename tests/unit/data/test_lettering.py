"""The font of small drawings."""

from pathlib import Path

from matplotlib import font_manager

from evolution.data.lettering import LETTERS, letters


def test_it_is_the_font_of_the_figures_and_small():
    found = letters()
    assert Path(found.path) == Path(font_manager.findfont("DejaVu Sans")) and found.size == LETTERS
    assert letters() is found
