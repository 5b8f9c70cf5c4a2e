"""CKA of a run's layers with each other."""

import pytest

from cka_layers import layer_similarities
from evolution.measures.cka import some_samples
from support.cka_by_formula import by_formula, plain_hsic, unbiased_hsic
from support.span_files import write_layers


def test_layers_against_each_other(tmp_path):
    rows, paths = write_layers(tmp_path)
    names = ["raw_inputs", "conv", "fc"]
    of_span = {"raw_inputs": paths["0000", "raw_inputs"]} | {name: paths["0002-0004", name] for name in ("conv", "fc")}
    table = layer_similarities(activations=of_span, times=[2, 4], seed=7)
    assert list(table) == ["time", "first", "second", "plain", "unbiased", "samples", "available"]
    assert table["time"].tolist() == [2] * 6 + [4] * 6
    for time, first, second, plain, unbiased, samples, available in zip(*table.values()):
        assert names.index(first) <= names.index(second) and samples == available == 30
        pair = (rows[name][0 if name == "raw_inputs" else time // 2] for name in (first, second))
        first, second = pair
        assert plain == pytest.approx(by_formula(first, second, plain_hsic), abs=1e-12)
        assert unbiased == pytest.approx(by_formula(first, second, unbiased_hsic), abs=1e-12)


def test_of_many_samples_some_are_drawn(tmp_path):
    rows, paths = write_layers(tmp_path)
    chosen = some_samples(30, 7, most=20)
    of_span = {name: paths["0000", name] for name in ("fc", "conv")}
    table = layer_similarities(activations=of_span, times=[0], seed=7, most_samples=20)
    expected = by_formula(rows["fc"][0][chosen], rows["conv"][0][chosen], plain_hsic)
    assert table["plain"][1] == pytest.approx(expected, abs=1e-12)
    assert table["samples"].tolist() == [20] * 3 and table["available"].tolist() == [30] * 3
