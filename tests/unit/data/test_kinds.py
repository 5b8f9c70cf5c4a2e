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
