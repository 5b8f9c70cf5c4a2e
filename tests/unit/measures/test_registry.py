"""The list of metrics against the config's schema and the documentation."""

import re
from pathlib import Path

import pytest
import yaml

from evolution.config.resolve import SCHEMA
from evolution.data.kinds import TARGETS
from evolution.measures.registry import (
    CLASSIFIER_METRICS,
    MEASURE_NAMES,
    METRICS,
    OF_NUMBERS,
    OF_WORDS,
    PER_CLASS,
    metrics_of,
)
from support.metrics_of_classes import BASIC_METRICS, MEASURES

DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_the_config_names_the_measures():
    measures = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["properties"]["metrics"]["properties"]["measures"]
    assert measures["items"]["enum"] == list(MEASURES)
    assert set(measures["default"]) <= set(MEASURES)


def documented():
    """Measure to its metrics by the table in the documentation, which shortens names to their ends; "": always."""
    found = {}
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        names = re.findall(r"`(\w+)`", cells[1]) if len(cells) == 5 else []
        if len(cells) == 5 and (names or cells[1] == "always"):
            metrics = [] if cells[2] == "the same" else re.findall(r"`(\w+)`", cells[2])
            # The first is written in full, and `_mean` stands for what follows its last underscore.
            metrics = [metrics[0].rpartition("_")[0] + name if name.startswith("_") else name for name in metrics]
            found |= {name: metrics or [name] for name in names} if names else {"": metrics}
    return found


def test_the_documentation_names_the_measures_and_their_metrics():
    assert documented() == {"": list(BASIC_METRICS)} | {name: list(metrics) for name, metrics in MEASURES.items()}


def test_the_documentation_explains_each_metric():
    explained = re.findall(r"`(\w+)`", DOCS.read_text(encoding="utf-8"))
    assert {metric.name for metric in METRICS} <= set(explained) | {
        f"adjusted_rand_index{end}" for end in explained if end.startswith("_")
    }


def test_each_metric_is_listed_once_and_measured_somewhere():
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    of_cells = {name for target in TARGETS for name in metrics_of(target, MEASURE_NAMES)}
    assert of_cells | set(CLASSIFIER_METRICS) == set(names)
    assert set(CLASSIFIER_METRICS) - of_cells == {"nc3_self_duality"}
    assert set(PER_CLASS) < of_cells


def rows_of_table(header):
    """The rows of a table in the documentation, by the first cell, below the one with this header."""
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {header} |"))
    rows = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return rows
        first, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[first] = [re.findall(r"`([\w:]+)`", cell) for cell in cells]


@pytest.mark.parametrize(
    ("target", "called"), [("number", "a number"), ("labels", "several labels"), ("none", "nothing")]
)
def test_the_documentation_names_the_metrics_of_each_target(target, called):
    always, probed, of_each = rows_of_table("target")[called]
    assert {*always, *(name for name in of_each if "linear_probe" not in name)} == set(metrics_of(target, ()))
    assert {*always, *probed, *of_each} == set(metrics_of(target, ["linear_probe"]))
    assert set(of_each) == set(PER_CLASS) & set(metrics_of(target, MEASURE_NAMES))


def test_the_documentation_names_the_metrics_of_attributes():
    rows = rows_of_table("attribute")
    for kind, metrics, attribute in (("words", OF_WORDS, "writer"), ("numbers", OF_NUMBERS, "age")):
        (names,) = rows[kind]
        assert [name for name in names if ":" in name] == [f"{metric}:{attribute}" for metric in metrics]


def test_the_order_of_measures_in_the_config_changes_nothing():
    names = metrics_of("classes", ["linear_probe", "v_measure"])
    assert names == metrics_of("classes", ["v_measure", "linear_probe"])
    assert names == (*BASIC_METRICS, "homogeneity", "completeness", "v_measure", "linear_probe_accuracy")
