"""The files that stand for a script's code are those that Python itself finds when it runs the script."""

from modulefinder import ModuleFinder
from pathlib import Path

import pytest

from evolution.planning.code_files import code_files, import_notes, model_files
from support.own_models import write_models

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"


def modules_that_run(script):
    """The files under workflow/scripts that Python's own module finder says a script imports, and itself."""
    finder = ModuleFinder([str(script.parent)])
    finder.run_script(str(script))
    return {Path(module.__file__) for module in finder.modules.values() if module.__file__}


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda script: script.stem)
def test_code_files_are_what_a_script_imports(script):
    assert code_files(script) == sorted(modules_that_run(script))


def test_code_files_of_every_kind_of_import(tmp_path):
    sources = {
        "script.py": "import evolution.a as x\nfrom evolution import b, CONSTANT\nimport numpy, other\n",
        "other.py": "from nested import e\n",
        "nested/__init__.py": "",
        "nested/e.py": "from .f import x\nfrom . import g\n",
        "nested/f.py": "x = 1\n",
        "nested/g.py": "",
        "unused.py": "import evolution.unused\n",
        "evolution/__init__.py": "CONSTANT = 1\n",
        "evolution/a.py": "def f():\n    if True:\n        from evolution.c import (\n            g,\n        )\n",
        "evolution/b.py": "from evolution.a import f; from evolution import d as e\n",
        "evolution/c.py": "'''from evolution.unused import x'''\nimport evolution.b  # a circle\n",
        "evolution/d.py": "# import evolution.unused\n",
        "evolution/unused.py": "",
    }
    for name, text in sources.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    found = code_files(tmp_path / "script.py")
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "evolution/__init__.py",
        "evolution/a.py",
        "evolution/b.py",
        "evolution/c.py",
        "evolution/d.py",
        "nested/__init__.py",
        "nested/e.py",
        "nested/f.py",
        "nested/g.py",
        "other.py",
        "script.py",
    ]
    assert set(found) == modules_that_run(tmp_path / "script.py")


def test_imports_start_from_a_given_folder(tmp_path):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "a.py").write_text("import b\n")
    (tmp_path / "b.py").write_text("")
    assert code_files(tmp_path / "library" / "a.py", tmp_path) == [tmp_path / "b.py", tmp_path / "library" / "a.py"]
    assert code_files(tmp_path / "library" / "a.py") == [tmp_path / "library" / "a.py"]


def test_a_file_that_is_edited_is_read_again(tmp_path):
    script = tmp_path / "script.py"
    (tmp_path / "a.py").write_text("")
    (tmp_path / "b.py").write_text("")
    script.write_text("import a\n")
    assert code_files(script) == [tmp_path / "a.py", script]
    script.write_text("import b\n")
    assert code_files(script) == [tmp_path / "b.py", script]
    script.write_text("import (\n")
    with pytest.raises(SyntaxError):
        code_files(script)
    with pytest.raises(FileNotFoundError):
        code_files(tmp_path / "none.py")


def test_the_files_of_a_users_model(tmp_path):
    own = write_models(tmp_path)
    assert sorted(model_files(f"{own}:Own")) == [own, tmp_path / "parts_of_own.py"]
    for name in ("small_cnn", "torchvision.resnet18"):
        assert model_files(name) == []


def test_a_file_that_is_as_it_was_is_not_parsed_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    script, first, second = (tmp_path / f"{name}.py" for name in ("script", "first", "second"))
    script.write_text("import first\nfrom . import first\n")
    for path in (first, second):
        path.write_text("")
    notes = import_notes()
    assert code_files(script, notes=notes) == [first, script]
    notes.save()

    monkeypatch.setattr("evolution.planning.code_files.imported_names", lambda content: pytest.fail("parsed again"))
    assert code_files(script, notes=import_notes()) == [first, script]
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    script.write_text("import second  # changed\n")
    assert code_files(script, notes=import_notes()) == [script, second]
