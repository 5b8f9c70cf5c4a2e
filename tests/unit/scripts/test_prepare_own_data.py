"""The evaluation samples of a function, as dataset.npz, and what the network and the baseline are given of them."""

import numpy as np
import pytest

from evolution.data.dataset_warnings import dataset_warnings
from evolution.data.network_input import load_evaluation
from prepare_own_data import prepare_own_data
from raw_inputs import raw_input_activations, token_counts

DATA = """
import numpy as np

X = np.random.default_rng(0).normal(size=(40, 1, 4, 4)).astype(np.float32)
TOKENS = np.random.default_rng(1).integers(0, 9, (40, 6))
Y = np.arange(40) % 4


def images():
    return X, Y


def sentences():
    inputs = {"ids": TOKENS, "mask": (TOKENS > 0).astype(int)}
    previews, ids = ([f"{name}{number}" for number in range(40)] for name in ("text ", "s"))
    return {"inputs": inputs, "labels": Y, "previews": previews, "ids": ids}


def odd():
    return {"inputs": X * 0, "labels": Y, "class_names": list("abcdef")}
"""


@pytest.fixture
def prepared(tmp_path):
    (tmp_path / "data.py").write_text(DATA)

    def prepare(attribute, eval_size=100):
        output = tmp_path / f"{attribute}.npz"
        prepare_own_data(
            file=str(tmp_path / "data.py"), attribute=attribute, eval_size=eval_size, seed=3, output=output
        )
        return str(output)

    return prepare


def test_inputs_reach_the_network_as_they_are(prepared):
    path = prepared("images", eval_size=12)
    inputs, labels, classes = load_evaluation(path)
    with np.load(path, allow_pickle=False) as archive:
        indices = archive["eval_indices"]
        assert archive["eval_images"].shape == (12, 1, 4, 4) and archive["eval_images"].dtype == np.uint8
        assert not any(name.startswith("train_") for name in archive.files)
    expected = np.random.default_rng(0).normal(size=(40, 1, 4, 4)).astype(np.float32)[indices]
    np.testing.assert_array_equal(inputs[""], expected)
    assert classes == 4 and labels.tolist() == (indices % 4).tolist() and dataset_warnings(path) == []
    raw = raw_input_activations(dataset=path, compacted=False, seed=3)
    np.testing.assert_array_equal(raw, expected.reshape(1, 12, 16))


def test_inputs_by_name(prepared):
    path = prepared("sentences")
    inputs, _, _ = load_evaluation(path)
    tokens = np.random.default_rng(1).integers(0, 9, (40, 6))
    np.testing.assert_array_equal(inputs["ids"], tokens)
    np.testing.assert_array_equal(inputs["mask"], tokens > 0)
    with np.load(path, allow_pickle=False) as archive:
        assert archive["eval_ids"][3] == "s3"
    counts = raw_input_activations(dataset=path, compacted=False, seed=3)[0]
    assert counts.tolist() == [[list(row).count(token) for token in range(9)] for row in tokens]


def test_counts_by_hand():
    found = token_counts(np.array([[5, 5, 2], [7, 2, 2]]))
    assert found.tolist() == [[1, 2, 0], [2, 0, 1]] and found.dtype == np.float32


def test_what_is_odd_is_said(prepared):
    warnings = dataset_warnings(prepared("odd"))
    assert warnings == [
        "There is no sample of 2 of the 6 classes of data.py:odd: e, f.",
        "All 40 samples of data.py:odd are the same, so there is nothing to tell them apart by.",
        "40 of the 40 samples of data.py:odd have one value everywhere, without anything in them (as 0).",
    ]


def test_the_same_seed_gives_the_same_bytes(prepared, tmp_path):
    first = open(prepared("images", 12), "rb").read()  # noqa: SIM115
    assert open(prepared("images", 12), "rb").read() == first  # noqa: SIM115
