"""The program that tells planning of the samples of a function."""

import json

import pytest
import yaml

from evolution.data.own_facts import main

DATA = """
import numpy as np

def f():
    return np.zeros((20, 2, 30), np.float32) + np.arange(20)[:, None, None], [n / 3 for n in range(20)]
def g():
    return np.zeros((20, 2)), [0] * 20
"""


@pytest.fixture
def ask(tmp_path, monkeypatch):
    (tmp_path / "data.py").write_text(DATA)

    def asked(function, **more):
        request = {"data": f"{tmp_path}/data.py:{function}", "seed": 0, "answer": str(tmp_path / "answer.json")}
        monkeypatch.setattr("sys.stdin", yaml.dump(request | more))
        main()
        return json.loads((tmp_path / "answer.json").read_text())

    return asked


def test_the_answer_is_the_facts(ask):
    expected = {"kind": "signals", "target": "number", "names": [], "attributes": [], "shape": [2, 30], "vocabulary": 0}
    assert ask("f") == expected
    assert ask("f", said={"target": "none"}) == expected | {"target": "none"}


def test_a_fault_is_the_last_line(ask, capsys):
    with pytest.raises(SystemExit) as end:
        ask("g")
    assert end.value.code == 3
    fault = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert fault == {"key": "dataset.name", "problem": "data.py:g has samples of one class; at least two are needed"}
