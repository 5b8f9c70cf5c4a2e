"""Arrays and tables come back as they were saved, and what cannot be read is named."""

import errno
import os
import pickle
import shlex
import zipfile

import numpy as np
import pytest

from evolution.errors import UserError
from evolution.io import arrays, reading, tables

ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4)


def save_example(path):
    """An artifact of the kind that the path's suffix says."""
    if path.suffix == ".npy":
        arrays.save_npy(path, ARRAY)
    elif path.suffix == ".npz":
        arrays.save_npz(path, x=ARRAY, names=np.array(["cat", "dog"]))
    else:
        tables.save_table(path, {"epoch": [0, 1], "name": ["a", "b"], "value": [0.5, None]})


def load_example(path):
    if path.suffix == ".npy":
        return arrays.load_npy(path, (3, 4))
    if path.suffix == ".npz":
        return arrays.load_npz(path, "x", "names")
    return tables.load_table(path, "epoch", "value")


each_kind = pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])


@each_kind
def test_the_same_content_gives_the_same_bytes(tmp_path, suffix):
    first, second = tmp_path / f"a{suffix}", tmp_path / "other" / f"longer name{suffix}"
    save_example(first)
    save_example(second)
    assert first.read_bytes() == second.read_bytes()
    if suffix == ".npz":
        with zipfile.ZipFile(first) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_arrays_come_back(tmp_path):
    for array in (ARRAY, ARRAY.T, ARRAY[:, ::2], np.int16([1, -1])):
        arrays.save_npy(tmp_path / "a.npy", array)
        loaded = arrays.load_npy(tmp_path / "a.npy", array.shape)
        np.testing.assert_array_equal(loaded, array)
        np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), array)
        assert loaded.dtype == array.dtype and isinstance(loaded, np.memmap)
        arrays.save_npy(tmp_path / "copy.npy", array.copy(order="C"))
        assert (tmp_path / "copy.npy").read_bytes() == (tmp_path / "a.npy").read_bytes(), "whatever the memory's order"


@pytest.mark.parametrize(("shape", "fits"), [
    ((3, 4), True), ((None, 4), True), ((3, None), True), ((None, None), True),
    ((3, 5), False), ((4, 3), False), ((None, 3), False), ((12,), False), ((3, 4, 1), False), ((), False),
])  # fmt: skip
def test_shapes(tmp_path, shape, fits):
    path = tmp_path / "a.npy"
    arrays.save_npy(path, ARRAY)
    if fits:
        np.testing.assert_array_equal(arrays.load_npy(path, shape), ARRAY)
    else:
        with pytest.raises(UserError) as error:
            arrays.load_npy(path, shape)
        assert str(path) in str(error.value) and f"shape (3, 4), expected {shape}" in str(error.value)


def test_named_arrays_come_back_in_the_order_asked_for(tmp_path):
    save_example(tmp_path / "a.npz")
    names, x = arrays.load_npz(tmp_path / "a.npz", "names", "x")
    assert names.tolist() == ["cat", "dog"]
    np.testing.assert_array_equal(x, ARRAY)
    with pytest.raises(UserError, match=r"a\.npz is damaged .*labels"):
        arrays.load_npz(tmp_path / "a.npz", "x", "labels")


def test_tables_come_back(tmp_path):
    save_example(tmp_path / "a.parquet")
    table = tables.load_table(tmp_path / "a.parquet", "name")
    assert table.to_pydict() == {"epoch": [0, 1], "name": ["a", "b"], "value": [0.5, None]}
    with pytest.raises(UserError, match=r"a\.parquet is damaged .*no column loss, time"):
        tables.load_table(tmp_path / "a.parquet", "loss", "epoch", "time")


def test_folders_named_like_partitions_add_no_column(tmp_path):
    path = tmp_path / "lr=0.1" / "a.parquet"
    save_example(path)
    assert tables.load_table(path).column_names == ["epoch", "name", "value"]


def assert_damaged(path):
    with pytest.raises(UserError) as error:
        load_example(path)
    message = str(error.value)
    assert message.startswith(f"{path} is damaged or not what this workflow wrote (")
    assert message.endswith(f"rm {shlex.quote(str(path))} && snakemake --cores 2")


@each_kind
def test_files_that_are_not_there_or_no_such_thing(tmp_path, suffix):
    assert_damaged(tmp_path / f"missing{suffix}")
    for name, content in (("empty", b""), ("text", b"not this"), ("head", b"PK\x03\x04"), ("two words", bytes(500))):
        path = tmp_path / f"{name}{suffix}"
        path.write_bytes(content)
        assert_damaged(path)
    for other in {".npy", ".npz", ".parquet"} - {suffix}:
        save_example(tmp_path / f"a{other}")
        assert_damaged((tmp_path / f"a{other}").rename(tmp_path / f"was{other}{suffix}"))


@each_kind
def test_files_cut_short(tmp_path, suffix):
    whole, cut = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}"
    save_example(whole)
    content = whole.read_bytes()
    for length in range(0, len(content), 7):
        cut.write_bytes(content[:length])
        assert_damaged(cut)


@each_kind
def test_damaged_bytes_raise_nothing_else(tmp_path, suffix):
    whole = tmp_path / f"whole{suffix}"
    save_example(whole)
    content = whole.read_bytes()
    refused = 0
    for place in range(0, len(content), 3):
        damaged = tmp_path / f"{place}{suffix}"
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 0xA5]) + content[place + 1 :])
        try:
            load_example(damaged)
        except UserError:
            refused += 1
    assert refused > len(content) / 3 / 4


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_file_that_cannot_be_read_now_is_not_called_damaged(tmp_path, number):
    with pytest.raises(UserError) as error, reading.reading(tmp_path / "a.npy"):
        raise OSError(number, os.strerror(number))
    message = str(error.value)
    assert message.startswith(f"{tmp_path / 'a.npy'} cannot be read ({os.strerror(number)})")
    assert "damaged" not in message and "rm " not in message


def test_too_little_memory_to_read_a_file_comes_before_its_damage(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 4)))
    for problem in ("(MemoryError)", "(Unable to allocate 8 EiB)"):
        with pytest.raises(UserError) as error, reading.reading(tmp_path / "a.npy"):
            raise MemoryError(problem.strip("()")) if "8" in problem else MemoryError
        assert str(error.value).startswith(f"There is too little memory to read {tmp_path / 'a.npy'} {problem}. Give")


class Bomb:
    def __reduce__(self):
        return print, ("unpickled",)


def test_pickles_are_refused(tmp_path, capsys):
    np.save(tmp_path / "a.npy", np.array([Bomb()] * 12).reshape(3, 4), allow_pickle=True)
    np.savez(tmp_path / "a.npz", x=np.array([Bomb()]), names=np.array(["a"]))
    for suffix in (".npy", ".npz", ".parquet"):
        (tmp_path / f"b{suffix}").write_bytes(pickle.dumps(Bomb()))
    for name in ("a.npy", "a.npz", "b.npy", "b.npz", "b.parquet"):
        assert_damaged(tmp_path / name)
    assert "unpickled" not in capsys.readouterr().out


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        arrays.save_npy(tmp_path / "file" / "a.npy", ARRAY)
