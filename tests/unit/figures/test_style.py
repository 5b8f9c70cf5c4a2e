"""Colours that can be told apart, and files that come out the same."""

from datetime import date
from itertools import combinations

import matplotlib
import numpy as np
import pytest
from colorspacious import cspace_convert
from matplotlib.colors import to_rgb
from PIL import Image

from evolution.errors import ConfigError
from evolution.figures.style import (
    FigureStyle,
    StyledFigure,
    accuracy_text,
    class_colors,
    headed_figure,
    layer_colors,
    per_cent,
    save_figure,
    score,
    shared_look,
    shorten,
    shorten_apart,
)

VISION = [None, "deuteranomaly", "protanomaly", "tritanomaly"]
# The least distance in CAM02-UCS that Petroff asks of ten colours, for each kind of vision at full severity (100, that
# is deuteranopia, protanopia and tritanopia): Accessible Color Sequences for Data Visualization, arXiv:2107.02270.
TEN_COLORS_APART = 16


def perceived(colors, vision=None):
    """Colours in CAM02-UCS (lightness first), as seen with a colour vision deficiency (Machado et al. 2009)."""
    rgb = np.array([to_rgb(color) for color in colors])
    if vision:
        rgb = cspace_convert(rgb, {"name": "sRGB1+CVD", "cvd_type": vision, "severity": 100}, "sRGB1")
    return cspace_convert(rgb, "sRGB1", "CAM02-UCS")


def least_distance(colors, vision=None):
    return min(np.linalg.norm(one - other) for one, other in combinations(perceived(colors, vision), 2))


@pytest.mark.parametrize("vision", VISION)
def test_default_palette_is_told_apart_by_colour_blind_readers(vision):
    assert least_distance(class_colors("petroff10", 10), vision) >= TEN_COLORS_APART


def test_tab10_is_not_which_shows_that_the_measure_bites():
    assert least_distance(class_colors("tab10", 10), "protanomaly") < TEN_COLORS_APART / 4


def test_palettes_are_matplotlibs():
    expected = [matplotlib.colors.to_hex(color) for color in matplotlib.colormaps["tab10"].colors]
    assert class_colors("tab10", 10) == expected
    assert class_colors("tab10", 3) == expected[:3]
    with matplotlib.style.context("petroff10"):
        assert class_colors("petroff10", 10) == matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]


@pytest.mark.parametrize("palette", ["petroff10", "tab20", "Dark2"])
def test_every_class_has_a_colour_of_its_own(palette):
    for count in range(1, 101):
        assert len(set(class_colors(palette, count))) == count


@pytest.mark.parametrize("count", [11, 20, 50, 100])
def test_many_classes_differ_more_than_a_rainbow_would_let_them(count):
    rainbow = matplotlib.colormaps["hsv"](np.linspace(0, 1, count, endpoint=False))
    assert least_distance(class_colors("petroff10", count)) > 1.3 * least_distance(rainbow)


@pytest.mark.parametrize("palette", ["viridis", "petroff", "", "default", None])
def test_unknown_palette_is_refused_by_name(palette):
    with pytest.raises(ConfigError, match=r"plots\.palette.*petroff10.*tab10"):
        class_colors(palette, 3)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("count", [2, 5, 20])
def test_deeper_layers_are_darker_for_all_eyes(count, vision):
    lightness = perceived(layer_colors(count), vision)[:, 0]
    assert (np.diff(lightness) < 0).all()
    # White is 100: the first layer's line must not be lost on it.
    assert lightness[0] < 80


def test_one_layer_has_one_colour():
    assert len(layer_colors(1)) == 1


def test_names_are_shortened_in_the_middle():
    assert shorten("conv1", 10) == "conv1"
    assert shorten("two\nlines\tof  it", 40) == "two lines of it"
    assert shorten("features.block1.conv2", 11) == "featu…conv2"
    assert len(shorten("features.block1.conv2", 10)) == 10


def test_wide_letters_count_twice():
    assert shorten("犬" * 12, 24) == "犬" * 12
    assert shorten("犬" * 13, 24) == "犬" * 6 + "…" + "犬" * 5
    assert shorten("a" * 24, 24) == "a" * 24


def test_scores_as_text():
    assert [score(0.3849), score(-0.0001), score(float("nan")), score(0.12345, 3)] == ["0.38", "0.00", "–", "0.123"]  # noqa: RUF001
    assert [score(value) for value in (1, 1 - 1e-9, 1 + 1e-9, 0.9999, 0.996, 0.994, 0.004, -1)] == [
        "1.00", "1.00", "1.00", ">0.99", ">0.99", "0.99", "0.00", "-1.00",
    ]  # fmt: skip
    assert [score(0.9996, 3), score(0.9994, 3)] == [">0.999", "0.999"]
    assert [accuracy_text(value) for value in (0, 0.004, 0.006, 0.996, 1, float("nan"))] == [
        "0.00", "<0.01", "0.01", ">0.99", "1.00", "–",  # noqa: RUF001
    ]  # fmt: skip
    assert [per_cent(share) for share in (0, 0.014, 0.5, 0.994, 0.996, 1)] == ["0", "1", "50", "99", ">99", "100"]


