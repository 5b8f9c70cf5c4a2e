"""Cells read from files that hold a span of times each."""

import numpy as np
import pytest

from evolution.activations.cells import Cells
from evolution.errors import UserError
from evolution.io.arrays import save_npy

SPANS = {"0000": [0], "0002-0004": [2, 4]}


def write(folder, span, layer, array):
    (folder / span).mkdir(exist_ok=True)
    path = folder / span / f"{layer}.npy"
    save_npy(path, array)
    return path


def test_a_cell_is_read_from_its_position_in_the_span(tmp_path):
    first = np.arange(6, dtype=np.float32).reshape(1, 3, 2)
    later = 10 + np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    paths = [write(tmp_path, "0002-0004", "a", later), write(tmp_path, "0000", "a", first)]
    cells = Cells(paths, SPANS)
    assert cells.times("a") == [0, 2, 4] and cells.times("b") == []
    np.testing.assert_array_equal(cells.read_layout("a", 0, 3), first[0])
    np.testing.assert_array_equal(cells.read_layout("a", 4, 3), later[1])
    np.testing.assert_array_equal(cells.read("a", 2, (3, None)), later[0])
    with pytest.raises(UserError, match=r"a\.npy"):
        cells.read_layout("a", 0, 4)


def test_a_file_of_too_few_epochs_is_refused(tmp_path):
    path = write(tmp_path, "0002-0004", "a", np.zeros((1, 3, 2), np.float32))
    with pytest.raises(UserError, match=r"a\.npy"):
        Cells([path], SPANS).read_layout("a", 4, 3)


def test_a_layout_that_is_not_finite_is_refused(tmp_path):
    path = write(tmp_path, "0000", "a", np.array([[[0, np.nan]]], np.float32))
    with pytest.raises(UserError, match="not finite"):
        Cells([path], SPANS).read_layout("a", 0, 1)


def test_a_cell_that_no_file_has(tmp_path):
    cells = Cells([write(tmp_path, "0002-0004", "a", np.zeros((2, 3, 2), np.float32))], SPANS)
    for layer, time in (("a", 3), ("a", 0), ("b", 2)):
        with pytest.raises(KeyError):
            cells.read(layer, time, (3, 2))
    with pytest.raises(KeyError, match="0006"):
        Cells([tmp_path / "0006" / "a.npy"], SPANS)


@pytest.mark.parametrize("shape", [(3,), (3, 3), (4, None), (3, 2, 1)])
def test_a_cell_of_another_shape_is_refused(tmp_path, shape):
    path = write(tmp_path, "0000", "a", np.zeros((1, 3, 2), np.float32))
    with pytest.raises(UserError, match=r"a\.npy is damaged.*shape \(1, 3, 2\), expected"):
        Cells([path], SPANS).read("a", 0, shape)


def test_only_the_layout_that_is_read_has_to_be_finite(tmp_path):
    layouts = np.array([[[0, 1]], [[np.inf, 1]]], np.float32)
    cells = Cells([write(tmp_path, "0002-0004", "a", layouts)], SPANS)
    np.testing.assert_array_equal(cells.read_layout("a", 2, 1), layouts[0])
    with pytest.raises(UserError, match="not finite"):
        cells.read_layout("a", 4, 1)


def test_a_layout_is_a_copy_in_memory(tmp_path):
    path = write(tmp_path, "0000", "a", np.ones((1, 3, 2), np.float32))
    layout = Cells([path], SPANS).read_layout("a", 0, 3)
    layout += 1
    np.testing.assert_array_equal(np.load(path), np.ones((1, 3, 2)))
