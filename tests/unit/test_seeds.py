"""Streams of random numbers: independent, repeatable, the same in every process."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from evolution.seeds import generator, integer_seed

STREAMS = [
    (17, "sampling"),
    (17, "shuffling"),
    (17, "shuffling", 0),
    (17, "shuffling", 1),
    (17, "shuffling", 0, 0),
    (17, "shuffling", 0, 1),
    (17, "shuffling", 1, 0),
    (18, "sampling"),
    (0, "sampling"),
    (0, ""),
    (2**32 - 1, "sampling"),
]


def test_streams_differ_by_seed_name_and_coordinates():
    assert len({tuple(generator(*stream).integers(0, 2**62, 4)) for stream in STREAMS}) == len(STREAMS)
    assert len({integer_seed(*stream) for stream in STREAMS}) == len(STREAMS)


def test_the_same_stream_starts_again():
    first, again = generator(17, "sampling"), generator(17, "sampling")
    drawn = first.random(5).tolist()
    assert again.random(5).tolist() == drawn
    assert first.random(5).tolist() != drawn


@pytest.mark.parametrize("epoch", range(20))
def test_integer_seeds_suit_every_library(epoch):
    value = integer_seed(17, "dropout", epoch)
    assert type(value) is int
    assert 0 <= value < 2**31


def test_integer_seeds_of_following_epochs_are_unrelated():
    values = [integer_seed(17, "dropout", epoch) for epoch in range(1000)]
    assert len(set(values)) == 1000
    # Half of the neighbours go up, give or take 4.5 standard deviations of what chance gives (variance (n + 1) / 12).
    rising = sum(first < second for first, second in pairwise(values))
    assert abs(rising - 999 / 2) < 4.5 * (1001 / 12) ** 0.5


def test_streams_are_the_same_in_every_process():
    scripts = Path(__file__).parents[2] / "workflow" / "scripts"
    code = "from evolution.seeds import *; print(integer_seed(17, 'weights'), generator(17, 'x', 3).integers(2**40))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": str(scripts), "PYTHONHASHSEED": salt},
            stdout=-1,
            check=True,
        ).stdout.decode()
        for salt in ("0", "1")
    }
    assert printed == {f"{integer_seed(17, 'weights')} {generator(17, 'x', 3).integers(2**40)}\n"}
