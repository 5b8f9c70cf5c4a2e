"""What the network predicted, read from the tables of several spans."""

import numpy as np
import pytest

from evolution.activations.predictions import load_predictions
from evolution.errors import UserError
from evolution.io.tables import save_table


def write_predictions(path, times, samples):
    save_table(path, {"time": times, "sample": samples, "predicted": samples, "confidence": [0.5] * len(samples)})
    return str(path)


def test_predictions_are_put_in_the_order_of_samples_and_times(tmp_path):
    paths = [
        write_predictions(tmp_path / "b.parquet", [4, 4], [1, 0]),
        write_predictions(tmp_path / "a.parquet", [0, 2, 2, 0], [0, 1, 0, 1]),
    ]
    predicted, confidence = load_predictions(paths, [0, 4], 2)
    np.testing.assert_array_equal(predicted, [[0, 1], [0, 1]])
    assert confidence.shape == (2, 2)


def test_predictions_that_are_missing_are_named(tmp_path):
    path = write_predictions(tmp_path / "a.parquet", [0, 0], [0, 1])
    with pytest.raises(UserError, match=r"a\.parquet is damaged.*no time 2"):
        load_predictions([path], [0, 2], 2)
    with pytest.raises(UserError, match="not one row for each of 3 samples at time 0"):
        load_predictions([path], [0], 3)
