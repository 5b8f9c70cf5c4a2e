"""Which times have a snapshot, and how snapshots and training are cut into spans."""

from itertools import pairwise

import pytest

from evolution.config.resolve import resolve
from evolution.config.spans import (
    counted_spans,
    snapshot_spacing,
    snapshot_spans,
    snapshot_times,
    span_name,
    spread_times,
    training_spans,
    training_width,
)


def spans_of(epochs=100, every=2, also=(), per_job=1):
    config = {"training": {"epochs": epochs}, "snapshots": {"every": every, "also": list(also)}}
    return snapshot_spans(resolve(config | {"snapshots_per_job": per_job}))


def training_spans_of(epochs, per_job):
    return {
        name: list(span)
        for name, span in training_spans(resolve({"training": {"epochs": epochs, "epochs_per_job": per_job}})).items()
    }


@pytest.mark.parametrize(
    ("epochs", "every", "also", "expected"),
    [
        (6, 2, [], [0, 2, 4, 6]),
        (7, 2, [], [0, 2, 4, 6, 7]),
        (7, 3, [1, 3], [0, 1, 3, 6, 7]),
        (5, 10, [], [0, 5]),
        (1, 1, [], [0, 1]),
        (4, 1, [0, 4], [0, 1, 2, 3, 4]),
    ],
)
def test_snapshot_times(epochs, every, also, expected):
    config = resolve({"training": {"epochs": epochs}, "snapshots": {"every": every, "also": also}})
    assert snapshot_times(config) == expected


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [(0, 0, "0000"), (10, 10, "0010"), (10, 18, "0010-0018"), (9999, 12345, "9999-12345")],
)
def test_span_names(first, last, name):
    assert span_name(first, last) == name


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        (0, 0, "step_000000"),
        (500, 500, "step_000500"),
        (1, 40, "step_000001-000040"),
        (999_999, 1_234_567, "step_999999-1234567"),
    ],
)
def test_span_names_of_steps(first, last, name):
    assert span_name(first, last, "step") == name


# An epoch of the tests below: 30 images in batches of 10.
LENGTH = 3


def in_steps(epochs=4, per_job=1, training=None, **snapshots):
    return resolve(
        {
            "dataset": {"train_size": 30},
            "training": {"epochs": epochs, "batch_size": 10} | (training or {}),
            "snapshots": {"unit": "step"} | snapshots,
            "snapshots_per_job": per_job,
        }
    )


@pytest.mark.parametrize(
    ("snapshots", "expected"),
    [
        # By default every two epochs.
        ({}, [0, 6, 12]),
        ({"every": 5}, [0, 5, 10, 12]),
        ({"every": 100}, [0, 12]),
        ({"every": 6, "also": [1, 6, 11]}, [0, 1, 6, 11, 12]),
        ({"log_until": 1}, [0, 1, 6, 12]),
        ({"log_until": 4}, [0, 1, 2, 4, 6, 12]),
        ({"log_until": 7}, [0, 1, 2, 4, 6, 12]),
        ({"log_until": 8}, [0, 1, 2, 4, 6, 8, 12]),
        # The training is over before.
        ({"log_until": 1000, "every": 7}, [0, 1, 2, 4, 7, 8, 12]),
    ],
)
def test_snapshots_in_steps(snapshots, expected):
    assert snapshot_times(in_steps(**snapshots), LENGTH) == expected


def test_powers_of_two_are_epochs_where_epochs_are_counted():
    config = resolve({"training": {"epochs": 9}, "snapshots": {"log_until": 4, "every": 5}})
    assert snapshot_times(config) == [0, 1, 2, 4, 5, 9]


def test_by_default_a_snapshot_comes_every_second_epoch():
    assert snapshot_spacing(resolve({})) == 2
    assert snapshot_spacing(in_steps(), 7) == 14
    assert snapshot_spacing(in_steps(every=3), 7) == 3


def test_spans_of_snapshots_in_steps():
    assert snapshot_spans(in_steps(log_until=2), LENGTH) == {
        "step_000000": [0],
        "step_000001": [1],
        "step_000002": [2],
        "step_000006": [6],
        "step_000012": [12],
    }
    assert snapshot_spans(in_steps(every=2, log_until=1, per_job=2), LENGTH) == {
        "step_000000": [0],
        "step_000001-000004": [1, 2, 4],
        "step_000006-000008": [6, 8],
        "step_000010-000012": [10, 12],
    }


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        # 20 epochs a job by default.
        ({}, {"step_000000": [0, 0], "step_000001-000012": [1, 12]}),
        (
            {"epochs_per_job": 2},
            {"step_000000": [0, 0], "step_000001-000006": [1, 6], "step_000007-000012": [7, 12]},
        ),
        (
            {"steps_per_job": 5},
            {"step_000000": [0, 0], "step_000001-000005": [1, 5], "step_000006-000010": [6, 10],
             "step_000011-000012": [11, 12]},
        ),
        # In steps, steps_per_job goes before epochs_per_job.
        (
            {"steps_per_job": 11, "epochs_per_job": 1},
            {"step_000000": [0, 0], "step_000001-000011": [1, 11], "step_000012": [12, 12]},
        ),
        ({"epochs_per_job": None}, {"step_000000": [0, 0], "step_000001-000012": [1, 12]}),
    ],
)  # fmt: skip
def test_training_spans_in_steps(training, expected):
    spans = training_spans(in_steps(training=training), LENGTH)
    assert {name: [span[0], span[-1]] for name, span in spans.items()} == expected
    assert [step for span in spans.values() for step in span] == list(range(13))


