"""The film, read back frame by frame."""

import imageio_ffmpeg
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from evolution.errors import UserError
from evolution.figures.film import FilmSettings, write_film
from evolution.figures.style import FigureStyle, class_colors
from plot_animation import pace_note, plot_animation
from support.figures import (
    METRICS,
    gif_frames,
    long_values,
    random_layouts,
    write_cells,
    write_dataset,
    write_history,
    write_long,
)
from support.target_runs import TIMES, TargetRun


def film_settings(fps=5, tween=1, gif_megabytes=9, dpi=60):
    return FilmSettings(FigureStyle(dpi=dpi, palette="petroff10"), fps, tween, gif_megabytes)


def write_run(folder, labels, names, times, layers, layouts=None, changes=None):
    """Arguments of plot_animation."""
    return {
        "dataset": write_dataset(folder / "d.npz", labels, names),
        "embeddings": write_cells(folder, layouts or random_layouts(layers, times, len(labels)), times),
        "metrics_table": write_long(folder / "m.parquet", long_values(layers, times, METRICS) | (changes or {})),
        "history_table": write_history(folder / "h.parquet", times, names),
        "clusters": write_cells(folder / "clusters", {layers[-1]: np.zeros((1, len(labels)), np.int16)}, times[-1:]),
        "times": times,
        "layers": ["raw_inputs", *layers],
    }


def draw(files, settings, folder):
    """The GIF's path; the MP4 lies next to it."""
    film = plot_animation(**files, settings=settings)
    write_film(film, settings, gif=folder / "film.gif", mp4=folder / "film.mp4")
    return folder / "film.gif"


def mp4_frames(path):
    """The pictures of an MP4, uint8 (frames, height, width, 3), and its frames a second."""
    reader = imageio_ffmpeg.read_frames(str(path))
    about = next(reader)
    width, height = about["size"]
    return np.stack([np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader]), about["fps"]


def where(picture, color):
    """Centre (x right, y down) and number of the pixels that have exactly that colour, below the legend."""
    found = np.argwhere((picture == np.rint(255 * np.array(to_rgb(color)))).all(axis=-1))
    found = found[found[:, 0] > found[:, 0].min() + 20]
    return found.mean(axis=0)[::-1], len(found)


@pytest.mark.parametrize(("fps", "duration"), [(5, 200), (50, 20), (3, 330), (0.001, 655_350)])
def test_a_frame_an_epoch_and_the_last_one_stays(fps, duration, tmp_path):
    files = write_run(tmp_path, [0, 1, 0], ["a", "b"], [0, 2, 5, 9], ["fc"])
    _, durations = gif_frames(draw(files, film_settings(fps=fps), tmp_path))
    assert durations == [duration] * 3 + [2000]


def test_one_snapshot_is_one_frame(tmp_path):
    changes = {("fc", 0, METRICS[1]): np.nan}
    files = write_run(tmp_path, [0, 1, 0], ["a", "b"], [0], ["fc"], changes=changes)
    pictures, _ = gif_frames(draw(files, film_settings(), tmp_path))
    assert len(pictures) == 1


def test_dots_move_as_the_layout_says_on_axes_that_stay(tmp_path):
    # A square of one class sets the limits, and within it a dot of another class goes right, then up.
    corners = [[0, 0], [0, 10], [10, 0], [10, 10]]
    path = [[2, 2], [8, 2], [8, 8]]
    layouts = {"fc": np.array([[*corners, dot] for dot in path], np.float32)}
    files = write_run(tmp_path, [0, 0, 0, 0, 1], ["a", "b"], [0, 1, 2], ["fc"], layouts)
    pictures, _ = gif_frames(draw(files, film_settings(dpi=80), tmp_path))
    held, moving = class_colors("petroff10", 2)
    centres = np.array([where(picture, moving)[0] for picture in pictures])
    # 10 units are the cell's side less the margin of 5 %.
    unit = 2.7 * 80 / 10.5
    np.testing.assert_allclose(np.diff(centres, axis=0), [[6 * unit, 0], [0, -6 * unit]], atol=1)
    stays = np.array([where(picture, held)[0] for picture in pictures])
    np.testing.assert_allclose(stays, stays[[0]] * np.ones((3, 1)), atol=0.01)


def test_a_class_has_its_palette_colour_in_every_frame(tmp_path):
    labels, names = np.arange(200) % 10, [str(digit) for digit in range(10)]
    files = write_run(tmp_path, labels, names, [0, 1, 2, 3], ["conv", "fc"])
    pictures, _ = gif_frames(draw(files, film_settings(dpi=80), tmp_path))
    for color in class_colors("petroff10", 10):
        counts = [where(picture, color)[1] for picture in pictures]
        assert min(counts) > 100, color
        assert max(counts) < 1.5 * min(counts), color