def test_style_holds_inside_and_leaves_no_trace():
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"axes.facecolor": "red", "font.family": ["serif"]}):
        outside = dict(matplotlib.rcParams)
        with shared_look():
            assert matplotlib.rcParams["axes.facecolor"] == matplotlib.rcParamsDefault["axes.facecolor"]
            assert matplotlib.rcParams["font.family"] == ["DejaVu Sans"]
        assert dict(matplotlib.rcParams) == outside
    assert dict(matplotlib.rcParams) == before


def test_png_says_nothing_about_who_drew_it(tmp_path):
    paths = [tmp_path / name for name in ("one.png", "other.png")]
    for path in paths:
        with shared_look():
            figure = StyledFigure((1, 1), dpi=50)
            figure.text(0.5, 0.5, "$1 & $2")
        save_figure(figure, path)
    with Image.open(paths[0]) as image:
        assert image.size == (50, 50)
        assert set(image.info) <= {"dpi"}
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("ending", ["pdf", "svg"])
def test_vector_files_are_the_same_each_time_and_keep_text_as_text(ending, tmp_path):
    paths = [tmp_path / f"{name}.{ending}" for name in ("one", "other")]
    for path in paths:
        with shared_look():
            figure = StyledFigure((2, 2))
            axes = figure.subplots()
            axes.plot([0, 1], [0, 1], clip_on=True)
            axes.set_title("Findable")
        save_figure(figure, [path])
    content = paths[0].read_bytes()
    assert content == paths[1].read_bytes()
    assert content.startswith(b"%PDF" if ending == "pdf" else b"<?xml")
    if ending == "svg":
        assert b"Findable" in content
    assert str(date.today().year).encode() not in content and b"Date" not in content


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_a_figure_keeps_its_look_whatever_holds_when_it_is_saved(ending, tmp_path):
    with shared_look(["DejaVu Sans", "DejaVu Serif"]):
        figures = [StyledFigure((2, 2), dpi=50) for _ in range(2)]
        for figure in figures:
            figure.subplots().set_title("title")
        save_figure(figures[0], tmp_path / f"within.{ending}")
    other = {"font.family": ["DejaVu Sans Mono"], "xtick.color": "red", "pdf.fonttype": 3, "svg.fonttype": "path"}
    with matplotlib.rc_context(other | {"svg.hashsalt": None, "savefig.dpi": 30, "savefig.transparent": True}):
        save_figure(figures[1], tmp_path / f"without.{ending}")
    assert (tmp_path / f"within.{ending}").read_bytes() == (tmp_path / f"without.{ending}").read_bytes()


def test_a_width_is_for_paper_and_leaves_the_heading_out():
    screen, paper = FigureStyle(dpi=50), FigureStyle(dpi=50, width=3.4)
    assert (screen.printed, paper.printed) == (False, True)
    with shared_look():
        shown, printed = (
            headed_figure(title="What", note="how", width=3.4, height=2, style=style) for style in (screen, paper)
        )
    assert [text.get_text() for text in shown.texts] == ["What", "how"]
    assert shown.get_figheight() > 2
    assert not printed.texts and tuple(printed.get_size_inches()) == (3.4, 2)


@pytest.mark.parametrize(
    "names",
    [
        [f"species number {number} ddddd" for number in range(100)],
        [f"ward_{number:03d}_of_the_hospital_in_the_south" for number in range(30)],
        [f"a{number}" + "x" * 30 for number in range(10)],
        ["x" * 30 + str(number) for number in range(10)],
    ],
)
@pytest.mark.parametrize("length", [8, 12, 16])
def test_different_names_stay_different(names, length):
    short = shorten_apart(names, length)
    assert len(set(short)) == len(names) and max(map(len, short)) <= length


def test_names_that_differ_are_shortened_as_one_alone_is():
    names = ["a bird with a long name", "a cat", "a bird with a long tail"]
    assert shorten_apart(names, 12) == [shorten(name, 12) for name in names]
    wide = shorten_apart(["犬" * 20 + "猫鳥"[number] + "犬abc" for number in range(2)], 12)
    assert len(set(wide)) == 2 and all(len(name) <= 8 for name in wide)
    assert shorten_apart(["a cat", "a dog"], 12) == ["a cat", "a dog"]
    assert shorten_apart([], 12) == [] and shorten_apart(["same" * 9, "same" * 9], 12) == ["samesa…esame"] * 2
