"""CKA of a layer with itself at other times."""

import pytest

from cka_times import time_similarities
from evolution.errors import UserError
from evolution.measures.cka import some_samples
from support.cka_by_formula import by_formula, plain_hsic, unbiased_hsic
from support.span_files import write_layers


def test_epochs_against_each_other(tmp_path):
    rows, paths = write_layers(tmp_path)
    table = time_similarities(activations=[paths["0000", "fc"], paths["0002-0004", "fc"]], spans=[[0], [2, 4]], seed=7)
    assert list(zip(table["first"], table["second"])) == [(0, 0), (0, 2), (0, 4), (2, 2), (2, 4), (4, 4)]
    for first, second, plain, unbiased, *_ in zip(*table.values()):
        pair = rows["fc"][first // 2], rows["fc"][second // 2]
        assert plain == pytest.approx(by_formula(*pair, plain_hsic), abs=1e-12)
        assert unbiased == pytest.approx(by_formula(*pair, unbiased_hsic), abs=1e-12)


def test_of_many_samples_some_are_drawn(tmp_path):
    rows, paths = write_layers(tmp_path)
    chosen = some_samples(30, 7, most=20)
    expected = by_formula(rows["fc"][1][chosen], rows["fc"][2][chosen], unbiased_hsic)
    table = time_similarities(activations=[paths["0002-0004", "fc"]], spans=[[2, 4]], seed=7, most_samples=20)
    assert table["unbiased"][1] == pytest.approx(expected, abs=1e-12)
    assert table["samples"].tolist() == [20] * 3 and table["available"].tolist() == [30] * 3


def test_a_span_of_another_length_is_refused(tmp_path):
    _, paths = write_layers(tmp_path)
    with pytest.raises(UserError, match=r"fc.npy is damaged .*\(3, None, None\)"):
        time_similarities(activations=[paths["0002-0004", "fc"]], spans=[[2, 4, 6]], seed=7)
