"""The tests mirror the code: each module and each script has its test file, and no test file has lost its module.

And the library's modules form no circles.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
LIBRARY = SCRIPTS / "evolution"
UNIT = ROOT / "tests" / "unit"
MODULES = sorted(path for path in LIBRARY.rglob("*.py") if path.name != "__init__.py")
# The packages of their own, by the folder of their tests.
PACKAGES = {
    "recorder": ROOT / "recorder" / "src" / "activation_recorder",
    "reader": ROOT / "reader" / "src" / "activation_reader",
    "progress": ROOT / "progress" / "src" / "snakemake_logger_plugin_progress",
}
# Tests of the project as a whole, which have no module.
OF_THE_PROJECT = {"test_environments.py", "test_trust.py", "test_twins.py"}


def twin(path: Path) -> Path:
    """The test file of a module or script, relative to tests/unit."""
    of_package = [name for name, package in PACKAGES.items() if path.parent == package]
    if of_package:
        folder = Path(of_package[0])
    else:
        folder = Path("scripts") if path.parent == SCRIPTS else path.parent.relative_to(LIBRARY)
    return folder / f"test_{path.stem}.py"


IN_PACKAGES = sorted(
    path for package in PACKAGES.values() for path in package.glob("*.py") if path.name != "__init__.py"
)
TWINS = {twin(path): path for path in [*MODULES, *SCRIPTS.glob("*.py"), *IN_PACKAGES]}


@pytest.mark.parametrize("path", TWINS, ids=str)
def test_each_module_and_script_has_its_test_file(path):
    assert (UNIT / path).is_file()


def test_each_test_file_has_its_module_or_script():
    """test_tsne.py is that of tsne.py, and test_tsne_speed.py one more of it."""
    strays = []
    for path in sorted(UNIT.rglob("test_*.py")):
        test = path.relative_to(UNIT)
        words = test.stem.split("_")
        names = {"_".join(words[:count]) for count in range(2, len(words) + 1)}
        if not any(test.with_name(f"{name}.py") in TWINS for name in names) and test.as_posix() not in OF_THE_PROJECT:
            strays.append(test.as_posix())
    assert strays == []


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(SCRIPTS).with_suffix("").parts)


def imported_modules(path: Path, known: set[str]) -> set[str]:
    """The library's modules that a module imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            # `from package import module`, or `from package.module import name`.
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found & known


def circles(imports: dict[str, set[str]]) -> list[str]:
    """The modules that reach themselves by imports."""

    def reached_from(module):
        reached, pending = set(), [module]
        while pending:
            new = imports[pending.pop()] - reached
            reached |= new
            pending += new
        return reached

    return [module for module in imports if module in reached_from(module)]


def test_no_modules_import_each_other_in_a_circle():
    known = {module_name(path) for path in MODULES}
    assert circles({module_name(path): imported_modules(path, known) for path in MODULES}) == []


def test_a_circle_would_be_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["b", "c"]