def test_only_dots_and_numbers_change(tmp_path):
    files = write_run(tmp_path, np.arange(40) % 2, ["a", "b"], [0, 1, 2], ["conv", "fc"])
    pictures, _ = gif_frames(draw(files, film_settings(dpi=80), tmp_path))
    still = (pictures == pictures[0]).all(axis=(0, 3))
    height, width = still.shape
    left_of_heading, legend_and_note = still[: int(0.3 * 80), : width // 2], still[int(0.5 * 80) : int(0.9 * 80)]
    assert left_of_heading.all() and legend_and_note.all()
    assert not still[: int(0.4 * 80), width // 2 :].all(), "the time does not change"
    assert not still[height // 2 :].all(), "the dots do not move"


@pytest.mark.parametrize(("classes", "layers"), [(2, 1), (10, 5), (100, 20)])
def test_sizes_from_small_to_large(classes, layers, tmp_path):
    names = [f"layer{number}" for number in range(layers)]
    labels = np.arange(100) % classes
    files = write_run(tmp_path, labels, [f"class {label}" for label in range(classes)], [0, 1], names)
    pictures, _ = gif_frames(draw(files, film_settings(), tmp_path))
    assert len(pictures) == 2
    assert len(np.unique(pictures[1].reshape(-1, 3), axis=0)) > classes


def test_between_snapshots_dots_are_on_their_way_slowly_at_first(tmp_path):
    corners = [[0, 0], [0, 10], [10, 0], [10, 10]]
    layouts = {"fc": np.array([[*corners, dot] for dot in ([1, 1], [9, 1], [9, 9])], np.float32)}
    files = write_run(tmp_path, [0, 0, 0, 0, 1], ["a", "b"], [0, 1, 2], ["fc"], layouts)
    pictures, durations = gif_frames(draw(files, film_settings(dpi=80, tween=4, fps=2.5), tmp_path))
    assert durations == [100] * 8 + [2000]
    centres = np.array([where(picture, class_colors("petroff10", 2)[1])[0] for picture in pictures])
    # 3 s^2 - 2 s^3 at quarters, by hand.
    shares = np.array([0, 0.15625, 0.5, 0.84375, 1])
    moved = 8 * 2.7 * 80 / 10.5 * shares
    np.testing.assert_allclose(centres[:5, 0] - centres[0, 0], moved, atol=1)
    np.testing.assert_allclose(centres[4:, 1] - centres[4, 1], -moved, atol=1)
    np.testing.assert_allclose(centres[:5, 1], centres[0, 1], atol=0.5)


def test_the_bar_fills_with_the_times(tmp_path):
    """Epochs, not snapshots: from 0 to 2 is a fifth of the way to 10."""
    files = write_run(tmp_path, [0, 1, 0], ["a", "b"], [0, 2, 10], ["fc"])
    pictures, _ = gif_frames(draw(files, film_settings(tween=2), tmp_path))
    filled = (pictures[:, -2] < 100).all(axis=-1).mean(axis=1)
    np.testing.assert_allclose(filled, [0, 0.1, 0.2, 0.6, 1], atol=0.01)


def test_the_mp4_shows_what_the_gif_shows(tmp_path):
    labels = np.arange(60) % 3
    files = write_run(tmp_path, labels, ["a", "b", "c"], [0, 1, 2], ["conv", "fc"])
    path = draw(files, film_settings(tween=3), tmp_path)
    pictures, rate = mp4_frames(path.with_suffix(".mp4"))
    shown, _ = gif_frames(path)
    assert rate == 15
    # The last one stays for two seconds.
    assert len(pictures) == len(shown) + 30 == 7 + 30
    height, width = shown.shape[1:3]
    # Colours come back through another colour space; a wrong frame would differ by far more.
    for picture, same in zip(pictures, shown):
        assert np.abs(picture[:height, :width].astype(int) - same).mean() < 4
    assert np.abs(pictures[0].astype(int) - pictures[6]).max() > 100


def test_faster_than_viewers_play_is_thinned_out(tmp_path):
    files = write_run(tmp_path, [0, 1, 0], ["a", "b"], [0, 1, 2], ["fc"])
    shown, durations = gif_frames(draw(files, film_settings(fps=20, tween=6), tmp_path))
    # 120 a second are too many, 60 too; 40, in whole hundredths of a second, are 2.
    assert (len(shown), durations[0]) == (5, 20)


def test_an_epoch_without_accuracy_is_named(tmp_path):
    files = write_run(tmp_path, [0, 1], ["a", "b"], [0, 1], ["fc"])
    write_history(tmp_path / "h.parquet", [0], ["a", "b"])
    with pytest.raises(UserError, match=r"h\.parquet is damaged.*no eval_accuracy of epoch 1"):
        plot_animation(**files, settings=film_settings())


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    files = write_run(tmp_path, np.arange(30) % 3, ["a", "b", "c"], [0, 1], ["x"])
    written = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        gif = draw(files, film_settings(), tmp_path / name)
        written.append((gif.read_bytes(), gif.with_suffix(".mp4").read_bytes()))
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("times", "said"),
    [([0], ""), ([0, 2, 4, 5, 6], ""), ([0, 1, 2, 4, 8, 512], "however many steps lie before the next")],
)
def test_a_pace_that_is_not_the_trainings_is_said(times, said):
    assert said in pace_note(times, "step") and bool(said) == bool(pace_note(times, "step"))


@pytest.mark.parametrize(
    ("kind", "target"), [("tokens", "none"), ("table", "number"), ("signals", "labels"), ("images", "classes")]
)
def test_a_film_of_any_target(kind, target, tmp_path):
    run = TargetRun(tmp_path, kind, target, count=40)
    settings = film_settings(fps=2, tween=2, dpi=50)
    film = plot_animation(**run.maps(), history_table=run.history(), settings=settings)
    frames = [frame.copy() for frame in film.frames]
    assert len(frames) == 2 * (len(TIMES) - 1) + 1
    assert all(frame.shape == (*film.shape, 4) for frame in frames)
    assert (frames[0] != frames[-1]).any()
    assert len(film.colors) <= 32
