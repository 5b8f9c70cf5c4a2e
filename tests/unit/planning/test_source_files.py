"""The code that stands among a job's inputs is the code that the job runs."""

import re
from modulefinder import ModuleFinder
from pathlib import Path

import pytest

from evolution.planning.code_files import code_files

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "workflow" / "scripts"


def modules_that_run(script):
    """The files under workflow/scripts that Python's own module finder says a script imports, and itself."""
    finder = ModuleFinder([str(script.parent)])
    finder.run_script(str(script))
    return {Path(module.__file__) for module in finder.modules.values() if module.__file__}


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda script: script.stem)
def test_source_files_are_what_a_script_imports(script):
    assert code_files(script) == sorted(modules_that_run(script))


def test_source_files_of_every_kind_of_import(tmp_path):
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


def test_every_rule_names_its_scripts_code():
    """A rule's `code` input and its script are one and the same; or it takes the digests of its script's code."""
    rules = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")))
    for block in re.split(r"^rule ", rules, flags=re.MULTILINE)[1:]:
        for script in re.findall(r'"\.\./scripts/(\w+)\.py"', block):
            settings = f'settings="results/{{run}}/settings/{script}.json"'
            assert f'code=code("{script}")' in block or settings in block, block.split(":")[0]
    assert "{*code(wildcards.stage), " in rules.split("rule settings:")[1]
