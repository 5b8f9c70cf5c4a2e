"""What stands above maps."""

import pytest

from evolution.data.kinds import TARGETS
from evolution.figures.map_metrics import MAP_METRICS
from evolution.measures.long_tables import MAIN_METRICS


def test_each_kind_of_target_has_the_one_that_layers_are_compared_by():
    assert {target: metric.name for target, metric in MAP_METRICS.items()} == MAIN_METRICS
    assert set(MAP_METRICS) == set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_it_is_explained_in_a_sentence(target):
    metric = MAP_METRICS[target]
    for sentence in (metric.sentence, metric.full_sentence, metric.inputs_sentence):
        assert sentence.lower().startswith(f"{metric.short.lower()}: ") and sentence.endswith(".")
    assert "layer" in metric.sentence and "layer" not in metric.inputs_sentence


def test_an_abbreviation_is_written_out_once():
    metric = MAP_METRICS["classes"]
    assert metric.full_sentence == metric.sentence.replace("ARI: ", "ARI: adjusted Rand index, ")
    assert MAP_METRICS["none"].full_sentence == MAP_METRICS["none"].sentence
