"""Recorded arrays as float32, whatever they are on disk."""

import logging

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from evolution.errors import DataError
from evolution.sources.recorded_arrays import read_array, read_floats

VALUES = np.random.default_rng(0).normal(size=(20, 3, 2)).astype(np.float32)
CHOSEN = np.array([1, 4, 19])


@pytest.mark.parametrize("chosen", [None, CHOSEN])
def test_c_and_fortran_order_are_one(tmp_path, chosen):
    for name, array in (("c", VALUES), ("f", np.asfortranarray(VALUES))):
        np.save(tmp_path / f"{name}.npy", array)
    ours, theirs = (read_floats(tmp_path / f"{name}.npy", chosen) for name in "cf")
    expected = VALUES if chosen is None else VALUES[chosen]
    assert ours.tobytes() == theirs.tobytes() == np.ascontiguousarray(expected).tobytes()
    assert theirs.flags.c_contiguous


@pytest.mark.parametrize("dtype", ["float64", "float16", "int64", "uint8", "bool", ">f4"])
def test_other_types_become_float32_and_the_log_says_so(dtype, tmp_path, caplog):
    array = (10 * np.abs(VALUES)).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    with caplog.at_level(logging.INFO, "evolution"):
        found = read_floats(tmp_path / "a.npy")
    assert found.dtype == np.float32 and np.array_equal(found, array.astype(np.float32))
    if dtype != ">f4":
        assert f"a.npy: {dtype}, taken as float32" in caplog.text


def test_bfloat16_of_both_forms(tmp_path, caplog):
    tensor = torch.from_numpy(VALUES).bfloat16()
    save_file({"any name": tensor}, tmp_path / "a.safetensors")
    np.save(tmp_path / "a.npy", tensor.view(torch.uint16).numpy().view("V2"))
    with caplog.at_level(logging.INFO, "evolution"):
        for name in ("a.safetensors", "a.npy"):
            assert np.array_equal(read_floats(tmp_path / name, CHOSEN), tensor.float().numpy()[CHOSEN])
    assert caplog.text.count("bfloat16, taken as float32") == 2


def test_a_number_too_large_for_float32_is_refused(tmp_path):
    """As an infinite one it would look like a training that diverged."""
    np.save(tmp_path / "a.npy", np.array([1e300, np.inf, 1]))
    with pytest.raises(DataError, match=r"a\.npy holds 1e\+300, which is too large for float32\. Scale it"):
        read_floats(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.array([np.inf, np.nan, 1]))
    np.testing.assert_array_equal(read_floats(tmp_path / "a.npy"), [np.inf, np.nan, 1])


def test_objects_are_not_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}, 1], object))
    with pytest.raises(DataError, match=r"a\.npy"):
        read_array(tmp_path / "a.npy")


def test_a_file_that_ends_early_is_named(tmp_path):
    np.save(tmp_path / "a.npy", VALUES)
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-4])
    with pytest.raises(DataError, match=r"a\.npy cannot be read \(it ends early\)"):
        read_floats(tmp_path / "a.npy")
