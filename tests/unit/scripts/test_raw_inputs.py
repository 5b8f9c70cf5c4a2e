"""The raw inputs as a layer."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from evolution.activations.spectra import singular_values
from evolution.activations.stored_rows import stored_rows
from evolution.data.baseline import baseline_rows
from evolution.io.arrays import load_notes
from raw_inputs import raw_input_activations, save_raw_inputs
from support.samples import write_samples
from support.tiny_dataset import read_part, write_dataset


def test_pixels_by_hand(tmp_path):
    images = np.array([[[[0, 255], [51, 102]]], [[[255, 255], [0, 0]]], [[[153, 204], [51, 0]]]], np.uint8)
    np.savez(
        tmp_path / "dataset.npz",
        eval_images=np.tile(images, (2, 1, 1, 1)),
        eval_labels=np.zeros(6, int),
        eval_indices=np.arange(6),
        mean=np.float32([0.5]),
        std=np.float32([0.25]),
        class_names=np.array(["a"]),
    )
    rows = raw_input_activations(dataset=str(tmp_path / "dataset.npz"), compacted=True, seed=0).rows
    expected = [[-2, 2, -1.2, -0.4], [2, 2, -2, -2], [0.4, 1.2, -1.2, -2]]
    np.testing.assert_allclose(rows, expected * 2, atol=1e-6)
    assert rows.dtype == np.float32


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 7)])
def test_pixels_are_what_the_network_is_given(tmp_path, shape):
    dataset = write_dataset(tmp_path / "dataset.npz", shape=shape)
    expected = read_part(dataset, "eval")[0].reshape(24, -1)
    raw = raw_input_activations(dataset=dataset, compacted=False, seed=0).rows
    assert raw.shape == (24, np.prod(shape))
    np.testing.assert_allclose(raw, expected, atol=1e-5)
    kept = raw_input_activations(dataset=dataset, compacted=True, seed=0).rows
    assert kept.shape == (24, 24)
    np.testing.assert_allclose(kept @ kept.T, expected @ expected.T, rtol=1e-4, atol=1e-3)


def test_a_tolerance_counts_where_they_are_compacted(tmp_path):
    dataset = write_dataset(tmp_path / "dataset.npz", shape=(3, 20, 20))
    raw = raw_input_activations(dataset=dataset, compacted=False, seed=4, tolerance=0.8).rows
    within = raw_input_activations(dataset=dataset, compacted=True, seed=4, tolerance=0.8).rows
    assert within.shape[1] < 18
    np.testing.assert_array_equal(within, stored_rows(raw, seed=4, tolerance=0.8).rows)


def test_the_file_has_their_spectrum_where_they_are_not_exact(tmp_path):
    dataset = write_dataset(tmp_path / "dataset.npz", shape=(3, 20, 20))
    path = str(tmp_path / "raw_inputs.npy")
    raw, within = (
        raw_input_activations(dataset=dataset, compacted=compacted, seed=4, tolerance=0.8)
        for compacted in (False, True)
    )
    save_raw_inputs(path, within)
    np.testing.assert_array_equal(np.load(path)[0], within.rows)
    np.testing.assert_array_equal(load_notes(path)[0], singular_values(raw.rows))
    save_raw_inputs(path, raw)
    assert load_notes(path) is None


@pytest.mark.parametrize("kind", ["table", "signals", "tokens", "other"])
def test_each_kind_in_its_own_sense(tmp_path, kind):
    path = write_samples(tmp_path / "dataset.npz", kind=kind)
    with np.load(path) as archive:
        inputs = {"": archive["inputs_0"]}
    expected = baseline_rows(kind, inputs)
    found = raw_input_activations(dataset=path, compacted=False, seed=0).rows
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("normalised", [True, False])
def test_columns_are_standardised_by_the_training_samples(tmp_path, normalised):
    """Whether or not the network is given them so, as dataset.normalize says."""
    path = write_samples(tmp_path / "dataset.npz", kind="table")
    with np.load(path) as archive:
        arrays = dict(archive)
    train = np.random.default_rng(5).normal(3, [1, 9, 0.1, 5, 2], (40, 5))
    scaler = StandardScaler().fit(train)
    parts = {"train_inputs": train, "inputs_0": arrays["eval_rows"]}
    if normalised:
        parts = {name: scaler.transform(rows) for name, rows in parts.items()}
    np.savez(path, **arrays | {name: rows.astype(np.float32) for name, rows in parts.items()})
    found = raw_input_activations(dataset=path, compacted=False, seed=0).rows
    np.testing.assert_allclose(found, scaler.transform(arrays["eval_rows"]), rtol=1e-4, atol=1e-4)
