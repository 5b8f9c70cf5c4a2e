"""What planning knows of samples against the data sets themselves."""

import numpy as np

from evolution.config.resolve import resolve
from evolution.data.facts import data_facts
from evolution.data.kinds import DataFacts
from support.own_files import write_classes, write_npz


def test_a_built_in_set(tmp_path):
    digits = tuple("0123456789")
    assert data_facts({"name": "digits"}) == DataFacts("images", "classes", digits, (), (1, 8, 8))
    assert data_facts({"name": "nothing"}) is None


def test_own_images(tmp_path):
    path = write_npz(tmp_path / "a.npz", class_names=["x", "y", "z"])
    assert data_facts({"name": f"npz:{path}"}) == DataFacts("images", "classes", ("x", "y", "z"), (), (1, 8, 8))
    assert data_facts({"name": f"npz:{tmp_path / 'b.npz'}"}) is None


def test_samples_that_are_no_images(tmp_path):
    def facts(words=None, **arrays):
        np.savez(tmp_path / "c.npz", **arrays)
        return data_facts({"name": f"npz:{tmp_path / 'c.npz'}", **(words or {})})

    classes, floats = np.arange(12) % 3, np.random.default_rng(0).normal(size=(12, 5))
    found = facts(rows=floats, labels=classes, attribute_age=classes)
    assert found == DataFacts("table", "classes", ("0", "1", "2"), ("age",), (5,))
    assert facts(signals=floats, labels=floats[:, 0]) == DataFacts("signals", "number", (), (), (1, 5))
    tokens = np.arange(1, 61).reshape(12, 5)
    assert facts(tokens=tokens) == DataFacts("tokens", "none", (), (), (5,), 61)
    assert facts(tokens=tokens, vocabulary=np.array(["a"] * 99)).vocabulary == 99
    assert facts(inputs=floats, labels=classes) is None
    assert facts({"kind": "table"}, inputs=floats, labels=classes).kind == "table"
    assert facts({"target": "number"}, rows=floats, labels=classes).target == "number"
    held = np.eye(3)[classes]
    assert facts({"target": "labels"}, rows=floats, labels=held) == DataFacts(
        "table", "labels", ("0", "1", "2"), (), (5,)
    )


def test_images_without_their_classes(tmp_path):
    assert data_facts({"name": "digits", "target": "none"}) == DataFacts("images", "none", (), (), (1, 8, 8))
    assert data_facts({"name": "digits", "kind": "table"}) is None
    write_classes(tmp_path / "pets")
    found = data_facts({"name": f"image_folder:{tmp_path / 'pets'}", "target": "none"})
    assert found == DataFacts("images", "none", (), (), (1, 8, 8))


def test_each_run_has_facts():
    facts = resolve(
        {
            "runs": {
                "a": {},
                "b": {"dataset": {"name": "digits", "train_size": 500, "eval_size": 500}, "model": {"name": "mlp"}},
            }
        }
    )["facts"]
    assert facts["a"].shape == (1, 28, 28) and facts["b"].shape == (1, 8, 8)
