"""Coordinates that are made from blocks of rows have the geometry of the rows, as the workflow's have."""

import numpy as np
import pytest
import torch

from activation_recorder import compaction
from activation_recorder.compaction import Gram, coordinates
from evolution.activations.compaction import compact

pytestmark = pytest.mark.usefixtures("one_thread")


def gaussian(samples=40, features=300, seed=0):
    return np.random.default_rng(seed).normal(size=(samples, features))


MATRICES = {
    "Gaussian": gaussian(),
    "ReLU": np.maximum(gaussian(), 0),
    "several blocks": gaussian(30, 9000),
    "several panels": gaussian(200, 300),
    "low rank": gaussian(40, 5) @ gaussian(5, 300, seed=1),
    "off center": 100 + gaussian(),
    "some rows of zeros": gaussian() * (np.arange(40) % 3 > 0)[:, None],
    "no variation": np.repeat(gaussian(40, 1), 300, axis=1),
    "all zero": np.zeros((40, 300)),
    "mixed norms": gaussian() * np.logspace(-7, 7, 40)[:, None],
    "a huge feature": gaussian() + 1e4 * (np.arange(300) == 7),
    "near duplicates": np.repeat(gaussian(20), 2, axis=0) * (1 + 1e-5 * gaussian(40, seed=1)),
}


def made(rows, parts=1):
    gram = Gram(len(rows), torch.device("cpu"))
    for part in np.array_split(rows, parts, axis=1):
        gram.add(torch.from_numpy(part))
    return coordinates(gram.products).numpy()


def distances(rows):
    """Euclidean distances by differences, in float64."""
    rows = rows.astype(np.float64)
    return np.array([np.sqrt(np.square(rows - row).sum(1)) for row in rows])


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("rows", MATRICES.values(), ids=MATRICES)
def test_distances_and_norms_agree_with_the_raw_rows(rows, parts):
    rows = rows.astype(np.float32)
    found = made(rows, parts)
    assert found.dtype == np.float32 and found.shape == (len(rows), len(rows))
    norms = np.linalg.norm(rows.astype(np.float64), axis=1)
    np.testing.assert_allclose(np.linalg.norm(found.astype(np.float64), axis=1), norms, rtol=1e-6)
    # Within 1e-5 of the distance, or where rows are much closer than they are long, within float32's share of a length.
    room = 1e-5 * distances(rows) + 2e-7 * np.maximum(norms[:, None], norms)
    assert (np.abs(distances(found) - distances(rows)) <= room).all()


@pytest.mark.parametrize("rows", MATRICES.values(), ids=MATRICES)
def test_products_agree_with_those_of_the_workflow(rows):
    rows = rows.astype(np.float32)
    mine, theirs = made(rows).astype(np.float64), compact(rows).astype(np.float64)
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
    # The workflow adds up products in float32, which leaves some 1e-6 of the lengths.
    np.testing.assert_array_less(np.abs(mine @ mine.T - theirs @ theirs.T), 1e-5 * np.outer(lengths, lengths) + 1e-12)


def test_equal_rows_stay_equal():
    rows = np.maximum(gaussian(60, 500), 0).astype(np.float32)
    rows[[7, 20, 41]] = rows[3]
    rows[[50, 11]] = rows[30]
    found = made(rows)
    for group in ([3, 7, 20, 41], [30, 50, 11]):
        assert len({found[row].tobytes() for row in group}) == 1
    assert len(np.unique(found, axis=0)) == len(np.unique(rows, axis=0))


def test_a_row_that_is_not_finite_spoils_no_other():
    rows = gaussian(30, 100).astype(np.float32)
    rows[4, 9], rows[8, 2] = np.nan, np.inf
    found = made(rows)
    others = np.delete(np.arange(30), [4, 8])
    assert np.isnan(found[[4, 8]]).all() and np.isfinite(found[others]).all()
    np.testing.assert_allclose(distances(found[others]), distances(rows[others]), rtol=1e-5, atol=1e-5)


def test_columns_beyond_the_rank_are_zero():
    found = made(MATRICES["low rank"].astype(np.float64))
    assert (np.abs(found).max(0) > 1e-6).sum() == 5


def test_the_panel_does_not_matter(monkeypatch):
    rows = MATRICES["several panels"].astype(np.float32)
    whole = distances(made(rows))
    monkeypatch.setattr(compaction, "PANEL", 7)
    np.testing.assert_allclose(distances(made(rows)), whole, rtol=1e-5)


def test_a_device_without_float64_leaves_it_to_the_cpu():
    assert Gram(3, torch.device("mps")).products.device.type == "cpu"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_on_a_gpu():
    rows = MATRICES["ReLU"].astype(np.float32)
    gram = Gram(len(rows), torch.device("cuda"))
    gram.add(torch.from_numpy(rows).cuda())
    assert gram.products.is_cuda
    np.testing.assert_allclose(distances(coordinates(gram.products).cpu().numpy()), distances(rows), rtol=1e-5)
