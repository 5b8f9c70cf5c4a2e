"""The font that the user chose is the one that figures are written in, or it is refused."""

import matplotlib
import pytest
from fontTools.ttLib import TTFont
from matplotlib.text import Text

from evolution.errors import ConfigError
from evolution.figures.fonts import drawable_names
from evolution.figures.style import FigureStyle, headed_figure, save_figure, shared_look
from evolution.figures.typefaces import BASE_FONT, font_file


@pytest.mark.parametrize("family", [BASE_FONT, "DejaVu Serif", "dejavu sans mono"])
def test_a_fonts_file_is_its_own(family):
    assert TTFont(font_file(family))["name"].getDebugName(1).lower() == family.lower()
    assert TTFont(font_file(family))["OS/2"].usWeightClass == 400


def test_a_font_that_is_not_installed_is_refused_with_those_like_it():
    with pytest.raises(ConfigError, match=r"plots\.font.*'DejaVu Serifs' is not installed.*like it: DejaVu Serif"):
        font_file("DejaVu Serifs")
    with pytest.raises(
        ConfigError, match=r"'Qqqq' is not installed on this machine; there are \d+, such as DejaVu Sans"
    ):
        font_file("Qqqq")
    # A job on another machine says so too, in place of drawing with another font.
    with pytest.raises(ConfigError, match="'Qqqq' is not installed"), shared_look(["Qqqq"]):
        pass


def test_figures_are_written_in_it_and_what_it_lacks_in_another(tmp_path):
    style = FigureStyle(dpi=50, font="STIXGeneral")
    names, families = drawable_names(["cat", "犬"], style.font, fonts=[("STIXGeneral", frozenset("cat"))])
    assert families == ["STIXGeneral"] and names[0] == "cat"
    with shared_look(style.fonts):
        assert matplotlib.rcParams["font.family"] == ["STIXGeneral", BASE_FONT]
        figure = headed_figure(title="Title", note="Note.", width=4, height=2, style=style)
    assert {text.get_fontfamily()[0] for text in figure.findobj(Text)} == {"STIXGeneral"}
    save_figure(figure, tmp_path / "a.svg")
    assert "STIXGeneral" in (tmp_path / "a.svg").read_text(encoding="utf-8")
    save_figure(figure, tmp_path / "a.pdf")
    assert b"STIXGeneral" in (tmp_path / "a.pdf").read_bytes()


def test_the_letters_of_names_are_looked_for_in_it_first():
    """STIXGeneral has no Arabic letters, and DejaVu Sans has."""
    assert drawable_names(["cat"], "STIXGeneral") == (["cat"], ["STIXGeneral"])
    assert drawable_names(["نص"], "STIXGeneral") == (["نص"], ["STIXGeneral", BASE_FONT])
