"""The film, read back frame by frame."""

import imageio_ffmpeg
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image, ImageSequence

import plot_animation
from evolution.errors import UserError
from evolution.figures.film import ease, write_gif
from evolution.figures.style import class_colors
from evolution.io.arrays import save_npy
from support.figures import METRICS, long_values, write_cells, write_dataset, write_history, write_long


def draw(
    folder, labels, names, epochs, layers, cells=None, output="film.gif", fps=5, dpi=60, changes=None, tween=1, most=9
):
    cells = cells or write_cells(folder, epochs, layers, len(labels))
    values = long_values(layers, epochs, METRICS) | (changes or {})
    dataset, metrics = write_dataset(folder / "d.npz", labels, names), write_long(folder / "m.parquet", values)
    history = write_history(folder / "h.parquet", epochs, names)
    gif, mp4 = folder / output, (folder / output).with_suffix(".mp4")
    plot_animation.plot_animation(
        dataset, cells, metrics, history, epochs, ["pixels", *layers], gif, mp4, "petroff10", fps, tween, most, dpi
    )
    return gif


def frames(path):
    """The film's pictures, uint8 (frames, height, width, 3), and how long each stays, in ms."""
    with Image.open(path) as film:
        shown = [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(film)]
    return np.stack([picture for picture, _ in shown]), [duration for _, duration in shown]


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
    _, durations = frames(draw(tmp_path, [0, 1, 0], ["a", "b"], [0, 2, 5, 9], ["fc"], fps=fps))
    assert durations == [duration] * 3 + [2000]


def test_one_snapshot_is_one_frame(tmp_path):
    pictures, _ = frames(draw(tmp_path, [0, 1, 0], ["a", "b"], [0], ["fc"], changes={("fc", 0, METRICS[1]): np.nan}))
    assert len(pictures) == 1


def test_dots_move_as_the_layout_says_on_axes_that_stay(tmp_path):
    # A square of one class that holds the limits, and in it a dot of another that goes right, then up.
    corners = [[0, 0], [0, 10], [10, 0], [10, 10]]
    path = [[2, 2], [8, 2], [8, 8]]
    layouts = np.array([[*corners, dot] for dot in path], np.float32)
    save_npy(tmp_path / "fc.npy", layouts)
    cells = {(epoch, "fc"): (str(tmp_path / "fc.npy"), place) for place, epoch in enumerate([0, 1, 2])}
    film = draw(tmp_path, [0, 0, 0, 0, 1], ["a", "b"], [0, 1, 2], ["fc"], cells, dpi=80)
    pictures, _ = frames(film)
    held, moving = class_colors("petroff10", 2)
    centres = np.array([where(picture, moving)[0] for picture in pictures])
    # 10 units are the cell's side less the 5 % of air.
    unit = 2.7 * 80 / 10.5
    np.testing.assert_allclose(np.diff(centres, axis=0), [[6 * unit, 0], [0, -6 * unit]], atol=1)
    stays = np.array([where(picture, held)[0] for picture in pictures])
    np.testing.assert_allclose(stays, stays[[0]] * np.ones((3, 1)), atol=0.01)


def test_a_class_has_its_palette_colour_in_every_frame(tmp_path):
    labels, names = np.arange(200) % 10, [str(digit) for digit in range(10)]
    pictures, _ = frames(draw(tmp_path, labels, names, [0, 1, 2, 3], ["conv", "fc"], dpi=80))
    for color in class_colors("petroff10", 10):
        counts = [where(picture, color)[1] for picture in pictures]
        assert min(counts) > 100, color
        assert max(counts) < 1.5 * min(counts), color


