"""Cells measured by torch: the values of NumPy and of scikit-learn, on torch's CPU and on a GPU where there is one."""

import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.linalg import eigvalsh
from sklearn.metrics import adjusted_rand_score

from evolution.data.kinds import CLASSES, LABELS, NONE, NUMBER
from evolution.errors import UserError
from evolution.measures.attributes import read_attribute
from evolution.measures.cell_metrics import layer_metrics
from evolution.measures.devices import (
    along,
    beside,
    diagonal,
    eigenvalues,
    exact,
    find_device,
    lack_of_memory_explained,
    namespace,
    on_host,
    place,
    smallest,
    solve_positive,
    squared_lengths,
)
from evolution.measures.measure_settings import MeasureSettings
from evolution.measures.registry import MEASURE_NAMES
from support.measured_by_sklearn import truth
from support.own_process import run

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = MeasureSettings(clusters=10, n_init=4, neighbors=7, measures=MEASURE_NAMES, seed=17)
DEVICES = [torch.device("cpu"), *([torch.device("cuda")] if torch.cuda.is_available() else [])]


def measured(rows, labels, device, *, settings=SETTINGS, **more):
    """All measures as of many samples: in blocks, without a matrix of all distances."""
    predicted = labels if more.get("target", CLASSES) == CLASSES else None
    more |= {"predicted": predicted, "matrix_samples": 50, "block": 64, "device": device}
    return layer_metrics(rows, labels, settings, **more)


def assert_alike(found, expected, within):
    values, others = (np.hstack(list(each[0].values())) for each in (found, expected))
    assert list(found[0]) == list(expected[0])
    np.testing.assert_allclose(values, others, rtol=within, atol=within)
    assert adjusted_rand_score(found[1], expected[1]) > 0.99
    assert (found[2] == expected[2]).mean() > 0.99 or np.allclose(found[2], expected[2], atol=1e-3)


@pytest.mark.parametrize("device", DEVICES, ids=str)
@pytest.mark.parametrize("width", [600, 150, 12, 1], ids=["wide", "as wide as high", "narrow", "one unit"])
def test_the_values_of_numpy_and_of_scikit_learn(features, device, width):
    rows, labels = np.ascontiguousarray(features[0][:, :width]), features[1]
    found = measured(rows, labels, device)
    assert_alike(found, measured(rows, labels, None), 1e-4)
    if width > 1:
        expected, clusters = truth(rows, labels, SETTINGS)
        assert {name: found[0][name] for name in expected} == pytest.approx(expected, abs=1e-3)
        np.testing.assert_array_equal(found[1], clusters)


@pytest.mark.parametrize("device", DEVICES, ids=str)
@pytest.mark.parametrize("target", [NUMBER, LABELS, NONE])
def test_other_targets_and_attributes(features, device, target):
    rows, labels = features
    known = {NUMBER: labels + 0.5, LABELS: labels[:, None] % np.array([2, 3, 4]) == 0, NONE: None}[target]
    columns = {"parity": np.array(["even", "odd"])[labels % 2], "size": labels.astype(float)}
    columns["parity"][::9], columns["size"][::7] = "", np.nan
    attributes = [read_attribute(name, column, "auto") for name, column in columns.items()]
    more = {"target": target, "attributes": attributes}
    assert_alike(measured(rows, known, device, **more), measured(rows, known, None, **more), 1e-4)


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_copies_and_equal_rows(features, device):
    """Most rows are copies, some are zeros; fewer directions than clusters leave none."""
    rows, labels = np.repeat(features[0][:40], 5, axis=0), np.repeat(features[1][:40], 5)
    rows[:7] = 0
    assert_alike(measured(rows, labels, device), measured(rows, labels, None), 1e-4)
    few = np.repeat(features[0][:4], 50, axis=0)
    assert_alike(measured(few, labels, device), measured(few, labels, None), 1e-4)


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_the_same_bytes_each_time(features, device):
    first, second = measured(*features, device), measured(*features, device)
    assert repr(first[0]) == repr(second[0])
    for one, other in zip(first[1:], second[1:]):
        np.testing.assert_array_equal(one, other)


def test_few_samples_are_measured_by_numpy(features):
    """What is asked for does not count below the limit: torch is not even loaded."""
    rows, labels = features
    settings = replace(SETTINGS, measures=())
    expected = layer_metrics(rows, labels, settings)
    found = layer_metrics(rows, labels, settings, device="no device at all")
    assert found[0] == expected[0]


def test_jobs_on_the_cpu_do_not_load_torch():
    run(
        "import sys, measure, evolution.measures.probe, evolution.measures.lloyd\n"
        "from evolution.measures.devices import find_device\n"
        "assert find_device('cpu') is None and 'torch' not in sys.modules"
    )


def test_which_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert find_device("cpu") is None and find_device("auto") is None
    with pytest.raises(UserError, match=r"^metrics\.device: cuda was asked for"):
        find_device("cuda")
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.allow_tf32
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    try:
        for name in ("auto", "cuda"):
            assert find_device(name).type == "cuda"
        assert torch.are_deterministic_algorithms_enabled() and not torch.backends.cuda.matmul.allow_tf32
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"]
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]


def test_a_lack_of_memory_is_a_message():
    said = r"^metrics\.device: cuda has too little memory .*out of memory.* set this to"
    with pytest.raises(UserError, match=said), lack_of_memory_explained(torch.device("cuda")):
        raise torch.OutOfMemoryError("CUDA out of memory.")
    for device, error in ((None, RuntimeError("other")), (torch.device("cuda"), RuntimeError("other"))):
        with pytest.raises(RuntimeError, match="other"), lack_of_memory_explained(device):
            raise error


def test_arrays_move(device):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    array.flags.writeable = False
    there = place(array, device)
    assert namespace(there) is (np if device is None else torch)
    assert type(beside(array, there)) is type(there)
    np.testing.assert_array_equal(on_host(beside(array, there)), array)
    copied = exact(there)
    copied += 1
    assert on_host(copied).dtype == np.float64
    np.testing.assert_array_equal(on_host(there), array)


def test_parts_of_tables(device):
    table = np.random.default_rng(0).normal(size=(5, 9))
    table[2, 3:] = np.inf
    there = place(table, device)
    chosen = smallest(there, 4)
    found = np.sort(on_host(along(there, chosen)), 1)
    np.testing.assert_array_equal(found, np.sort(table, 1)[:, :4])
    np.testing.assert_allclose(on_host(squared_lengths(place(table[:, :2], device))), np.square(table[:, :2]).sum(1))
    square = exact(place(table[:, :5].copy(), device))
    diagonal(square)[:] += 1
    np.testing.assert_array_equal(on_host(square), table[:, :5] + np.eye(5))


def test_positive_matrices(device):
    rows = np.random.default_rng(1).normal(size=(30, 8))
    matrix, right = rows.T @ rows, rows.T @ rows[:, :2]
    np.testing.assert_allclose(eigenvalues(place(matrix, device)), eigvalsh(matrix), rtol=1e-10)
    found = on_host(solve_positive(exact(place(matrix, device)), place(right, device)))
    np.testing.assert_allclose(matrix @ found, right, atol=1e-10)
