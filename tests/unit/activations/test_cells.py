"""Cells read from files that hold a span of epochs each."""

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
    assert cells.epochs("a") == [0, 2, 4] and cells.epochs("b") == []
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
