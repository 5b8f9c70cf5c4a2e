"""The list of metrics against the config's schema and the documentation."""

import re
from pathlib import Path

import yaml

from evolution.config.resolve import SCHEMA
from evolution.measures.registry import BASIC_METRICS, CLASSIFIER_METRICS, MEASURES, METRICS, PER_CLASS

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
    of_cells = {*BASIC_METRICS, *(name for metrics in MEASURES.values() for name in metrics)}
    assert of_cells | set(CLASSIFIER_METRICS) == set(names)
    assert set(CLASSIFIER_METRICS) - of_cells == {"nc3_self_duality"}
    assert set(PER_CLASS) < of_cells
