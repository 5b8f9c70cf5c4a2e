"""A pass over blocks of distances, against all distances at once in float64."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.preprocessing import normalize

from evolution.measures.blocks import Search, about_mean, nearest_of, pass_over
from evolution.measures.devices import on_host, place

pytestmark = pytest.mark.usefixtures("one_thread")

# Blocks of one row, of several rows with and without a remainder, and one block of all.
BLOCKS = [1, 16, 19, 95, 1000]


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    return normalize(random.normal(size=(95, 30)) + 2).astype(np.float32)


def by_distance(rows, members, count):
    """Each member's nearest other members, by distance and then by number, and the distances; all in float64."""
    distances = cdist(rows.astype(float), rows.astype(float))
    np.fill_diagonal(distances, np.inf)
    distances[:, ~members] = np.inf
    order = np.argsort(distances, 1, kind="stable")[members, :count]
    return order, np.take_along_axis(distances[members], order, 1)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("narrow", [0, 128], ids=["float32", "float64"])
def test_sums_and_neighbours(rows, block, narrow, device):
    groups = np.eye(4)[np.arange(95) % 4]
    groups[7] = 0
    searches = [Search(np.ones(95, bool), 5), Search(np.arange(95) % 3 > 0, 9)]
    placed = place(rows, device)
    centred = about_mean(placed, narrow=narrow, block=block)
    assert on_host(centred.rows).dtype == (np.float64 if narrow else np.float32)
    sums = pass_over(centred, groups, searches, block=block)
    np.testing.assert_allclose(sums, cdist(rows.astype(float), rows.astype(float)) @ groups, rtol=1e-5)
    for search in searches:
        numbers, squares = nearest_of(search, placed, centred.error(False), exact=True)
        expected, distances = by_distance(rows, search.members, search.count)
        np.testing.assert_array_equal(numbers, expected)
        np.testing.assert_allclose(np.sqrt(squares), distances, rtol=1e-12)


@pytest.mark.parametrize("block", BLOCKS)
def test_neighbours_that_float32_cannot_tell_apart(block, device):
    """Rows on a sphere, and half of them again so near that their distances differ in the seventh digit."""
    random = np.random.default_rng(1)
    rows = normalize(random.normal(size=(48, 300))).astype(np.float32)
    near = rows[:40] + np.float32(1e-6) * random.normal(size=(40, 300)).astype(np.float32)
    rows = np.concatenate([rows, near, near[:7] + np.float32(2e-7)])
    placed = place(rows, device)
    centred = about_mean(placed)
    search = Search(np.ones(len(rows), bool), 2)
    pass_over(centred, np.zeros((len(rows), 0)), [search], block=block)
    numbers, _ = nearest_of(search, placed, centred.error(False))
    expected, _ = by_distance(rows, search.members, 2)
    np.testing.assert_array_equal(np.sort(numbers, 1), np.sort(expected, 1))


@pytest.mark.parametrize("block", [16, 1000])
def test_ties_go_to_the_first(block, device):
    """A ring of points on the axes: all but the opposite one are equally far."""
    rows = np.concatenate([np.eye(150), -np.eye(150)])[::-1].astype(np.float32)
    rows = place(rows, device)
    centred, search = about_mean(rows), Search(np.ones(300, bool), 3)
    pass_over(centred, np.zeros((300, 0)), [search], block=block)
    numbers, squares = nearest_of(search, rows, centred.error(False))
    np.testing.assert_array_equal(numbers[200:], np.tile([0, 1, 2], (100, 1)) + (numbers[200:] - [0, 1, 2]))
    np.testing.assert_allclose(squares, 2, rtol=1e-6)
    for row, near in enumerate(numbers):
        others = [other for other in range(300) if other not in (row, (row + 150) % 300)]
        assert near.tolist() == others[:3]


@pytest.mark.parametrize("lengths", ["alike", "orders apart"])
@pytest.mark.parametrize("features", [30, 200])
def test_distances_before_rows_were_scaled(lengths, features, device):
    random = np.random.default_rng(2)
    raw = (random.normal(size=(90, features)) + 1).astype(np.float32)
    raw *= np.float32(1) if lengths == "alike" else np.logspace(-3, 3, 90, dtype=np.float32)[:, None]
    unit = normalize(raw.astype(float)).astype(np.float32)
    of_raw = np.linalg.norm(raw.astype(float), axis=1)
    search = Search(np.ones(90, bool), 2, of_raw / of_raw.max())
    centred = about_mean(place(unit, device), narrow=0)
    pass_over(centred, np.zeros((90, 0)), [search], block=32)
    numbers, squares = nearest_of(search, place(raw, device), centred.error(True), scale=of_raw.max(), exact=True)
    expected, distances = by_distance(raw, search.members, 2)
    np.testing.assert_array_equal(numbers, expected)
    np.testing.assert_allclose(np.sqrt(squares) * of_raw.max(), distances, rtol=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("lengths_first", [True, False])
def test_rows_of_zeros_lie_in_the_middle(lengths_first, device):
    """Before they were scaled they are as far from a row as it is long."""
    random = np.random.default_rng(4)
    raw = random.normal(size=(90, 200)).astype(np.float32)
    raw[[0, 40, 41]] = 0
    unit = normalize(raw.astype(float)).astype(np.float32)
    of_raw = np.linalg.norm(raw.astype(float), axis=1)
    plain, search = Search(np.ones(90, bool), 2), Search(np.ones(90, bool), 2, of_raw / of_raw.max())
    centred = about_mean(place(unit, device))
    pass_over(centred, np.zeros((90, 0)), [search, plain] if lengths_first else [plain, search], block=32)
    for searched, rows, scale in ((plain, unit, 1.0), (search, raw, of_raw.max())):
        numbers, squares = nearest_of(
            searched, place(rows, device), centred.error(searched is search), scale=scale, exact=True
        )
        expected, distances = by_distance(rows, searched.members, 2)
        np.testing.assert_array_equal(numbers, expected)
        np.testing.assert_allclose(np.sqrt(squares) * scale, distances, rtol=1e-9)


def test_an_error_covers_what_float32_is_off_by():
    random = np.random.default_rng(3)
    for features in (200, 3000):
        rows = normalize(np.maximum(random.normal(size=(300, features)), 0)).astype(np.float32)
        centred, search = about_mean(rows), Search(np.ones(300, bool), 290)
        pass_over(centred, np.zeros((300, 0)), [search])
        exact = cdist(rows.astype(float), rows.astype(float), "sqeuclidean")
        found = search.numbers >= 0
        off = np.abs(search.squares - np.take_along_axis(exact, search.numbers, 1))[found].max()
        assert off < centred.error(False) / 2


def test_fewer_others_than_candidates():
    rows = np.arange(4, dtype=np.float32)[:, None] ** 2
    search, centred = Search(np.array([True, False, True, True]), 2), about_mean(rows, scale=9.0)
    pass_over(centred, np.zeros((4, 0)), [search], block=3)
    numbers, squares = nearest_of(search, rows, centred.error(False), scale=9.0, exact=True)
    assert numbers.tolist() == [[2, 3], [0, 3], [2, 0]]
    np.testing.assert_allclose(81 * squares, [[16, 81], [16, 25], [25, 81]])
