"""The evaluation samples of a function, as dataset.npz, and what the network and the baseline are given of them."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfTransformer

from evolution.data.dataset_warnings import dataset_warnings
from evolution.data.network_input import load_evaluation
from evolution.data.own_samples import first_samples
from evolution.data.targets import load_targets
from evolution.errors import DataError
from prepare_own_data import prepare_own_data
from raw_inputs import raw_input_activations

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


def everything():
    rows = np.random.default_rng(2).normal(size=(40, 3))
    return {
        "inputs": rows,
        "labels": np.arange(40) / 7,
        "attributes": {"age": np.arange(40) + 20, "who": [f"p{n % 3}" for n in range(40)]},
        "target_name": "size",
        "column_names": ["a", "b", "c"],
    }


def odd():
    return {"inputs": X * 0, "labels": Y, "class_names": list("abcdef")}


def changes():
    for number in range(40):
        row = np.arange(6) if number < 20 else np.full(6, 0.5)
        yield {"inputs": row, "label": number % 4}
"""


@pytest.fixture
def prepared(tmp_path):
    (tmp_path / "data.py").write_text(DATA)

    def prepare(attribute, eval_size=100, **said):
        output = tmp_path / f"{attribute}.npz"
        prepare_own_data(
            file=str(tmp_path / "data.py"), attribute=attribute, eval_size=eval_size, seed=3, output=output, **said
        )
        return str(output)

    return prepare


def test_inputs_reach_the_network_as_they_are(prepared):
    path = prepared("images", eval_size=12)
    inputs, *_ = load_evaluation(path)
    targets = load_targets(path)
    with np.load(path, allow_pickle=False) as archive:
        indices = archive["eval_indices"]
        assert archive["eval_images"].shape == (12, 1, 4, 4) and archive["eval_images"].dtype == np.uint8
        assert not any(name.startswith("train_") for name in archive.files)
    expected = np.random.default_rng(0).normal(size=(40, 1, 4, 4)).astype(np.float32)[indices]
    np.testing.assert_array_equal(inputs[""], expected)
    assert targets.names == tuple("0123") and targets.values.tolist() == (indices % 4).tolist()
    assert (targets.kind, targets.target) == ("images", "classes") and dataset_warnings(path) == []
    raw = raw_input_activations(dataset=path, compacted=False, seed=3).rows
    np.testing.assert_array_equal(raw, expected.reshape(12, 16))


def test_inputs_by_name(prepared):
    path = prepared("sentences")
    inputs, *_ = load_evaluation(path)
    tokens = np.random.default_rng(1).integers(0, 9, (40, 6))
    np.testing.assert_array_equal(inputs["ids"], tokens)
    np.testing.assert_array_equal(inputs["mask"], tokens > 0)
    with np.load(path, allow_pickle=False) as archive:
        assert archive["eval_ids"][3] == "s3"
        assert archive["eval_texts"][3] == "text 3"
    found = raw_input_activations(dataset=path, compacted=False, seed=3).rows
    counts = [[list(row).count(token) for token in range(1, 9)] for row in tokens]
    np.testing.assert_allclose(found, TfidfTransformer().fit_transform(counts).toarray(), atol=1e-6)


def test_everything_that_samples_may_have(prepared):
    path = prepared("everything", eval_size=20)
    targets = load_targets(path)
    with np.load(path, allow_pickle=False) as archive:
        indices = archive["eval_indices"]
        assert archive["column_names"].tolist() == ["a", "b", "c"]
    assert (targets.kind, targets.target, targets.name, targets.names) == ("table", "number", "size", ())
    np.testing.assert_array_equal(targets.values, indices / 7)
    np.testing.assert_array_equal(targets.attributes["age"], indices + 20.0)
    assert targets.attributes["who"].tolist() == [f"p{index % 3}" for index in indices]
    assert len(set(np.diff(indices))) > 1, "drawn at random"


def test_what_the_config_says_of_samples(prepared):
    assert load_targets(prepared("everything", target="none")).target == "none"
    assert load_targets(prepared("everything", kind="signals")).kind == "signals"


def test_samples_that_are_of_another_kind_than_the_first_ones(prepared, tmp_path):
    _, facts = first_samples(tmp_path / "data.py", "changes", count=1, seed=0)
    assert facts.kind == "tokens"
    with pytest.raises(
        DataError,
        match=r"dataset\.kind: data\.py:changes gives float32 \(40, 6\), which is taken for table, and its first "
        r"samples alone for tokens.*write which it is, dataset: \{kind: table\}",
    ):
        prepared("changes", planned=facts.kind)
    assert load_targets(prepared("changes", planned="table", kind="table")).kind == "table"


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
