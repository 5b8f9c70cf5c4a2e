"""Files of arrays."""

import numpy as np
import pytest

from activation_recorder.npy import NpyRows, write_array


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.ones((3, 4), np.float32)),
        np.array(["a", "bcd"]),
        np.zeros((0, 3)),
    ],
    ids=lambda array: str(array.dtype),
)
def test_arrays(tmp_path, array):
    write_array(tmp_path / "a.npy", array)
    found = np.load(tmp_path / "a.npy", allow_pickle=False)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype and found.flags.c_contiguous


def test_rows_as_they_come(tmp_path):
    rows = np.arange(20, dtype=np.float32).reshape(5, 4)
    file = NpyRows(tmp_path / "a.npy", 5, 4)
    file.add(rows[:3])
    file.add(rows[3:])
    file.close()
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), rows)


def test_a_full_disk_has_its_number():
    with pytest.raises(OSError, match="No space left") as error:
        write_array("/dev/full", np.zeros(9))
    assert error.value.errno == 28
