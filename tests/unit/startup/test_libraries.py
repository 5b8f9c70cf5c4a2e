"""What the worker loads: it is installed, and it is what the scripts import."""

import ast
import sys

from evolution.planning.code_files import code_files
from evolution.startup.libraries import LIBRARIES, kinds_of_jobs
from support.own_process import SCRIPTS, run

KINDS = kinds_of_jobs(SCRIPTS)
# Packages that few jobs import: the explorer page and the report.
RARE = {"bokeh", "snakemake", "yaml", "PIL", "imageio_ffmpeg"}


def test_scripts_that_import_torch_are_told_apart():
    assert {KINDS[name] for name in ("train", "snapshot", "snapshot_checkpoints")} == {"torch"}
    assert {KINDS[name] for name in ("measure", "embed", "collect", "plot_grid", "raw_inputs")} == {"analysis"}
    assert KINDS.keys() == {path.stem for path in SCRIPTS.glob("*.py")}


def test_all_that_is_listed_is_there_and_the_process_may_be_forked():
    for modules in LIBRARIES.values():
        code = (
            "from importlib import import_module\nfrom evolution.startup.server import load\n"
            f"assert load({modules!r})\nfor module in {modules!r}: import_module(module)"
        )
        run(code, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")


def test_what_scripts_import_at_their_head_is_loaded():
    """By package: a job would take seconds to import one that is missing."""
    loaded = {kind: {module.partition(".")[0] for module in LIBRARIES[kind]} for kind in LIBRARIES}
    for script, kind in KINDS.items():
        imported = set().union(
            *(_packages(ast.parse(path.read_bytes()).body) for path in code_files(SCRIPTS / f"{script}.py"))
        )
        imported -= {*sys.stdlib_module_names, "evolution", *KINDS, *RARE}
        assert imported <= loaded[kind], script


def _packages(statements: list[ast.stmt]) -> set[str]:
    found = set()
    for statement in statements:
        if isinstance(statement, ast.Import):
            found |= {name.name.partition(".")[0] for name in statement.names}
        elif isinstance(statement, ast.ImportFrom) and not statement.level:
            found.add(statement.module.partition(".")[0])
    return found
