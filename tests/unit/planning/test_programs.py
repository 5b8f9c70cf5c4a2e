"""Programs that planning starts: how they are asked, and how they end."""

import datetime
import importlib.metadata
import json
from collections import OrderedDict
from pathlib import Path

import pytest
import yaml

from evolution.errors import ModelError
from evolution.planning import programs
from evolution.planning.programs import (
    ProgramError,
    answer_path,
    as_text,
    code_digests,
    library_first,
    package_versions,
    put_library_first,
    run_program,
)

MODULE_TREE = programs.SCRIPTS / "evolution" / "models" / "module_tree.py"


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A folder in place of this workflow's scripts, in which a test writes its program."""
    monkeypatch.setattr(programs, "SCRIPTS", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def program(scripts, text):
    path = scripts / "asked" / "program.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_a_request_keeps_what_json_does_not():
    """Keys that are numbers, dates, infinity; and Snakemake's kinds of dictionary are dictionaries."""
    request = {
        "weights": {0: 0.5, 1: float("inf")},
        "day": datetime.date(2024, 5, 6),
        "none": None,
        "1": "1",
        "b": True,
    }
    assert yaml.safe_load(as_text(request)) == request
    assert yaml.safe_load(as_text({"a": OrderedDict(b=1), "path": Path("x")})) == {"a": {"b": 1}, "path": "x"}


def test_what_a_program_is_given_and_where_it_answers(scripts):
    text = "import sys, yaml\nasked = yaml.safe_load(sys.stdin)\nopen(asked['answer'], 'w').write(str(asked['a'][3]))\n"
    assert run_program(program(scripts, text), {"a": {3: "c"}}, scripts / "answer") is None
    assert (scripts / "answer").read_text() == "c"


def test_a_fault_is_the_last_line(scripts):
    text = "import sys\nprint('a file may print what it likes')\nprint('[1, 2]')\nsys.exit(3)\n"
    assert run_program(program(scripts, text), {}, scripts / "answer") == [1, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 / 0", "ended with code 1: ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(4)", "ended with code 4: it said nothing"),
        ("import os; os.kill(os.getpid(), 9)", "ended with code -9: it said nothing"),
        ("import time; time.sleep(60)", "took more than 2 s"),
    ],
)
def test_a_program_that_ends_in_another_way(scripts, text, said):
    with pytest.raises(ProgramError) as error:
        run_program(program(scripts, text), {}, scripts / "answer", timeout=2)
    assert str(error.value) == said


def test_a_program_sees_no_gpu_and_the_library_first(scripts, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    text = "import json, os, sys\nnames = 'CUDA_VISIBLE_DEVICES', 'PYTHONPATH'\n"
    text += "print(json.dumps([os.environ[name] for name in names]))\nsys.exit(3)\n"
    assert run_program(program(scripts, text), {}, scripts / "answer") == ["", f"{scripts}:elsewhere"]


def test_an_answer_depends_on_request_files_versions_and_code(scripts):
    path = program(scripts, "import json\n")
    basis = {"files": ["f"], "versions": {"torch": "2"}}
    paths = [answer_path({"a": 1}, program=path, **basis)]
    assert answer_path({"a": 1}, program=path, **basis) == paths[0] and paths[0].parent == Path(".snakemake/evolution")
    paths += [answer_path({"a": {0: 1}}, program=path, **basis), answer_path({"a": {"0": 1}}, program=path, **basis)]
    paths += [answer_path({"a": 1}, program=path, **basis | {"files": ["g"]})]
    paths += [answer_path({"a": 1}, program=path, **basis | {"versions": {"torch": "3"}})]
    (scripts / "helped.py").write_text("x = 1\n")
    path.write_text("import helped\n")
    paths += [answer_path({"a": 1}, program=path, **basis)]
    (scripts / "helped.py").write_text("x = 2\n")
    paths += [answer_path({"a": 1}, program=path, **basis)]
    assert len(set(paths)) == len(paths)


def test_digests_of_a_users_code(scripts):
    (scripts / "net.py").write_text("import parts\n")
    (scripts / "parts.py").write_text("x = 1\n")
    before = code_digests("net.py:Net", "model.name")
    assert len(before) == 2 and code_digests("small_cnn", "model.name") == []
    (scripts / "parts.py").write_text("x = 2\n")
    assert len(set(before) & set(code_digests("net.py:Net", "model.name"))) == 1
    (scripts / "net.py").write_text("class Net(\n")
    with pytest.raises(ModelError, match=r"^training\.recipe: net\.py is not Python: .*line 1$"):
        code_digests("net.py:Net", "training.recipe")


def test_versions_of_packages():
    assert package_versions(("torch",)) == {"torch": importlib.metadata.version("torch")}
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        package_versions(("no_such_package_",))


def test_the_library_comes_first_on_pythonpath(tmp_path, monkeypatch):
    assert library_first(tmp_path, "") == str(tmp_path)
    assert library_first(tmp_path, f"a:{tmp_path}::b") == f"{tmp_path}:a:b"
    monkeypatch.setenv("PYTHONPATH", "c")
    assert library_first(tmp_path) == f"{tmp_path}:c"
    monkeypatch.setattr(programs, "SCRIPTS", tmp_path)
    put_library_first()
    assert library_first(tmp_path) == f"{tmp_path}:c"


def test_keys_that_are_numbers_reach_a_model(tmp_path, monkeypatch):
    """As in model.kwargs {widths: {0: 5}}: the program that traces a model is given them as they are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(
        "from torch import nn\n\ndef net(classes, widths):\n    return nn.Sequential(nn.Flatten(), "
        "nn.Linear(64, widths[0]), nn.Linear(widths[0], classes))\n"
    )
    request = {"name": "net.py:net", "kwargs": {"widths": {0: 5}}, "shape": (1, 8, 8), "classes": 3}
    assert run_program(MODULE_TREE, request, tmp_path / "tree.json") is None
    assert [row["shape"] for row in json.loads((tmp_path / "tree.json").read_text())] == [[64], [5], [3]]
