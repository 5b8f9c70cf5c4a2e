"""The steps that are due."""

import itertools

import numpy as np
import pytest
import torch

from activation_recorder import RecorderError, log_steps
from activation_recorder.schedule import due_steps


def due(at, until=2100):
    steps = due_steps(at)
    return [step for step in range(until) if step in steps]


def test_log_steps():
    assert due(log_steps(until=512, then=500)) == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1500, 2000]
    assert due(log_steps(until=8)) == [0, 1, 2, 4, 8]
    assert due(log_steps(until=0, then=1000)) == [0, 1000, 2000]
    assert np.int64(4) in log_steps(until=8)
    assert -1 not in log_steps(until=8, then=1)


def test_lists_and_ranges():
    assert due([3, np.int64(5), 3]) == [3, 5]
    assert due(range(0, 30, 10)) == [0, 10, 20]
    assert due(iter([7])) == [7]


@pytest.mark.parametrize(
    "at", [5, "10", None, [], [-1, 2], [1.5], ["1"], range(0), range(-3, 3), torch.tensor(3), itertools.count()]
)
def test_what_is_no_schedule(at):
    with pytest.raises(RecorderError, match="at"):
        due_steps(at)


@pytest.mark.parametrize("arguments", [(-1,), (8, 0), (8.5,), (8, "x")])
def test_log_steps_of_what_is_no_step(arguments):
    with pytest.raises(RecorderError):
        log_steps(*arguments)
