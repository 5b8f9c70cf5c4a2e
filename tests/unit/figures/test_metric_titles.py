"""Titles exist for the metrics that are always measured."""

from evolution.figures.metric_titles import METRIC_TITLES, SUMMARY_TITLES
from support.metrics_of_classes import BASIC_METRICS


def test_each_basic_metric_has_its_titles():
    assert set(BASIC_METRICS) <= set(METRIC_TITLES) <= set(SUMMARY_TITLES)
    for titles in (METRIC_TITLES, SUMMARY_TITLES):
        assert len(set(titles.values())) == len(titles)
