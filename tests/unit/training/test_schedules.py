"""The factors of a schedule against torch's own schedulers, one step after another."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    SequentialLR,
)

from evolution.training.schedules import NAMES, Schedule

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"
LEARNING_RATE = 0.3
LENGTHS = (1, 2, 3, 7, 100, 1563)


def factors(make_scheduler, count):
    """What a scheduler of torch makes of the learning rate at each of `count` steps, as shares of it."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LEARNING_RATE)
    rates = []
    with warnings.catch_warnings():
        # SequentialLR itself steps in a way that torch advises against.
        warnings.simplefilter("ignore")
        scheduler = make_scheduler(optimizer)
        for done in range(count):
            rates.append(optimizer.param_groups[0]["lr"] / LEARNING_RATE)
            optimizer.step()
            if done < count - 1:
                scheduler.step()
    return rates


def warmed_up(make_rest, warmup):
    """A scheduler with a warm-up before it."""

    def make(optimizer):
        if warmup == 0:
            return make_rest(optimizer)
        rising = LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
        return SequentialLR(optimizer, [rising, make_rest(optimizer)], milestones=[warmup])

    return make


def assert_same(schedule, make_scheduler, steps, length="known"):
    expected = factors(make_scheduler, steps)
    given = None if length == "unknown" else steps
    assert [schedule.rate(done, given) for done in range(steps)] == pytest.approx(expected, rel=1e-12, abs=0)


def warmups(steps):
    """Warm-ups as they are given, and in steps: whole ones, and a share."""
    return [(0, 0), *((whole, whole) for whole in (1, 3, 40) if whole < steps), (0.1, round(0.1 * steps))]


@pytest.mark.parametrize("steps", LENGTHS)
@pytest.mark.parametrize("final", [0.0, 0.05, 1.0])
def test_cosine(steps, final):
    for warmup, whole in warmups(steps):
        schedule = Schedule("cosine", warmup=warmup, final=final)
        chain = warmed_up(
            lambda optimizer, left=steps - whole: CosineAnnealingLR(optimizer, left, eta_min=final * LEARNING_RATE),
            whole,
        )
        assert_same(schedule, chain, steps)


@pytest.mark.parametrize("steps", LENGTHS)
@pytest.mark.parametrize("final", [0.0, 0.05, 1.0])
def test_linear(steps, final):
    for warmup, whole in warmups(steps):
        schedule = Schedule("linear", warmup=warmup, final=final)
        chain = warmed_up(
            lambda optimizer, left=steps - whole: LinearLR(optimizer, 1.0, end_factor=final, total_iters=left), whole
        )
        assert_same(schedule, chain, steps)


@pytest.mark.parametrize("steps", LENGTHS)
def test_constant(steps):
    for warmup, whole in warmups(steps):
        schedule = Schedule("constant", warmup=warmup)
        assert_same(schedule, warmed_up(lambda optimizer: ConstantLR(optimizer, factor=1.0), whole), steps)


@pytest.mark.parametrize("steps", LENGTHS)
@pytest.mark.parametrize("at", [(), (2,), (0.5, 0.75), (30, 60, 5000), (5, 5), (0.001, 2), (60, 0.3)])
def test_step(steps, at):
    milestones = [round(count * steps) if count < 1 else count for count in at]
    for warmup, whole in warmups(steps):
        schedule = Schedule("step", warmup=warmup, at=at, factor=0.3)
        # The scheduler counts from the end of the warm-up.
        counted = [milestone - whole for milestone in milestones]
        chain = warmed_up(lambda optimizer, counted=counted: MultiStepLR(optimizer, counted, gamma=0.3), whole)
        assert_same(schedule, chain, steps)


