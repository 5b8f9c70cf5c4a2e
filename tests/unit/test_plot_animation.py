"""The film, read back frame by frame."""

import numpy as np
import pytest
from figures import METRICS, long_values, write_cells, write_dataset, write_long
from matplotlib.colors import to_rgb
from PIL import Image, ImageSequence

import plot_animation
from evolution.files import save_npy
from evolution.style import class_colors


def draw(folder, labels, names, epochs, layers, cells=None, output="film.gif", fps=5, dpi=60, changes=None):
    cells = cells or write_cells(folder, epochs, layers, len(labels))
    values = long_values(layers, epochs, METRICS) | (changes or {})
    dataset, metrics = write_dataset(folder / "d.npz", labels, names), write_long(folder / "m.parquet", values)
    plot_animation.plot_animation(
        dataset, cells, metrics, epochs, ["pixels", *layers], folder / output, "petroff10", fps, dpi
    )
    return folder / output


def frames(path):
    """The film's pictures, uint8 (frames, height, width, 3), and how long each stays, in ms."""
    with Image.open(path) as film:
        shown = [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(film)]
    return np.stack([picture for picture, _ in shown]), [duration for _, duration in shown]


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


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    one, other = (
        draw(tmp_path, np.arange(30) % 3, ["a", "b", "c"], [0, 1], ["x"], output=f"{number}.gif").read_bytes()
        for number in "12"
    )
    assert one == other
