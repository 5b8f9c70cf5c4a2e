"""What planning learns of the samples of a function: against what the function was written to return."""

import os

import pytest
import torch

from evolution.config.resolve import resolve
from evolution.data.kinds import DataFacts
from evolution.errors import ConfigError, DataError
from evolution.planning.own_facts import facts_path, own_facts, said_of_data

DATA = """
import numpy as np
import torch
from pathlib import Path

ROWS = np.random.default_rng(0).normal(size=(20, 4))
TOKENS = np.random.default_rng(0).integers(1, 9, (20, 6))
HELD = np.random.default_rng(0).random((20, 3)) < 0.4

def table():
    with Path(__file__).with_name("calls").open("a") as stream:
        stream.write("x")
    return {"inputs": ROWS, "labels": ROWS[:, 0], "attributes": {"age": range(20), "who": ["a"] * 20}}

def texts():
    words = [f"w{n}" for n in range(9)]
    return {"inputs": {"input_ids": TOKENS, "attention_mask": TOKENS * 0 + 1}, "labels": HELD,
            "class_names": ["good", "long", "new"], "vocabulary": words}

def signals():
    return ((torch.randn(2, 30), None) for _ in range(20))

def amounts():
    return ROWS, range(20)

def bare():
    return ROWS

def wrong():
    return ROWS, ["a", 3] * 10
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.py").write_text(DATA)
    return tmp_path


def dataset(function, **said):
    return {"name": f"data.py:{function}", "kind": "auto", "target": "auto"} | said


def test_each_kind_and_target():
    assert own_facts(dataset("table")) == DataFacts("table", "number", (), ("age", "who"), (4,))
    assert own_facts(dataset("texts")) == DataFacts("tokens", "labels", ("good", "long", "new"), (), (6,), 9)
    assert own_facts(dataset("signals")) == DataFacts("signals", "none", (), (), (2, 30))
    assert own_facts(dataset("bare")) == DataFacts("table", "none", (), (), (4,))


def test_what_the_config_says_is_asked():
    assert said_of_data(dataset("table")) == {}
    assert own_facts(dataset("table", target="none", kind="signals")).kind == "signals"
    assert own_facts(dataset("amounts")).target == "classes"
    assert own_facts(dataset("amounts", target="number")).target == "number"


def test_an_answer_is_kept_as_long_as_the_file_is_as_it_was(folder):
    first = own_facts(dataset("table"))
    os.utime("data.py", (1, 1))
    assert own_facts(dataset("table")) == first and (folder / "calls").read_text() == "x"
    path = facts_path(dataset("table"))
    (folder / "data.py").write_text(DATA + "# more\n")
    assert facts_path(dataset("table")) != path
    path.write_text("{")
    (folder / "data.py").write_text(DATA)
    assert own_facts(dataset("table")) == first, "what cannot be read is found again"


def test_faults_of_the_samples_and_of_the_file(folder):
    with pytest.raises(DataError, match=r"^dataset\.name: data\.py:wrong gives labels of several types"):
        own_facts(dataset("wrong"))
    with pytest.raises(DataError, match=r"^dataset\.name: .*has no nothing"):
        own_facts(dataset("nothing"))
    (folder / "data.py").write_text("def f(:")
    with pytest.raises(DataError, match=r"^dataset\.name: data\.py is not Python"):
        own_facts(dataset("f"))


def test_a_config_has_the_facts_and_the_faults_of_its_functions(folder):
    torch.save({"weight": torch.zeros(1)}, folder / "0.pt")
    source = {"path": "{epoch}.pt", "unit": "epoch"}
    config = {
        "runs": {"a": {"dataset": {"name": "data.py:texts", "eval_size": 20}, "model": {"name": "tiny_transformer"}}},
        "checkpoints": source,
        "embedding": {"method": "pca", "pca_components": 5},
        "metrics": {"clusters": 3, "neighbors": 3},
    }
    assert resolve(config)["facts"]["a"].names == ("good", "long", "new")
    config["metrics"]["measure_by"] = ["age"]
    with pytest.raises(
        ConfigError,
        match=r"^metrics\.measure_by: data\.py:texts has no attribute age; it has none; attributes: {'age': ",
    ):
        resolve(config)
    config["runs"]["a"] |= {"dataset": {"name": "data.py:table", "eval_size": 20}, "model": {"name": "mlp"}}
    assert resolve(config)["facts"]["a"].attributes == ("age", "who")
    config["runs"]["a"]["dataset"]["name"] = "data.py:wrong"
    with pytest.raises(ConfigError, match=r"^runs\.a\.dataset\.name: data\.py:wrong gives labels of several types"):
        resolve(config)