def test_what_changes_is_the_dots_and_the_numbers(tmp_path):
    pictures, _ = frames(draw(tmp_path, np.arange(40) % 2, ["a", "b"], [0, 1, 2], ["conv", "fc"], dpi=80))
    still = (pictures == pictures[0]).all(axis=(0, 3))
    height, width = still.shape
    left_of_heading, legend_and_note = still[: int(0.3 * 80), : width // 2], still[int(0.5 * 80) : int(0.9 * 80)]
    assert left_of_heading.all() and legend_and_note.all()
    assert not still[: int(0.4 * 80), width // 2 :].all(), "the epoch does not change"
    assert not still[height // 2 :].all(), "the dots do not move"


@pytest.mark.parametrize(("classes", "layers"), [(2, 1), (10, 5), (100, 20)])
def test_sizes_from_small_to_large(classes, layers, tmp_path):
    names = [f"layer{number}" for number in range(layers)]
    labels = np.arange(100) % classes
    pictures, _ = frames(draw(tmp_path, labels, [f"class {place}" for place in range(classes)], [0, 1], names))
    assert len(pictures) == 2
    assert len(np.unique(pictures[1].reshape(-1, 3), axis=0)) > classes


def test_between_snapshots_dots_are_on_their_way_slowly_at_first(tmp_path):
    corners = [[0, 0], [0, 10], [10, 0], [10, 10]]
    layouts = np.array([[*corners, dot] for dot in ([1, 1], [9, 1], [9, 9])], np.float32)
    save_npy(tmp_path / "fc.npy", layouts)
    cells = {(epoch, "fc"): (str(tmp_path / "fc.npy"), place) for place, epoch in enumerate([0, 1, 2])}
    pictures, durations = frames(
        draw(tmp_path, [0, 0, 0, 0, 1], ["a", "b"], [0, 1, 2], ["fc"], cells, dpi=80, tween=4, fps=2.5)
    )
    assert durations == [100] * 8 + [2000]
    centres = np.array([where(picture, class_colors("petroff10", 2)[1])[0] for picture in pictures])
    # 3 s^2 - 2 s^3 at quarters, by hand.
    shares = np.array([0, 0.15625, 0.5, 0.84375, 1])
    moved = 8 * 2.7 * 80 / 10.5 * shares
    np.testing.assert_allclose(centres[:5, 0] - centres[0, 0], moved, atol=1)
    np.testing.assert_allclose(centres[4:, 1] - centres[4, 1], -moved, atol=1)
    np.testing.assert_allclose(centres[:5, 1], centres[0, 1], atol=0.5)


def test_the_bar_fills_with_the_epochs(tmp_path):
    """Epochs, not snapshots: from 0 to 2 is a fifth of the way to 10."""
    pictures, _ = frames(draw(tmp_path, [0, 1, 0], ["a", "b"], [0, 2, 10], ["fc"], tween=2))
    filled = (pictures[:, -2] < 100).all(axis=-1).mean(axis=1)
    np.testing.assert_allclose(filled, [0, 0.1, 0.2, 0.6, 1], atol=0.01)


def test_the_mp4_shows_what_the_gif_shows(tmp_path):
    labels = np.arange(60) % 3
    path = draw(tmp_path, labels, ["a", "b", "c"], [0, 1, 2], ["conv", "fc"], tween=3, fps=5)
    pictures, rate = mp4_frames(path.with_suffix(".mp4"))
    shown, _ = frames(path)
    assert rate == 15
    # The last one stays for two seconds.
    assert len(pictures) == len(shown) + 30 == 7 + 30
    height, width = shown.shape[1:3]
    # Colours come back through another colour space; another frame would differ by far more.
    for picture, same in zip(pictures, shown):
        assert np.abs(picture[:height, :width].astype(int) - same).mean() < 4
    assert np.abs(pictures[0].astype(int) - pictures[6]).max() > 100


def test_a_gif_that_would_be_too_large_shows_fewer_frames_between_snapshots(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (13, 40, 40), np.uint8)
    pictures = [Image.fromarray(frame) for frame in noise]
    write_gif(tmp_path / "film.gif", pictures, 30, 6, np.inf)
    size = (tmp_path / "film.gif").stat().st_size
    # Noise does not compress: a frame is a thirteenth, but for the file's and each frame's head.
    for most, count in ((1, 13), (0.7, 7), (0.5, 5), (0.3, 3), (0.01, 3)):
        write_gif(tmp_path / "film.gif", pictures, 30, 6, most * size)
        shown, durations = frames(tmp_path / "film.gif")
        assert len(shown) == count, most
        # GIF's palette may move a grey by little; another frame would differ by 85 on average.
        np.testing.assert_allclose(shown[1, ..., 0], noise[12 // (count - 1)], atol=3)
        assert durations[0] == 10 * round(100 / (30 * (count - 1) / 12))


def test_faster_than_viewers_play_is_thinned_out(tmp_path):
    shown, durations = frames(draw(tmp_path, [0, 1, 0], ["a", "b"], [0, 1, 2], ["fc"], fps=20, tween=6))
    # 120 a second are too many, 60 too; 40, in whole hundredths of a second, are 2.
    assert (len(shown), durations[0]) == (5, 20)


def test_easing_starts_and_ends_slowly():
    assert (ease(0), ease(0.5), ease(1)) == (0, 0.5, 1)
    assert ease(0.01) < 0.001 and ease(0.99) > 0.999


def test_an_epoch_without_accuracy_is_named(tmp_path):
    folder = tmp_path
    cells = write_cells(folder, [0, 1], ["fc"], 2)
    metrics = write_long(folder / "m.parquet", long_values(["fc"], [0, 1], METRICS))
    with pytest.raises(UserError, match=r"h\.parquet is damaged.*no eval_accuracy of epoch 1"):
        plot_animation.plot_animation(
            write_dataset(folder / "d.npz", [0, 1], ["a", "b"]),
            cells,
            metrics,
            write_history(folder / "h.parquet", [0], ["a", "b"]),
            [0, 1],
            ["fc"],
            folder / "a.gif",
            folder / "a.mp4",
            "petroff10",
            5,
            1,
            8,
            60,
        )


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    one, other = (
        draw(tmp_path, np.arange(30) % 3, ["a", "b", "c"], [0, 1], ["x"], output=f"{number}.gif").read_bytes()
        for number in "12"
    )
    assert one == other
    assert (tmp_path / "1.mp4").read_bytes() == (tmp_path / "2.mp4").read_bytes()
