"""Errors of reading become messages: of what is damaged, refused by the system, or larger than memory."""

import errno
import os
import pickle
import shlex

import numpy as np
import pytest

from evolution.errors import UserError
from evolution.io import arrays, tables
from evolution.io.reading import damaged, reading

ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4)


def save_example(path):
    """An artifact of the kind that the path's suffix names."""
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


def assert_damaged(path):
    with pytest.raises(UserError) as error:
        load_example(path)
    message = str(error.value)
    assert message.startswith(f"{path} is damaged or not what this workflow wrote (")
    assert f"Remove it (rm {shlex.quote(str(path))}), and give the same command again" in message


def test_the_command_that_removes_a_file_is_quoted():
    assert "(rm 'results/a b/c.npy')" in str(damaged("results/a b/c.npy", "short"))


@each_kind
def test_files_that_are_missing_or_of_another_kind(tmp_path, suffix):
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
    for position in range(0, len(content), 3):
        changed = tmp_path / f"{position}{suffix}"
        changed.write_bytes(content[:position] + bytes([content[position] ^ 0xA5]) + content[position + 1 :])
        try:
            load_example(changed)
        except UserError:
            refused += 1
    assert refused > len(content) / 3 / 4


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_file_that_cannot_be_read_now_is_not_called_damaged(tmp_path, number):
    with pytest.raises(UserError) as error, reading(tmp_path / "a.npy"):
        raise OSError(number, os.strerror(number))
    message = str(error.value)
    assert message.startswith(f"{tmp_path / 'a.npy'} cannot be read ({os.strerror(number)})")
    assert "damaged" not in message and "rm " not in message


@pytest.mark.parametrize(
    ("error", "shown"),
    [(MemoryError(), "MemoryError"), (MemoryError("Unable to allocate 8 EiB"), "Unable to allocate 8 EiB")],
)
def test_too_little_memory_to_read_a_file_comes_before_its_damage(error, shown):
    with pytest.raises(UserError) as raised, reading("a.npy"):
        raise error
    assert str(raised.value).startswith(f"There is too little memory to read a.npy ({shown}). Give the job more.")


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
