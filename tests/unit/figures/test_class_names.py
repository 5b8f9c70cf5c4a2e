"""Class names in figures: nothing is drawn as a box without a word."""

import logging

import matplotlib
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib import font_manager

import plot_confusion
import plot_grid
import plot_samples
import plot_training_curves
from evolution.figures import fonts
from evolution.figures.fonts import shown_names
from evolution.figures.style import figure_style, shorten
from evolution.io.arrays import save_npz
from evolution.io.tables import save_table
from support.figures import assert_readable, write_cells, write_dataset, write_history, write_long

DEJAVU = font_manager.findfont("DejaVu Sans")
ODD = ["犬", "犬 dog", "$\\alpha_1$", "a_b_c", "кошка", "نص", "été", "<script>alert(1)</script>", "ab" * 40, "T & <b>"]


@pytest.fixture(autouse=True)
def no_other_fonts(monkeypatch):
    """What is installed differs from machine to machine."""
    monkeypatch.setattr(fonts, "_other_fonts", lambda: [])


def in_figures(names):
    with figure_style():
        return shown_names(names), matplotlib.rcParams["font.family"]


def test_what_matplotlibs_font_has_stays_as_it_is(caplog):
    names = ["été", "кошка", "Ελλάδα", "نص", "T-shirt/top", "a  b", "½ €"]
    # The truth is another library's reading of the font.
    letters = {chr(code) for code in TTFont(DEJAVU).getBestCmap()}
    assert set("".join(names)) <= letters
    assert in_figures(np.array(names)) == (names, ["DejaVu Sans"])
    assert not caplog.records


def test_what_no_font_has_becomes_the_classs_number_and_the_log_says_so(caplog):
    names = ["cat", "犬", "犬 dog", "犬犬 dog", "🎉"]
    with caplog.at_level(logging.WARNING, logger="evolution"):
        shown, _ = in_figures(names)
    assert shown == ["cat", "class 1", "class 2: dog", "class 3: dog", "class 4"]
    assert len(set(shown)) == len(names)
    assert "No installed font has all letters of 4 class names" in caplog.text
    assert "'class 1' for '犬'" in caplog.text and "fonts-noto-cjk" in caplog.text


def test_an_installed_font_is_used_for_what_it_has(monkeypatch):
    """The font's letters are made up here; that only those fonts are added which have something is the point."""
    letters = {DEJAVU: frozenset("abc"), "useless.ttf": frozenset("xyz"), "cjk.ttf": frozenset("犬猫")}
    monkeypatch.setattr(fonts, "_letters", letters.__getitem__)
    monkeypatch.setattr(fonts, "_other_fonts", lambda: [("Useless", "useless.ttf"), ("Some CJK", "cjk.ttf")])
    assert in_figures(["a犬", "b猫", "c"]) == (["a犬", "b猫", "c"], ["DejaVu Sans", "Some CJK"])
    assert in_figures(["a犬", "鳥"]) == (["a犬", "class 1"], ["DejaVu Sans", "Some CJK"])
    assert matplotlib.rcParams["font.family"] != ["DejaVu Sans", "Some CJK"]


def test_no_font_is_used_that_has_boxes_or_formulas(monkeypatch):
    monkeypatch.undo()
    names = {name for name, _ in fonts._other_fonts()}
    assert not {name for name in names if "Last Resort" in name or name.startswith(("cm", "STIX"))}


def test_wide_letters_count_twice():
    assert shorten("犬" * 12, 24) == "犬" * 12
    assert shorten("犬" * 13, 24) == "犬" * 6 + "…" + "犬" * 5
    assert shorten("a" * 24, 24) == "a" * 24


@pytest.fixture
def drawn(monkeypatch):
    figures = []
    for module in (plot_grid, plot_training_curves, plot_confusion, plot_samples):
        monkeypatch.setattr(module, "save_figure", lambda figure, path: figures.append(figure))
    return figures


@pytest.mark.filterwarnings("error:Glyph")
@pytest.mark.parametrize("names", [ODD, ["no", "yes"], [f"{name} {n}" for n in range(3) for name in ODD]])
def test_odd_names_in_every_kind_of_figure(drawn, tmp_path, names):
    """Also two classes and thirty; a missing letter would be a warning of matplotlib's, and fail."""
    labels = np.arange(60) % len(names)
    dataset = write_dataset(tmp_path / "d.npz", labels, names)
    cells = write_cells(tmp_path, [0, 2], ["fc1"], 60)
    metrics = {("fc1", epoch, "adjusted_rand_index"): 0.5 for epoch in (0, 2)}
    plot_grid.plot_grid(
        dataset, cells, write_long(tmp_path / "m.parquet", metrics), [0, 2], ["fc1"], "unused", "petroff10", 80
    )
    plot_training_curves.plot_training_curves(
        write_history(tmp_path / "h.parquet", [0, 1], names), "unused", 80, "petroff10"
    )
    with np.load(dataset) as data:
        save_npz(dataset, eval_images=np.zeros((60, 1, 8, 8), np.uint8), **data)
    wrong = (labels + 1) % len(names)
    columns = {"epoch": [0] * 60 + [2] * 60, "sample": [*range(60)] * 2, "confidence": [0.5] * 120}
    save_table(tmp_path / "p.parquet", columns | {"predicted": [*wrong, *np.where(labels % 2, labels, wrong)]})
    predictions = [str(tmp_path / "p.parquet")]
    plot_confusion.plot_confusion(dataset, predictions, [0, 2], "unused", 80)
    plot_samples.plot_samples(dataset, predictions, cells, [0, 2], "fc1", "unused", 80)
    for figure in drawn:
        assert_readable(figure)
    assert len(drawn) == 4
