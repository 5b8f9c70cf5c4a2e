"""Titles exist for the metrics that are always measured."""

from evolution.figures.metric_titles import METRIC_TITLES, SUMMARY_TITLES
from evolution.measures.registry import BASIC_METRICS


def test_each_basic_metric_has_its_titles():
    assert tuple(METRIC_TITLES) == tuple(SUMMARY_TITLES) == BASIC_METRICS
    assert len(set(METRIC_TITLES.values())) == len(set(SUMMARY_TITLES.values())) == len(BASIC_METRICS)