def test_what_a_job_trains():
    assert training_width(resolve({"training": {"epochs": 50}})) == 20
    assert training_width(resolve({"training": {"epochs": 50, "epochs_per_job": None}})) == 50
    assert training_width(in_steps(epochs=50), LENGTH) == 60
    assert training_width(in_steps(training={"steps_per_job": 7}), LENGTH) == 7


@pytest.mark.parametrize("per_job", [1, 2, 3])
@pytest.mark.parametrize(
    "snapshots",
    [{}, {"every": 1}, {"every": 5, "also": [1, 2, 11]}, {"log_until": 8}, {"every": 100, "log_until": 100}],
)
def test_counted_spans_are_about_as_many_as_there_are(snapshots, per_job):
    config = in_steps(epochs=40, per_job=per_job, training={"steps_per_job": 7}, **snapshots)
    of_snapshots, of_training = counted_spans(config, LENGTH)
    # A few more: some times are counted twice.
    assert len(snapshot_spans(config, LENGTH)) <= of_snapshots + 1 <= len(snapshot_spans(config, LENGTH)) + 10
    assert len(training_spans(config, LENGTH)) <= of_training + 1 <= len(training_spans(config, LENGTH)) + 2


def test_a_span_a_snapshot():
    assert spans_of(7, 3, [1]) == {"0000": [0], "0001": [1], "0003": [3], "0006": [6], "0007": [7]}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ((12, 2, [], 3), {"0000": [0], "0002-0006": [2, 4, 6], "0008-0012": [8, 10, 12]}),
        ((15, 2, [], 3), {"0000": [0], "0002-0006": [2, 4, 6], "0008-0012": [8, 10, 12], "0014-0015": [14, 15]}),
        ((13, 2, [], 3), {"0000": [0], "0002-0006": [2, 4, 6], "0008-0012": [8, 10, 12], "0013": [13]}),
        ((12, 2, [1, 5, 7], 3), {"0000": [0], "0001-0006": [1, 2, 4, 5, 6], "0007-0012": [7, 8, 10, 12]}),
        ((4, 2, [], 50), {"0000": [0], "0002-0004": [2, 4]}),
        ((3, 10, [], 2), {"0000": [0], "0003": [3]}),
    ],
)
def test_spans_of_more_snapshots(settings, expected):
    assert spans_of(*settings) == expected


@pytest.mark.parametrize("per_job", [1, 2, 3, 7])
@pytest.mark.parametrize("every", [1, 2, 5])
def test_more_epochs_move_no_boundary(every, per_job):
    width = every * per_job
    for epochs in range(width, 6 * width, width):
        before, after = spans_of(epochs, every, (), per_job), spans_of(epochs + width, every, (), per_job)
        assert list(after.items())[: len(before)] == list(before.items())
        assert len(after) == len(before) + (per_job if per_job == 1 else 1)


@pytest.mark.parametrize("per_job", [1, 3])
@pytest.mark.parametrize("added", range(1, 24))
def test_one_more_snapshot_touches_one_span(added, per_job):
    before, after = spans_of(24, 2, [5], per_job), spans_of(24, 2, sorted({5, added}), per_job)
    assert sorted(sum(after.values(), [])) == sorted({*sum(before.values(), []), added})  # noqa: RUF017
    changed = {name: epochs for name, epochs in after.items() if before.get(name) != epochs}
    if added % 2 == 0 or added == 5:
        assert changed == {}
    else:
        ((_, epochs),) = changed.items()
        assert added in epochs
        assert len(epochs) == 1 if per_job == 1 else (epochs[0] - 1) // 6 == (epochs[-1] - 1) // 6


@pytest.mark.parametrize(
    ("epochs", "per_job", "expected"),
    [
        (6, 3, {"0000": [0], "0001-0003": [1, 2, 3], "0004-0006": [4, 5, 6]}),
        (7, 3, {"0000": [0], "0001-0003": [1, 2, 3], "0004-0006": [4, 5, 6], "0007": [7]}),
        (2, 20, {"0000": [0], "0001-0002": [1, 2]}),
        (2, 1, {"0000": [0], "0001": [1], "0002": [2]}),
        (4, None, {"0000": [0], "0001-0004": [1, 2, 3, 4]}),
    ],
)
def test_training_spans(epochs, per_job, expected):
    assert training_spans_of(epochs, per_job) == expected


def test_more_epochs_are_more_links():
    assert list(training_spans_of(100, 20)) == ["0000", "0001-0020", "0021-0040", "0041-0060", "0061-0080", "0081-0100"]
    assert list(training_spans_of(150, 20))[:6] == list(training_spans_of(100, 20))


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("epochs", [[0], [0, 1], [0, 1, 2], list(range(8)), [*range(0, 101, 2)], [0, 1, 2, 5, 100]])
def test_spread_times(epochs, count):
    spread = spread_times(epochs, count)
    assert spread[0] == epochs[0]
    assert len(spread) <= count
    assert spread == sorted(set(spread)) and set(spread) <= set(epochs)
    if count > 1:
        assert spread[-1] == epochs[-1]
    if len(epochs) > 10:
        gaps = [later - earlier for earlier, later in pairwise(spread)]
        assert gaps == sorted(gaps), "closer together early in the training"


def test_times_of_a_log_schedule_are_spread_evenly():
    assert spread_times([0, 1, 2, 4, 8, 16, 50, 100, 150]) == [0, 1, 4, 8, 16, 100, 150]
    # Few early times, and many later ones at equal distances.
    later = range(1000, 143_001, 1000)
    spread = spread_times([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, *later])
    gaps = [later - earlier for earlier, later in pairwise(spread)]
    assert len(spread) == 7 and gaps == sorted(gaps) and spread[2] > 512
