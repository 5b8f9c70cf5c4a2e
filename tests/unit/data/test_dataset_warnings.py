"""The warnings in a dataset.npz, for whoever shows them."""

import numpy as np
import pytest

from evolution.data.dataset_warnings import dataset_warnings
from evolution.errors import UserError


def test_warnings_are_read(tmp_path, dataset):
    assert dataset_warnings(dataset) == []
    said = ["Two images are empty.", "犬 is dark."]
    np.savez(tmp_path / "odd.npz", images=np.zeros(3), warnings=np.array(said))
    assert dataset_warnings(tmp_path / "odd.npz") == said


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "dataset.npz").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"dataset\.npz is damaged"):
        dataset_warnings(tmp_path / "dataset.npz")
