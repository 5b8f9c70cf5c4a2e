"""Cells in the files of their spans."""

from pathlib import Path

import numpy as np
import pytest

from activation_reader.arrays import read_cell
from activation_reader.contents import Contents
from activation_reader.errors import ReaderError
from evolution.io.arrays import NpyWriter

KNOWN = Contents("mine", "train", "epoch", ["block.1"], {"0000": [0], "0002-0006": [2, 4, 6]})


@pytest.fixture
def rows(tmp_path):
    rows = np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32)
    (tmp_path / "activations" / "0002-0006").mkdir(parents=True)
    np.save(tmp_path / "activations" / "0002-0006" / "block.1.npy", rows)
    return rows


def read(folder, time, rows=5):
    return read_cell(folder, KNOWN, "activations/{span}/block.1.npy", time, rows)


def test_a_cell_is_an_entry_of_the_file_of_its_span(tmp_path, rows):
    for index, time in enumerate((2, 4, 6)):
        np.testing.assert_array_equal(read(tmp_path, time), rows[index], strict=True)


def test_it_is_mapped_and_cannot_be_written(tmp_path, rows):
    found = read(tmp_path, 4)
    assert isinstance(found, np.memmap) and not found.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 0


@pytest.mark.parametrize("spelled", ["results/mnist", "../project/results/mnist", "{folder}/results/mnist"])
def test_a_file_that_is_not_there(tmp_path, monkeypatch, spelled):
    """Snakemake knows it by its path in the workflow's working directory, however the reader was given it."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    folder = Path(spelled.format(folder=Path.cwd()))
    with pytest.raises(ReaderError) as error:
        read(folder, 0)
    assert str(error.value).startswith(f"{folder}/activations/0000/block.1.npy is not there: ")
    assert (
        str(error.value)
        .split(" snakemake --cores 2 ")[1]
        .startswith("results/mnist/activations/0000/block.1.npy (in front of")
    )


@pytest.mark.parametrize("array", [np.zeros((2, 5, 2)), np.zeros((3, 4, 2)), np.zeros((3, 6, 2)), np.zeros(3)])
def test_a_file_of_another_shape(tmp_path, rows, array):
    """Also one of more samples, as one that is left of a larger `dataset.eval_size`."""
    np.save(tmp_path / "activations" / "0002-0006" / "block.1.npy", array)
    with pytest.raises(ReaderError, match=r"has the shape .*should have 3 times of 5 rows"):
        read(tmp_path, 2)


@pytest.mark.parametrize("noted", [(), (0, 2), (0, 1, 2)])
def test_entries_of_unequal_width_with_notes(tmp_path, noted):
    """As the workflow writes them: narrow entries end in zeros, and notes follow as a second array."""
    random, path = np.random.default_rng(1), tmp_path / "activations" / "0002-0006" / "block.1.npy"
    entries = {index: random.normal(size=(5, width)).astype(np.float32) for index, width in ((0, 4), (1, 1100), (2, 6))}
    with NpyWriter(path, 3) as writer:
        for index, entry in entries.items():
            writer.put(index, entry, np.full(7, index, np.float32) if index in noted else None)
    for index, time in enumerate((2, 4, 6)):
        wanted = np.pad(entries[index], [(0, 0), (0, 1100 - entries[index].shape[1])])
        np.testing.assert_array_equal(read(tmp_path, time), wanted, strict=True)
        np.testing.assert_array_equal(np.load(path)[index], wanted, strict=True)


@pytest.mark.parametrize("content", [b"", b"?" * 200, None])
def test_a_file_that_is_no_array(tmp_path, rows, content):
    path = tmp_path / "activations" / "0002-0006" / "block.1.npy"
    if content is None:
        np.save(path, np.array([{}] * 3), allow_pickle=True)
    else:
        path.write_bytes(content)
    with pytest.raises(ReaderError, match=r"block\.1\.npy cannot be read"):
        read(tmp_path, 2)
