"""The package stands alone: it needs NumPy and pyarrow, as its pyproject.toml says, and never unpickles."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from activation_reader import ReaderError

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "reader" / "src" / "activation_reader"
SOURCES = [path.read_text(encoding="utf-8") for path in sorted(PACKAGE.glob("*.py"))]


def test_the_error_is_caught_as_a_value_error():
    assert issubclass(ReaderError, ValueError)


def test_it_imports_what_it_says_it_needs():
    imported = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module.split(".")[0])
    needed = tomllib.loads((ROOT / "reader" / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.match(r"\w+", line)[0] for line in needed}
    assert imported - set(sys.stdlib_module_names) - {"activation_reader"} == names == {"numpy", "pyarrow"}


def test_it_loads_without_the_workflow_and_without_torch():
    code = "import sys, activation_reader; assert not {'torch', 'evolution', 'pandas'} & set(sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {[str(PACKAGE.parent), *sys.path]!r}; {code}"],
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_no_file_is_unpickled():
    assert not any("allow_pickle=True" in source for source in SOURCES)
    calls = [line for source in SOURCES for line in source.splitlines() if "np.load(" in line]
    assert calls and all("allow_pickle=False" in line for line in calls)
