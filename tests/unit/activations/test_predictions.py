"""What the network predicted, read from the tables of several spans."""

import numpy as np
import pyarrow as pa
import pytest

from evolution.activations.predictions import are_known, load_predictions
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


def test_probabilities_of_labels_are_lists_of_one_length(tmp_path):
    scores = np.arange(12, dtype=np.float32).reshape(4, 3) / 12
    column = pa.FixedSizeListArray.from_arrays(scores.reshape(-1), 3)
    rows = {"time": [0, 0, 2, 2], "sample": [1, 0, 0, 1], "predicted": column, "confidence": [np.nan] * 4}
    save_table(tmp_path / "a.parquet", rows)
    predicted, confidence = load_predictions([str(tmp_path / "a.parquet")], [0, 2], 2)
    np.testing.assert_array_equal(predicted, scores[[[1, 0], [2, 3]]])
    assert predicted.shape == (2, 2, 3) and np.isnan(confidence).all() and are_known(predicted)


@pytest.mark.parametrize("predicted", [np.array([[3, -1]]), np.array([[0.5, np.nan]]), np.full((1, 2, 3), np.nan)])
def test_what_nobody_knows_is_no_prediction(predicted):
    assert not are_known(predicted)
