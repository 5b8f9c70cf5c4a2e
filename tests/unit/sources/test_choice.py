"""Which checkpoints are studied."""

import pytest

from evolution.sources.choice import chosen_times

ALL = {"every": None, "log_until": None, "also": [], "leave_out": []}
TIMES = [0, 1, 2, 4, 8, 10, 16, 512, 1000, 1500, 2000]


@pytest.mark.parametrize(
    ("choose", "expected"),
    [
        ({}, TIMES),
        ({"every": 1000}, [0, 1000, 2000]),
        ({"every": 1000, "also": [10]}, [0, 10, 1000, 2000]),
        ({"log_until": 512}, [0, 1, 2, 4, 8, 16, 512]),
        ({"log_until": 4, "every": 500}, [0, 1, 2, 4, 1000, 1500, 2000]),
        ({"also": [8]}, [8]),
        ({"leave_out": [0, 10]}, [time for time in TIMES if time not in (0, 10)]),
        ({"every": 1000, "leave_out": [1000]}, [0, 2000]),
        ({"every": 3, "also": [9]}, [0, 1500]),
    ],
)
def test_choices(choose, expected):
    assert chosen_times(reversed(TIMES), ALL | choose) == expected


def test_a_later_checkpoint_changes_no_choice():
    choose = ALL | {"every": 500, "log_until": 16}
    before = chosen_times(TIMES, choose)
    assert chosen_times([*TIMES, 2300, 2500], choose) == [*before, 2500]
