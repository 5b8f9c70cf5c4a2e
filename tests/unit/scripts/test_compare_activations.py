"""CKA of layers of different runs."""

import logging

import numpy as np
import pytest

from compare_activations import compare_activations, same_samples
from evolution.activations.cells import Cells
from evolution.io.arrays import save_npy, save_npz
from support.cka_by_formula import by_formula, unbiased_hsic
from support.samples import write_samples


def write_images(path, seed):
    images = np.random.default_rng(seed).integers(0, 255, (40, 1, 4, 4)).astype(np.uint8)
    labels, indices = np.arange(40) % 4, np.arange(40)
    save_npz(path, eval_images=images, eval_labels=labels, eval_indices=indices, class_names=np.array(list("abcd")))
    return str(path)


def write_activations(folder, cells, samples=40):
    """Write the cells' activations at epoch 4; return them, and the arguments of compare_activations that say where."""
    random = np.random.default_rng(3)
    rows = {cell: random.normal(size=(samples, 60)).astype(np.float32) for cell in cells}
    paths, layers = {}, {}
    for (run, layer), values in rows.items():
        path = folder / run / "0000-0004" / f"{layer}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        save_npy(path, np.stack([np.zeros_like(values), values]))
        paths.setdefault(run, []).append(path)
        layers.setdefault(run, []).append(layer)
    activations = {run: Cells(of_run, {"0000-0004": [0, 4]}) for run, of_run in paths.items()}
    return rows, {"activations": activations, "layers": layers, "times": dict.fromkeys(layers, 4)}


def test_layers_of_runs_with_the_same_samples_are_compared(tmp_path):
    datasets = {run: write_images(tmp_path / f"{run}.npz", seed) for run, seed in (("a", 1), ("b", 2), ("c", 1))}
    assert same_samples(datasets) == ["a", "c"]
    cells = [("a", "x"), ("a", "y"), ("b", "x"), ("c", "x")]
    rows, where = write_activations(tmp_path, cells)
    table = compare_activations(datasets=datasets, **where, seed=0)
    found = list(zip(table["run"], table["layer"], table["other_run"], table["other_layer"], table["cka_unbiased"]))
    assert {(run, other) for run, _, other, _, _ in found} == {("a", "a"), ("a", "c"), ("c", "a"), ("c", "c")}
    assert len(found) == 9 and set(table["samples"]) == {40}
    for run, layer, other, other_layer, value in found:
        expected = by_formula(rows[run, layer], rows[other, other_layer], unbiased_hsic)
        assert value == pytest.approx(expected, abs=1e-6)


def write_own(path, *, inputs, ids=None, labels=4):
    """Samples of a user's function, all with the same previews."""
    more = {} if ids is None else {"eval_ids": np.array(ids)}
    save_npz(
        path,
        eval_images=np.zeros((40, 1, 4, 4), np.uint8),
        eval_labels=np.arange(40) % labels,
        class_names=np.array([""] * labels),
        eval_indices=np.arange(40),
        input_names=np.array(["x"]),
        inputs_0=np.random.default_rng(inputs).normal(size=(40, inputs)).astype(np.float32),
        **more,
    )
    return str(path)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"inputs": 3}, {"inputs": 3}, True),
        ({"inputs": 3}, {"inputs": 4}, False),
        ({"inputs": 3, "ids": range(40)}, {"inputs": 4, "ids": range(40)}, True),
        ({"inputs": 3, "ids": range(40)}, {"inputs": 3, "ids": range(1, 41)}, False),
        ({"inputs": 3, "ids": range(40)}, {"inputs": 3}, False),
        ({"inputs": 3, "ids": range(40)}, {"inputs": 3, "ids": range(40), "labels": 5}, False),
    ],
)
def test_own_samples_are_told_by_their_ids_or_inputs(tmp_path, first, second, same):
    """Previews are alike for all, as those that show a position alone."""
    datasets = {"a": write_own(tmp_path / "a.npz", **first), "b": write_own(tmp_path / "b.npz", **second)}
    assert same_samples(datasets) == (["a", "b"] if same else ["a"])


def test_of_many_samples_some_are_drawn_the_same_of_all(tmp_path):
    datasets = {run: write_images(tmp_path / f"{run}.npz", 1) for run in ("a", "b")}
    rows, where = write_activations(tmp_path, [("a", "x"), ("b", "x")])
    # The second is the first turned around: of the same samples, CKA is 1.
    save_npy(tmp_path / "b" / "0000-0004" / "x.npy", np.stack([rows["b", "x"], rows["a", "x"][:, ::-1]]))
    table = compare_activations(datasets=datasets, **where, seed=0, most_samples=30)
    np.testing.assert_allclose(table["cka"], 1, atol=1e-6)
    assert set(table["samples"]) == {30}


