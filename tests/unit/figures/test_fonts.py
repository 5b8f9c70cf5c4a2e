"""Class names in figures: nothing is drawn as a box without a word."""

import logging

import matplotlib
import numpy as np
from fontTools.ttLib import TTFont
from matplotlib import font_manager

from evolution.figures.fonts import drawable_names, installed_fonts
from support.figures import without_other_fonts

DEJAVU = font_manager.findfont("DejaVu Sans")


def test_names_that_matplotlibs_font_can_draw_stay_as_they_are(caplog):
    names = ["été", "кошка", "Ελλάδα", "نص", "T-shirt/top", "a  b", "½ €"]
    # The truth is another library's reading of the font.
    letters = {chr(code) for code in TTFont(DEJAVU).getBestCmap()}
    assert set("".join(names)) <= letters
    assert drawable_names(np.array(names)) == (names, ["DejaVu Sans"])
    assert not caplog.records


def test_a_letter_that_no_font_has_becomes_the_classs_number_and_the_log_says_so(caplog, monkeypatch):
    without_other_fonts(monkeypatch)
    names = ["cat", "犬", "犬 dog", "犬犬, dog", "🎉"]
    with caplog.at_level(logging.WARNING, logger="evolution"):
        drawable, families = drawable_names(names)
    assert drawable == ["cat", "class 1", "class 2: dog", "class 3: dog", "class 4"]
    assert families == ["DejaVu Sans"]
    assert len(set(drawable)) == len(names)
    assert "No installed font has all letters of 4 class names" in caplog.text
    assert "'class 1' for '犬'" in caplog.text and "fonts-noto-cjk" in caplog.text


def test_another_font_is_used_only_for_letters_that_it_has():
    fonts = [("Base", frozenset("abc")), ("Useless", frozenset("xyz")), ("Some CJK", frozenset("犬猫"))]
    assert drawable_names(["a犬", "b猫", "c"], fonts=fonts) == (["a犬", "b猫", "c"], ["Base", "Some CJK"])
    assert drawable_names(["a犬", "鳥"], fonts=fonts) == (["a犬", "class 1"], ["Base", "Some CJK"])
    assert drawable_names(["a", "b"], fonts=fonts) == (["a", "b"], ["Base"])


def test_no_font_is_read_that_is_not_needed():
    def fonts():
        yield "Base", frozenset("abc")
        raise AssertionError("a second font is read")

    assert drawable_names(["cab"], fonts=fonts()) == (["cab"], ["Base"])


def test_naming_classes_leaves_matplotlibs_settings_alone():
    before = dict(matplotlib.rcParams)
    drawable_names(["a犬"], fonts=[("Base", frozenset("a")), ("Some CJK", frozenset("犬"))])
    assert dict(matplotlib.rcParams) == before


def test_no_font_is_used_that_has_boxes_or_formulas():
    (base, letters), *others = installed_fonts()
    assert base == "DejaVu Sans"
    assert letters == {chr(code) for code in TTFont(DEJAVU).getBestCmap()}
    assert not {name for name, _ in others if "Last Resort" in name or name.startswith(("cm", "STIX"))}
