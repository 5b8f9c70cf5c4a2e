"""The tables of CKA of a run's layers and epochs."""

import numpy as np
import pytest

import cka_epochs
import cka_layers
from evolution.activations.compaction import compact
from evolution.errors import UserError
from evolution.io.arrays import save_npy
from evolution.measures import cka
from evolution.measures.cka import pair_matrix, some_samples
from support.cka_by_formula import by_formula, plain_hsic, unbiased_hsic


@pytest.fixture
def layers(tmp_path):
    """Activations of two layers at epochs 0, 2 and 4 (a span of one, a span of two), and of the pixels; rows, paths."""
    random = np.random.default_rng(0)
    epochs = {
        "conv": random.normal(size=(3, 30, 70)).astype(np.float32),
        "fc": random.normal(size=(3, 30, 5)).astype(np.float32),
    }
    epochs["fc"][1:] += epochs["conv"][1:, :, :5]
    rows = {name: [compact(entry) for entry in entries] for name, entries in epochs.items()}
    paths = {}
    for name, entries in rows.items():
        for span, part in {"0000": entries[:1], "0002-0004": entries[1:]}.items():
            paths[span, name] = str(tmp_path / span / f"{name}.npy")
            save_npy(paths[span, name], np.stack(part))
    rows["pixels"] = [random.normal(size=(30, 8)).astype(np.float32)]
    paths["0000", "pixels"] = str(tmp_path / "0000" / "pixels.npy")
    save_npy(paths["0000", "pixels"], rows["pixels"][0][None])
    return rows, paths


def test_layers_against_each_other(layers):
    rows, paths = layers
    names = ["pixels", "conv", "fc"]
    of_span = {"pixels": paths["0000", "pixels"]} | {name: paths["0002-0004", name] for name in ("conv", "fc")}
    table = cka_layers.layer_similarities(of_span, [2, 4], 7)
    assert list(table) == ["epoch", "first", "second", "plain", "unbiased", "samples", "available"]
    assert table["epoch"].tolist() == [2] * 6 + [4] * 6
    for epoch, first, second, plain, unbiased, samples, available in zip(*table.values()):
        assert names.index(first) <= names.index(second) and samples == available == 30
        pair = (rows[name][0 if name == "pixels" else epoch // 2] for name in (first, second))
        first, second = pair
        assert plain == pytest.approx(by_formula(first, second, plain_hsic), abs=1e-12)
        assert unbiased == pytest.approx(by_formula(first, second, unbiased_hsic), abs=1e-12)


def test_epochs_against_each_other(layers):
    rows, paths = layers
    table = cka_epochs.epoch_similarities([paths["0000", "fc"], paths["0002-0004", "fc"]], [[0], [2, 4]], 7)
    assert list(zip(table["first"], table["second"])) == [(0, 0), (0, 2), (0, 4), (2, 2), (2, 4), (4, 4)]
    for first, second, plain, unbiased, *_ in zip(*table.values()):
        pair = rows["fc"][first // 2], rows["fc"][second // 2]
        assert plain == pytest.approx(by_formula(*pair, plain_hsic), abs=1e-12)
        assert unbiased == pytest.approx(by_formula(*pair, unbiased_hsic), abs=1e-12)


def test_of_many_samples_some_are_drawn(layers, monkeypatch):
    rows, paths = layers
    monkeypatch.setattr(cka, "MOST_SAMPLES", 20)
    chosen = some_samples(30, 7)
    assert len(set(chosen)) == 20 and sorted(chosen) == list(chosen)
    assert list(some_samples(30, 8)) != list(chosen) == list(some_samples(30, 7))
    expected = by_formula(rows["fc"][1][chosen], rows["fc"][2][chosen], unbiased_hsic)
    table = cka_epochs.epoch_similarities([paths["0002-0004", "fc"]], [[2, 4]], 7)
    assert table["unbiased"][1] == pytest.approx(expected, abs=1e-12)
    assert table["samples"].tolist() == [20] * 3 and table["available"].tolist() == [30] * 3
    across = cka_layers.layer_similarities({name: paths["0000", name] for name in ("fc", "conv")}, [0], 7)
    expected = by_formula(rows["fc"][0][chosen], rows["conv"][0][chosen], plain_hsic)
    assert across["plain"][1] == pytest.approx(expected, abs=1e-12)
    assert across["samples"].tolist() == [20] * 3


def test_a_span_of_another_length_is_refused(layers):
    with pytest.raises(UserError, match=r"fc.npy is damaged .*\(3, None, None\)"):
        cka_epochs.epoch_similarities([layers[1]["0002-0004", "fc"]], [[2, 4, 6]], 7)


def test_matrix_of_pairs():
    matrix = pair_matrix(["a", "b", "c"], ["a", "a", "b", "x"], ["a", "b", "b", "a"], [1, 0.5, 0.9, 0.1])
    np.testing.assert_array_equal(matrix, [[1, 0.5, np.nan], [0.5, 0.9, np.nan], [np.nan] * 3])