@pytest.mark.parametrize(
    ("steps", "warmup", "whole"),
    [
        *((steps, 0, None) for steps in LENGTHS),
        *((2, 2, 2), (3, 2, 2), (7, 2, 2), (100, 2, 2), (100, 40, 40), (1563, 40, 40)),
        *((1, 0.01, 0), (3, 0.5, 2), (7, 0.01, 0), (7, 0.5, 4), (100, 0.1, 10), (1563, 0.1, 156), (1563, 0.5, 782)),
    ],
)
def test_one_cycle(steps, warmup, whole):
    share = 0.3 if whole is None else whole / steps

    def cycle(optimizer):
        return OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps, pct_start=share, cycle_momentum=False)

    assert_same(Schedule("one_cycle", warmup=warmup), cycle, steps)


def test_one_cycle_that_rises_in_one_step_begins_at_its_peak():
    """torch divides by zero there; a rise that is shorter by next to nothing has a truth."""
    steps = 20
    assert Schedule("one_cycle", warmup=1).rate(0, steps) == 1

    def cycle(optimizer):
        return OneCycleLR(
            optimizer, LEARNING_RATE, total_steps=steps, pct_start=(1 - 1e-9) / steps, cycle_momentum=False
        )

    rates = [Schedule("one_cycle", warmup=1).rate(done, steps) for done in range(steps)]
    assert rates == pytest.approx(factors(cycle, steps), rel=1e-6, abs=0)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "one_cycle"])
@pytest.mark.parametrize("steps", [1, 6])
@pytest.mark.parametrize("longer", [0, 1, 50])
def test_a_warmup_that_fills_the_training(name, steps, longer):
    warmup = steps + longer
    schedule = Schedule(name, warmup=warmup, at=(2, 0.5))
    assert_same(schedule, lambda optimizer: LinearLR(optimizer, 1 / (warmup + 1), total_iters=warmup), steps)


@pytest.mark.parametrize("longer", [0, 1, 50])
def test_a_cycle_that_only_rises(longer):
    steps = 6
    whole = steps + longer

    def cycle(optimizer):
        return OneCycleLR(optimizer, LEARNING_RATE, total_steps=whole, pct_start=1.0, cycle_momentum=False)

    assert_same(Schedule("one_cycle", warmup=whole), cycle, steps)


LENGTHLESS = (
    Schedule("constant"),
    Schedule("constant", warmup=5),
    Schedule("constant", at=(0.5,)),
    Schedule("step", at=(3, 9)),
    Schedule("step", warmup=5, at=(3, 9)),
)


@pytest.mark.parametrize("schedule", LENGTHLESS, ids=str)
def test_schedules_that_do_not_depend_on_the_length(schedule):
    assert not schedule.needs_length()
    for steps in (4, 1000):
        for done in range(20):
            assert schedule.rate(done, None) == schedule.rate(done, steps)


@pytest.mark.parametrize(
    "schedule",
    [
        Schedule("constant", warmup=0.5),
        Schedule("step", warmup=0.5, at=(3,)),
        Schedule("step", at=(3, 0.5)),
        Schedule("cosine", warmup=5),
        Schedule("linear"),
        Schedule("one_cycle"),
    ],
    ids=str,
)
def test_schedules_that_depend_on_the_length(schedule):
    assert schedule.needs_length()
    assert [schedule.rate(done, 10) for done in range(10)] != [schedule.rate(done, 1000) for done in range(10)]


@pytest.mark.parametrize("schedule", [Schedule("cosine", final=0.1), Schedule("linear", final=0.1)], ids=str)
def test_after_the_end_the_last_factor_is_kept(schedule):
    assert [schedule.rate(done, 10) for done in (10, 11, 500)] == pytest.approx([0.1] * 3)


def test_a_cycle_keeps_its_last_factor():
    rates = [Schedule("one_cycle").rate(done, 10) for done in (9, 10, 11, 500)]
    assert rates == pytest.approx([1 / 25e4] * 4, rel=1e-12, abs=0)


def test_a_name_that_there_is_not():
    with pytest.raises(ValueError, match="no schedule exponential; there are constant, cosine"):
        Schedule("exponential").rate(0, 10)


def test_neither_torch_nor_numpy_is_loaded():
    code = "import sys, evolution.training.schedules; print(*{'torch', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
