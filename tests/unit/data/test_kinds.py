"""The words for kinds: each has what is looked up by it."""

import pytest

from evolution.data.kinds import BASELINES, KINDS, NONE, SCORES, TARGETS, DataFacts, output_count


def test_each_kind_has_a_baseline_and_each_target_a_score():
    assert set(BASELINES) == set(KINDS) and len(set(BASELINES.values())) == len(KINDS)
    assert set(SCORES) == set(TARGETS) - {NONE}


@pytest.mark.parametrize(
    ("target", "names", "count"),
    [("classes", "ab", 2), ("labels", "abc", 3), ("number", "", 1), ("none", "", None), ("none", "ab", 2)],
)
def test_outputs_of_a_network(target, names, count):
    assert output_count(target, names) == count


def test_what_a_program_is_told_of_samples():
    assert DataFacts(names=("a", "b")).asked() == {"classes": 2}
    asked = DataFacts(kind="tokens", target="number", vocabulary=9).asked()
    assert asked == {"classes": 1, "kind": "tokens", "target": "number", "vocabulary": 9}


@pytest.mark.parametrize(
    ("facts", "columns"),
    [
        (DataFacts(shape=(3, 8, 9)), 3 * 8 * 9),
        (DataFacts("table", shape=(13,)), 13),
        (DataFacts("other", shape=None), 0),
        (DataFacts("tokens", shape=(12,), vocabulary=500), 500),
        (DataFacts("tokens", shape=(2,), vocabulary=500), 200),
        (DataFacts("tokens", shape=(1000,)), 30_000),
    ],
)
def test_bytes_of_the_raw_inputs(facts, columns):
    assert facts.baseline_bytes(100) == 4 * 100 * columns
