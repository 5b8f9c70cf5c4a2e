"""Headers of arrays, against NumPy and safetensors, which wrote them."""

import os

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from evolution.sources import array_file
from evolution.sources.array_file import array_place, has_one_hot_rows, largest_whole, read_array_facts, read_ids

ARRAYS = {
    "float32": np.zeros((3, 4), np.float32),
    "float64": np.zeros((3, 4, 5)),
    "float16": np.zeros(3, np.float16),
    "int64": np.zeros((3, 1), np.int64),
    "uint8": np.zeros((2, 2, 2, 2), np.uint8),
    "bool": np.zeros(3, bool),
    "complex64": np.zeros(3, np.complex64),
    "text": np.array(["a", "bcd"]),
    "object": np.array([{}, None], object),
    "structured": np.zeros(3, [("a", "f4")]),
}


@pytest.mark.parametrize("dtype", ARRAYS)
def test_an_npy_is_what_numpy_wrote(dtype, tmp_path):
    array = ARRAYS[dtype]
    np.save(tmp_path / "a.npy", array)
    facts = read_array_facts(tmp_path / "a.npy")
    assert (facts.shape, facts.dtype, facts.missing_bytes) == (list(array.shape), dtype, 0)
    if dtype not in ("object", "structured"):
        place = array_place(tmp_path / "a.npy")
        assert place.size == array.nbytes and place.begin + place.size == (tmp_path / "a.npy").stat().st_size


def test_bfloat16_of_jax_is_two_bytes_without_a_type(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 2), np.uint16).view("V2"))
    assert read_array_facts(tmp_path / "a.npy").dtype == "bfloat16"


def test_a_safetensors(tmp_path):
    save_file({"x": torch.zeros(3, 4, dtype=torch.bfloat16), "ids": torch.arange(3)}, tmp_path / "a.safetensors")
    facts = read_array_facts(tmp_path / "a.safetensors")
    assert (facts.shape, facts.dtype) == ([3, 4], "bfloat16") and facts.ids is not None
    assert read_ids(tmp_path / "a.safetensors") == ["0", "1", "2"]
    save_file({"x": torch.zeros(3), "y": torch.zeros(3)}, tmp_path / "b.safetensors")
    with pytest.raises(ValueError, match="the tensors x, y; one is needed"):
        read_array_facts(tmp_path / "b.safetensors")


@pytest.mark.parametrize("suffix", [".npy", ".safetensors"])
def test_a_file_that_ends_early_is_not_whole_wherever_it_ends(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    if suffix == ".npy":
        np.save(path, np.zeros((30, 4), np.float32))
    else:
        save_file({"x": torch.zeros(30, 4)}, path)
    whole = path.read_bytes()
    assert not read_array_facts(path).missing_bytes
    for length in (*range(0, 140, 3), len(whole) - 1):
        path.write_bytes(whole[:length])
        assert read_array_facts(path).missing_bytes, length


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.npy").write_text("<html> not found, and some more text")
    with pytest.raises(ValueError, match=r"it is no \.npy"):
        read_array_facts(tmp_path / "a.npy")
    (tmp_path / "a.safetensors").write_bytes(b"\x05" + bytes(7) + b"hello")
    with pytest.raises(ValueError, match="header is damaged"):
        read_array_facts(tmp_path / "a.safetensors")


def test_the_fingerprint_follows_the_content(tmp_path, monkeypatch):
    path = tmp_path / "a.npy"
    values = np.random.default_rng(0).normal(size=(50, 40)).astype(np.float32)
    np.save(path, values)
    small = read_array_facts(path).fingerprint
    os.utime(path, ns=(1, 1))
    assert read_array_facts(path).fingerprint == small, "a small one counts by its content alone"
    monkeypatch.setattr(array_file, "LARGE", 100)
    large = read_array_facts(path).fingerprint
    np.save(path, values + 1)
    os.utime(path, ns=(1, 1))
    changed = read_array_facts(path).fingerprint
    os.utime(path, ns=(2, 2))
    assert len({small, large, changed, read_array_facts(path).fingerprint}) == 4


@pytest.mark.parametrize(
    "ids",
    [
        ["a", "ü", "long one"],
        np.array([3, 10, -1], np.int64),
        np.array([3, 10, 1], ">i4"),
        np.array([3, 200], np.uint8),
    ],
)
def test_ids_are_text_whatever_they_were(ids, tmp_path):
    np.save(tmp_path / "ids.npy", np.array(ids))
    assert read_ids(tmp_path / "ids.npy") == [str(identity) for identity in ids]


def test_ids_of_another_width_are_the_same(tmp_path):
    facts = []
    for dtype in (np.int64, np.int16, "U9"):
        np.save(tmp_path / "ids.npy", np.arange(30).astype(dtype))
        facts.append(read_array_facts(tmp_path / "ids.npy").ids)
    assert len(set(facts)) == 1


@pytest.mark.parametrize("dtype", ["<i8", ">i4", "u1", "<i2"])
def test_the_largest_whole_number(tmp_path, dtype):
    for shape in (3, (3, 1)):
        np.save(tmp_path / "a.npy", np.array([3, 100, 7], dtype).reshape(shape))
        assert largest_whole(tmp_path / "a.npy") == 100


@pytest.mark.parametrize("dtype", ["?", "u1", "<i8", ">i4", "<f2", ">f4", "<f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_with_a_single_1_each(tmp_path, dtype, order):
    path = tmp_path / "labels.npy"

    def is_one_hot(rows):
        np.save(path, np.array(rows, dtype, order=order))
        return has_one_hot_rows(path)

    rows = np.eye(5)[[4, 0, 1, 1, 3, 2, 0]]
    assert is_one_hot(rows)
    for changed in (np.ones(5), np.zeros(5), [0, 1, 0, 1, 0]):
        assert not is_one_hot(np.vstack([rows, changed]))
    if dtype != "?":
        assert not is_one_hot(2 * rows)
    assert not is_one_hot(rows[0])
