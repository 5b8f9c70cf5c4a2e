"""What a person sees of samples: images in one picture, texts, rows."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from evolution.explorer.sight import LONGEST_TEXT, MOST_COLUMNS, sample_data, shown_rows, shown_texts, sprite
from evolution.io.arrays import load_npz, names_in_npz, save_npz
from support.page import unpacked
from support.samples import write_samples


@pytest.mark.parametrize("channels", [1, 3])
def test_the_sheet_holds_all_images_row_by_row(channels):
    images = np.zeros((53, channels, 8, 8), np.uint8)
    images += (np.arange(53, dtype=np.uint8) * 4)[:, None, None, None]
    sheet = sprite(images)
    url, content = sheet["url"].split(",")
    assert url == f"data:image/{'png' if channels == 1 else 'jpeg'};base64"
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("L")).astype(int)
    assert (sheet["columns"], sheet["rows"], picture.shape) == (50, 2, (16, 400))
    for index in (0, 1, 49, 50, 52):
        row, column = divmod(index, 50)
        cell = picture[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
        assert abs(cell.mean() - 4 * index) <= (0 if channels == 1 else 3)


def test_large_images_are_shown_smaller():
    ramp = np.linspace(0, 255, 400).astype(np.uint8)
    images = np.broadcast_to(ramp, (3, 1, 200, 400)).copy()
    sheet = sprite(images)
    assert (sheet["width"], sheet["height"]) == (96, 48)
    picture = Image.open(io.BytesIO(base64.b64decode(sheet["url"].split(",")[1])))
    assert picture.size == (3 * 96, 48)
    np.testing.assert_allclose(np.asarray(picture)[20, 96:192], np.linspace(0, 255, 96), atol=3)


def test_long_texts_are_cut():
    texts = ["a <b> c", "", "word " * 100]
    short, empty, long = shown_texts(np.array(texts))
    assert (short, empty) == ("a <b> c", "")
    assert len(long) <= LONGEST_TEXT and long.endswith("word…") and texts[2].startswith(long[:-1])


def test_a_narrow_table_has_its_columns_in_order():
    rows = np.random.default_rng(0).normal(size=(9, 4))
    shown = shown_rows(rows, np.array(list("abcd")), np.array([2, 5]))
    assert shown["names"] == list("abcd") and shown["columns"] is None
    np.testing.assert_allclose(unpacked(shown["values"]), rows[[2, 5]], rtol=1e-6)


def test_of_a_wide_table_the_most_unusual_values_come_first():
    rows = np.random.default_rng(0).normal(50, 1, size=(200, 30))
    rows[:, 3] = 7  # constant, so nothing of it is unusual
    rows[4, 9], rows[4, 20], rows[4, 2] = 90, 20, np.nan
    shown = shown_rows(rows, np.array([f"c{number}" for number in range(30)]), np.array([0, 4]))
    columns, values = unpacked(shown["columns"]), unpacked(shown["values"])
    assert columns.shape == values.shape == (2, MOST_COLUMNS)
    assert set(columns[1, :2]) == {9, 20} and not {2, 3} & set(columns[1])
    np.testing.assert_allclose(values, np.take_along_axis(rows[[0, 4]], columns, axis=1), rtol=1e-6)
    # By hand: how many standard deviations each value of the first row is from its column's mean.
    distance = np.abs(rows[0, columns[0]] - np.nanmean(rows, axis=0)[columns[0]]) / np.nanstd(rows, axis=0)[columns[0]]
    assert (np.diff(distance) <= 0).all()


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("images", {"sprite"}),
        ("signals", {"sprite"}),
        ("other", {"sprite"}),
        ("tokens", {"texts"}),
        ("table", {"rows"}),
    ],
)
def test_each_kind_is_seen_in_its_own_way(tmp_path, kind, seen):
    path = write_samples(tmp_path / "dataset.npz", kind=kind)
    data = sample_data(path, np.array([3, 5]))
    assert {name for name in ("sprite", "texts", "rows") if data[name] is not None} == seen
    assert data["sources"] == [6, 10]


def test_own_previews_are_shown_in_place_of_drawn_ones(tmp_path):
    path = write_samples(tmp_path / "dataset.npz", kind="table")
    arrays = {name: load_npz(path, name)[0] for name in names_in_npz(path)}
    save_npz(path, **arrays, previews_given=np.array(True))
    data = sample_data(path, np.array([3, 5]))
    assert data["sprite"]["url"].startswith("data:image/png") and data["rows"] is not None
