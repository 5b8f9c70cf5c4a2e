"""Writing films; tests of plot_animation look at what a film shows."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from evolution.errors import UserError
from evolution.figures.film import Film, FilmSettings, ease, film_palette, frames_in, paletted, write_film, write_gif
from evolution.figures.style import FigureStyle, class_colors
from support.figures import gif_frames


def test_easing_starts_and_ends_slowly():
    assert (ease(0), ease(0.5), ease(1)) == (0, 0.5, 1)
    assert ease(0.01) < 0.001 and ease(0.99) > 0.999


@pytest.mark.parametrize("count", [2, 10, 200])
def test_the_palette_has_each_colour_exactly(count):
    colors = class_colors("petroff10", count)
    rgb = np.rint(255 * np.array([to_rgb(color) for color in colors])).astype(np.uint8)
    pixels = np.concatenate([rgb, np.full((count, 1), 255, np.uint8)], axis=1)[None]
    shown = np.asarray(paletted(pixels, film_palette(colors)).convert("RGB"))[0]
    np.testing.assert_array_equal(shown, rgb)


def test_a_gif_that_would_be_too_large_shows_fewer_frames_between_snapshots(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (13, 40, 40), np.uint8)
    pictures = [Image.fromarray(frame) for frame in noise]
    write_gif(tmp_path / "film.gif", pictures, 30, 6, np.inf)
    size = (tmp_path / "film.gif").stat().st_size
    # Noise does not compress: a frame is a thirteenth, but for the file's and each frame's head.
    for most, count in ((1, 13), (0.7, 7), (0.5, 5), (0.3, 3), (0.01, 3)):
        write_gif(tmp_path / "film.gif", pictures, 30, 6, most * size)
        shown, durations = gif_frames(tmp_path / "film.gif")
        assert len(shown) == count, most
        # GIF's palette may move a grey by little; another frame would differ by 85 on average.
        np.testing.assert_allclose(shown[1, ..., 0], noise[12 // (count - 1)], atol=3)
        assert durations[0] == 10 * round(100 / (30 * (count - 1) / 12))


def test_a_film_is_drawn_once_for_both_files(tmp_path):
    asked = []

    def frames():
        for level in (0, 100, 200):
            asked.append(level)
            yield np.full((21, 31, 4), level, np.uint8)

    settings = FilmSettings(FigureStyle(dpi=50), fps=5, tween=1, gif_megabytes=1)
    film = Film(frames(), (21, 31), ["#ff0000"])
    write_film(film, settings, gif=tmp_path / "f.gif", mp4=tmp_path / "f.mp4")
    assert asked == [0, 100, 200]
    pictures, durations = gif_frames(tmp_path / "f.gif")
    assert durations == [200, 200, 2000]
    np.testing.assert_allclose(pictures[:, 5, 5], [[0] * 3, [100] * 3, [200] * 3], atol=4)
    # Three frames, and the last one for two seconds more.
    assert frames_in(tmp_path / "f.mp4") == 3 + 10


def test_a_film_that_ffmpeg_could_not_finish_is_not_there(tmp_path, monkeypatch):
    """As on a full disk, which ffmpeg finds out at the end."""
    monkeypatch.setattr("imageio_ffmpeg.count_frames_and_secs", lambda path: (12, 2.4))
    frames = (np.full((20, 30, 4), level, np.uint8) for level in (0, 100, 200))
    settings = FilmSettings(FigureStyle(dpi=50), fps=5, tween=1, gif_megabytes=1)
    with pytest.raises(UserError, match=r"f\.mp4 cannot be written \(.*ffmpeg could not finish it"):
        write_film(Film(frames, (20, 30), ["#ff0000"]), settings, gif=tmp_path / "f.gif", mp4=tmp_path / "f.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_film_that_is_cut_off_has_no_frames(tmp_path):
    frames = (np.full((20, 30, 4), level, np.uint8) for level in (0, 100, 200))
    settings = FilmSettings(FigureStyle(dpi=50), fps=5, tween=1, gif_megabytes=1)
    path = tmp_path / "f.mp4"
    write_film(Film(frames, (20, 30), ["#ff0000"]), settings, gif=tmp_path / "f.gif", mp4=path)
    path.write_bytes(b"\0" * 40 + path.read_bytes()[40:200])
    assert frames_in(path) == 0
