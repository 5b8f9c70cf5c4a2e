"""What the network predicted, read from the tables of several spans."""

import numpy as np
import pytest

from evolution.activations.predictions import are_known, load_predictions, prediction_columns, save_predictions
from evolution.errors import UserError
from evolution.io.tables import load_table, save_table


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


def saved(path, predicted, confidence=None):
    count = len(predicted[0])
    unsure = [np.full(count, np.nan)] * len(predicted)
    columns = prediction_columns([0, 4], predicted, confidence or unsure)
    save_predictions(str(path), columns, warnings=[])
    return load_predictions([str(path)], [0, 4], count)


@pytest.mark.parametrize("shape", [(6,), (6, 3), (6, 1)])
def test_numbers_and_labels_come_back(tmp_path, shape):
    predicted = [np.random.default_rng(seed).normal(100, 9, shape) for seed in (0, 1)]
    found, confidence = saved(tmp_path / "a.parquet", predicted)
    assert found.dtype == np.float32 and np.isnan(confidence).all()
    np.testing.assert_array_equal(found, np.float32(predicted))
    assert are_known(found)
    found[1, 2] = np.nan
    assert not are_known(found)


def test_a_label_is_an_entry_of_a_list_of_one_length(tmp_path):
    saved(tmp_path / "a.parquet", [np.zeros((6, 3), np.float32)] * 2)
    assert str(load_table(tmp_path / "a.parquet").schema.field("predicted").type).startswith("fixed_size_list<")


def test_classes_are_whole_numbers(tmp_path):
    predicted = [np.arange(6), np.arange(6)[::-1]]
    found, _ = saved(tmp_path / "a.parquet", predicted)
    assert found.dtype == np.int32 and found.tolist() == [each.tolist() for each in predicted] and are_known(found)
    assert not are_known(np.full((1, 6), -1))
