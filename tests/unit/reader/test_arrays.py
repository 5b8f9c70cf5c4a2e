"""Cells in the files of their spans."""

import numpy as np
import pytest

from activation_reader.arrays import read_cell
from activation_reader.contents import Contents
from activation_reader.errors import ReaderError

KNOWN = Contents("mine", "train", "epoch", ["block.1"], {"0000": [0], "0002-0006": [2, 4, 6]})


@pytest.fixture
def rows(tmp_path):
    rows = np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32)
    (tmp_path / "activations" / "0002-0006").mkdir(parents=True)
    np.save(tmp_path / "activations" / "0002-0006" / "block.1.npy", rows)
    return rows


def read(folder, time, samples=5):
    return read_cell(folder, KNOWN, "activations/{span}/block.1.npy", time, samples)


def test_a_cell_is_an_entry_of_the_file_of_its_span(tmp_path, rows):
    for index, time in enumerate((2, 4, 6)):
        np.testing.assert_array_equal(read(tmp_path, time), rows[index], strict=True)


def test_it_is_mapped_and_cannot_be_written(tmp_path, rows):
    found = read(tmp_path, 4)
    assert isinstance(found, np.memmap) and not found.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 0


def test_a_file_that_is_not_there(tmp_path, rows):
    with pytest.raises(
        ReaderError, match=r"0000/block\.1\.npy is not there: .*snakemake --cores 2 .*0000/block\.1\.npy"
    ):
        read(tmp_path, 0)


def test_a_file_of_another_shape(tmp_path, rows):
    path = tmp_path / "activations" / "0002-0006" / "block.1.npy"
    for array in (rows[:2], rows[:, :4]):
        np.save(path, array)
        with pytest.raises(ReaderError, match=r"has the shape .*should have 3 times of 5 samples"):
            read(tmp_path, 2)


@pytest.mark.parametrize("content", [b"", b"?" * 200, None])
def test_a_file_that_is_no_array(tmp_path, rows, content):
    path = tmp_path / "activations" / "0002-0006" / "block.1.npy"
    if content is None:
        np.save(path, np.array([{}] * 3), allow_pickle=True)
    else:
        path.write_bytes(content)
    with pytest.raises(ReaderError, match=r"block\.1\.npy cannot be read"):
        read(tmp_path, 2)
