"""The headers and the values of an archive's arrays."""

from pathlib import Path

import numpy as np
import pytest

from evolution.data.npz_archive import Header, image_axes, image_shape, read_array, read_headers, read_values
from evolution.errors import DataError
from support.own_files import noise, write_npz


def test_headers_are_read_without_values(tmp_path):
    path = Path(write_npz(tmp_path / "a.npz", notes=np.array({"a": 1}, object)))
    headers, others = read_headers(path)
    assert headers["images"] == Header((12, 8, 8), np.dtype(np.uint8)) and headers["notes"].dtype.hasobject
    assert list(headers) == ["images", "labels", "notes"] and others == []


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_values_come_a_few_at_a_time(tmp_path, save):
    tokens = np.random.default_rng(0).integers(0, 99, (1_200_000, 1))
    save(tmp_path / "a.npz", tokens=tokens)
    chunks = list(read_values(tmp_path / "a.npz", "tokens"))
    assert len(chunks) == 3
    np.testing.assert_array_equal(np.concatenate(chunks), tokens[:, 0])
    np.testing.assert_array_equal(read_array(tmp_path / "a.npz", "tokens"), tokens)
    with pytest.raises(DataError, match=r"is not a whole \.npz archive"):
        next(read_values(tmp_path / "a.npz", "none"))


def test_axes_of_shapes():
    path = Path("a.npz")
    assert image_axes(path, "images", (12, 8, 9)) == "NHW"
    assert image_axes(path, "images", (12, 3, 8, 9)) == "NCHW"
    assert image_axes(path, "images", (12, 8, 9, 1)) == "NHWC"
    assert image_axes(path, "images", (12, 8, 9, 4)) == "NHWC"
    # A side of four pixels is none of channels where another axis is.
    assert image_axes(path, "images", (12, 4, 9, 3)) == "NHWC"
    assert image_shape(path, "images", Header((12, 8, 9, 4), np.dtype(np.uint8))) == (3, 8, 9)
    with pytest.raises(DataError, match="channels may come second or last"):
        image_axes(path, "images", noise(2, 4, 8, 4).shape)
