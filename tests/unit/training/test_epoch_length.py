"""The steps of an epoch against batches that are counted one by one."""

from hypothesis import given
from hypothesis import strategies as st

from evolution.training.epoch_length import steps_an_epoch
from support.own_process import run


@given(st.integers(1, 300), st.none() | st.integers(1, 400), st.integers(1, 20))
def test_steps_are_counted_as_batches_are_taken(images, batch_size, accumulate):
    left, steps = images, 0
    while left:
        for _ in range(accumulate):
            left -= min(left, batch_size or images)
        steps += 1
    assert steps_an_epoch(images, batch_size=batch_size, accumulate=accumulate) == steps


def test_a_few_by_hand():
    assert steps_an_epoch(40, batch_size=None) == steps_an_epoch(40, batch_size=100) == 1
    assert steps_an_epoch(40, batch_size=16) == 3
    assert steps_an_epoch(40, batch_size=7) == 6
    assert steps_an_epoch(40, batch_size=7, accumulate=2) == 3
    assert steps_an_epoch(40, batch_size=7, accumulate=4) == 2, "of 28 and of 12 images"


def test_the_planner_may_load_it():
    code = "import sys, evolution.training.epoch_length; print('torch' in sys.modules, 'numpy' in sys.modules)"
    assert run(code).split() == ["False", "False"]
