"""The words for kinds: each has what is looked up by it."""

from evolution.data.kinds import BASELINES, KINDS, NONE, SCORES, TARGETS


def test_each_kind_has_a_baseline_and_each_target_a_score():
    assert set(BASELINES) == set(KINDS) and len(set(BASELINES.values())) == len(KINDS)
    assert set(SCORES) == set(TARGETS) - {NONE}
