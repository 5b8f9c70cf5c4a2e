"""Arrays come back as they were saved, with the same bytes for the same content, whole or one entry at a time."""

import zipfile

import numpy as np
import pytest

from evolution.errors import UserError
from evolution.io.arrays import NpyWriter, load_notes, load_npy, load_npz, save_npy, save_npz

ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4)


def save_example_npz(path):
    save_npz(path, x=ARRAY, names=np.array(["cat", "dog"]))


@pytest.mark.parametrize(
    ("suffix", "save"), [(".npy", lambda path: save_npy(path, ARRAY)), (".npz", save_example_npz)], ids=["npy", "npz"]
)
def test_the_same_content_gives_the_same_bytes(tmp_path, suffix, save):
    first, second = tmp_path / f"a{suffix}", tmp_path / "other" / f"longer name{suffix}"
    save(first)
    save(second)
    assert first.read_bytes() == second.read_bytes()


def test_an_archive_holds_no_time(tmp_path):
    save_example_npz(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_arrays_come_back(tmp_path):
    for array in (ARRAY, ARRAY.T, ARRAY[:, ::2], np.int16([1, -1])):
        save_npy(tmp_path / "a.npy", array)
        loaded = load_npy(tmp_path / "a.npy", array.shape)
        np.testing.assert_array_equal(loaded, array)
        np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), array)
        assert loaded.dtype == array.dtype and isinstance(loaded, np.memmap)
        save_npy(tmp_path / "copy.npy", array.copy(order="C"))
        assert (tmp_path / "copy.npy").read_bytes() == (tmp_path / "a.npy").read_bytes(), "whatever the memory's order"


@pytest.mark.parametrize(("shape", "fits"), [
    ((3, 4), True), ((None, 4), True), ((3, None), True), ((None, None), True),
    ((3, 5), False), ((4, 3), False), ((None, 3), False), ((12,), False), ((3, 4, 1), False), ((), False),
])  # fmt: skip
def test_shapes(tmp_path, shape, fits):
    path = tmp_path / "a.npy"
    save_npy(path, ARRAY)
    if fits:
        np.testing.assert_array_equal(load_npy(path, shape), ARRAY)
    else:
        with pytest.raises(UserError) as error:
            load_npy(path, shape)
        assert str(path) in str(error.value) and f"shape (3, 4), expected {shape}" in str(error.value)


def test_named_arrays_come_back_in_the_order_asked_for(tmp_path):
    save_example_npz(tmp_path / "a.npz")
    names, x = load_npz(tmp_path / "a.npz", "names", "x")
    assert names.tolist() == ["cat", "dog"]
    np.testing.assert_array_equal(x, ARRAY)
    with pytest.raises(UserError, match=r"a\.npz is damaged .*labels"):
        load_npz(tmp_path / "a.npz", "x", "labels")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        save_npy(tmp_path / "file" / "a.npy", ARRAY)


def test_an_array_of_objects_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        save_npy(tmp_path / "a.npy", np.array([{}, "a"], dtype=object))
    assert list(tmp_path.iterdir()) == []


def test_entries_written_one_at_a_time_make_the_array(tmp_path):
    entries = np.arange(24, dtype=np.float32).reshape(3, 4, 2)
    with NpyWriter(tmp_path / "array.npy", 3) as writer:
        for index in (2, 0, 1):
            writer.put(index, entries[index])
    np.save(tmp_path / "at_once.npy", entries)
    assert (tmp_path / "array.npy").read_bytes() == (tmp_path / "at_once.npy").read_bytes()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_entries_of_fewer_columns_end_in_zeros(tmp_path, order):
    """Whichever of them comes first."""
    entries = [np.random.default_rng(width).normal(size=(50, width)).astype(np.float32) for width in (3, 120, 40)]
    whole = np.zeros((3, 50, 120), np.float32)
    for index, entry in enumerate(entries):
        whole[index, :, : entry.shape[1]] = entry
    with NpyWriter(tmp_path / "array.npy", 3) as writer:
        for index in order:
            writer.put(index, entries[index])
    np.save(tmp_path / "at_once.npy", whole)
    assert (tmp_path / "array.npy").read_bytes() == (tmp_path / "at_once.npy").read_bytes()


@pytest.mark.parametrize("other", [np.ones((2, 3)), np.ones((3, 3), np.float32), np.ones((3, 5), np.float32)])
def test_an_entry_of_another_type_or_with_other_rows_is_refused(tmp_path, other):
    with pytest.raises(ValueError, match="after float32"), NpyWriter(tmp_path / "array.npy", 2) as writer:
        writer.put(0, np.ones((2, 3), np.float32))
        writer.put(1, other)
    assert not any(tmp_path.iterdir())


def test_an_interrupted_writer_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), NpyWriter(tmp_path / "array.npy", 2) as writer:
        writer.put(0, np.zeros((2, 2)))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_notes_of_entries_follow_the_array(tmp_path):
    """Whoever loads the file as usual sees the array alone."""
    entries = np.random.default_rng(0).normal(size=(3, 50, 40)).astype(np.float32)
    entries[0, :, 30:] = 0
    notes = np.array([[1, 2.5], [3, 4]])
    for name, noted in (("with.npy", (0, 2)), ("without.npy", ())):
        with NpyWriter(tmp_path / name, 3) as writer:
            for index, width in ((0, 30), (2, 40), (1, 40)):
                writer.put(index, entries[index, :, :width], notes[noted.index(index)] if index in noted else None)
        np.testing.assert_array_equal(load_npy(tmp_path / name, (3, 50, None)), entries)
        np.testing.assert_array_equal(np.load(tmp_path / name), entries)
    np.testing.assert_array_equal(load_notes(tmp_path / "with.npy"), [notes[0], [np.nan, np.nan], notes[1]])
    assert load_notes(tmp_path / "without.npy") is None
    np.save(tmp_path / "at_once.npy", entries)
    assert (tmp_path / "without.npy").read_bytes() == (tmp_path / "at_once.npy").read_bytes()


def test_damaged_notes_are_said(tmp_path):
    with NpyWriter(tmp_path / "array.npy", 1) as writer:
        writer.put(0, ARRAY, np.ones(9))
    content = (tmp_path / "array.npy").read_bytes()
    (tmp_path / "array.npy").write_bytes(content[:-8])
    with pytest.raises(UserError, match=r"array\.npy is damaged"):
        load_notes(tmp_path / "array.npy")


def test_an_interrupted_writer_of_notes_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), NpyWriter(tmp_path / "array.npy", 2) as writer:
        writer.put(0, np.zeros((2, 2)), np.ones(3))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