def test_ids_tell_who_the_samples_are_whatever_their_images(tmp_path):
    def write(run, seed, ids=None, labels=None, indices=None):
        images = np.random.default_rng(seed).integers(0, 255, (40, 1, 4, 4)).astype(np.uint8)
        labels = np.arange(40) % 4 if labels is None else labels
        more = {} if ids is None else {"eval_ids": np.array(ids), "input_names": np.array([], str)}
        indices = np.arange(40) if indices is None else indices
        save_npz(
            tmp_path / f"{run}.npz",
            eval_images=images,
            eval_labels=labels,
            eval_indices=indices,
            class_names=np.array([""]),
            **more,
        )
        return str(tmp_path / f"{run}.npz")

    names = [f"s{number}" for number in range(40)]
    ours, theirs = write("a", 1, ids=names), write("b", 2, ids=names, indices=np.arange(40) + 7)
    assert same_samples({"a": ours, "b": theirs}) == ["a", "b"]
    others = [write("c", 3, ids=names[::-1]), write("d", 4, ids=names, labels=np.arange(40) % 5), write("e", 5)]
    for other in others:
        assert same_samples({"a": ours, "other": other}) == ["a"]
    positions = np.arange(0, 80, 2)
    of_data_set = write("f", 6, indices=positions)
    assert same_samples({"f": of_data_set, "g": write("g", 7, ids=positions)}) == ["f", "g"], "ids that are positions"
    assert same_samples({"f": of_data_set, "h": write("h", 8, indices=positions)}) == ["f"], (
        "positions alone say nothing"
    )


def write_recorded(path, *, ids=None, previews=None, labels=4):
    """Samples of a recording without inputs; `previews` is the seed of those that it has."""
    more = {} if ids is None else {"eval_ids": np.array(list(ids), str)}
    seed = 0 if previews is None else previews
    save_npz(
        path,
        eval_images=np.random.default_rng(seed).integers(0, 255, (40, 1, 4, 4)).astype(np.uint8),
        eval_labels=np.arange(40) % labels,
        class_names=np.array([""] * labels),
        eval_indices=np.arange(40),
        input_names=np.array([], str),
        **({"previews_given": np.array(True)} if previews is not None else {}),
        **more,
    )
    return str(path)


def test_a_recording_that_nothing_tells_is_not_compared(tmp_path, caplog):
    datasets = {run: write_recorded(tmp_path / f"{run}.npz") for run in ("a", "b")}
    datasets["c"] = write_recorded(tmp_path / "c.npz", ids=range(40))
    datasets["d"] = write_recorded(tmp_path / "d.npz", ids=range(40), previews=3)
    with caplog.at_level(logging.INFO, "evolution"):
        assert same_samples(datasets) == ["c", "d"]
    assert "Run b gives neither ids nor inputs, so it is not known whether it follows the same samples" in caplog.text
    assert "give ids.npy" in caplog.text and "other samples" not in caplog.text
    assert same_samples({run: datasets[run] for run in "ab"}) == ["a"]


@pytest.mark.parametrize(("previews", "labels", "same"), [(1, 4, True), (2, 4, False), (1, 5, False)])
def test_without_ids_and_inputs_previews_tell_the_samples(tmp_path, previews, labels, same):
    datasets = {
        "a": write_recorded(tmp_path / "a.npz", previews=1),
        "b": write_recorded(tmp_path / "b.npz", previews=previews, labels=labels),
    }
    assert same_samples(datasets) == (["a", "b"] if same else ["a"])


def test_every_run_of_a_group_follows_the_samples_of_every_other(tmp_path):
    """Ids that are positions fit two data sets with the same labels, which do not fit each other."""
    first, second = (write_images(tmp_path / f"{seed}.npz", seed) for seed in (1, 2))
    positions = write_recorded(tmp_path / "positions.npz", ids=range(40))
    assert same_samples({"a": first, "b": second, "c": positions}) == ["a", "c"]
    assert same_samples({"a": first, "c": positions, "b": second, "b2": second}) == ["c", "b", "b2"]


@pytest.mark.parametrize("target", ["number", "labels", "none"])
def test_samples_of_other_targets_are_told_as_well(tmp_path, target):
    datasets = {run: write_samples(tmp_path / f"{run}.npz", kind="table", target=target) for run in "ab"}
    datasets["c"] = write_samples(tmp_path / "c.npz", kind="signals", target=target)
    assert same_samples(datasets) == ["a", "b"]
    rows, where = write_activations(tmp_path, [("a", "x"), ("b", "x")], samples=60)
    table = compare_activations(datasets={run: datasets[run] for run in "ab"}, **where, seed=0)
    found = dict(zip(zip(table["run"], table["other_run"]), table["cka_unbiased"]))
    assert found["a", "b"] == pytest.approx(by_formula(rows["a", "x"], rows["b", "x"], unbiased_hsic), abs=1e-6)
