"""The code that a job runs, as files among its inputs: read off import statements, so that none can be forgotten."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from evolution.models.names import own_class


def code_files(script: Path, folder: Path | None = None) -> list[Path]:
    """A script, and every module in a folder that it imports, directly or through another module.

    Parameters
    ----------
    script : Path
    folder : Path, optional
        The folder that imports start from; by default the script's own.

    Returns
    -------
    list of Path
        Sorted.

    Raises
    ------
    OSError, SyntaxError
        If one of the files cannot be read or parsed.
    """
    folder = script.parent if folder is None else folder
    found, pending = set(), [script]
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending += _imported_files(path, folder, path.read_bytes())
    return sorted(found)


def model_files(name: str) -> list[Path]:
    """A user's model file and the files that it imports from its own folder; none for any other model."""
    own = own_class(name)
    return code_files(own[0]) if own else []


@cache
def _imported_files(path: Path, folder: Path, content: bytes) -> list[Path]:
    """The files under `folder` that a file's import statements name, wherever they stand in its content."""
    names = set()
    for node in _statements(ast.parse(content)):
        if isinstance(node, ast.Import):
            names |= {(folder, alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # A leading dot counts from the file's own folder, each further one from the folder above.
            base = path.parents[node.level - 1] if node.level else folder
            module = f"{node.module}." if node.module else ""
            names |= {(base, f"{module}{alias.name}") for alias in node.names}
    # Importing a.b.c runs a and a.b too; c may be a module, or something in one.
    modules = {
        base.joinpath(*name.split(".")[:depth]) for base, name in names for depth in range(1, name.count(".") + 2)
    }
    candidates = [file for module in modules for file in (module.with_suffix(".py"), module / "__init__.py")]
    return [file for file in candidates if file.is_file()]


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements under a node, without their expressions, which are many: this runs whenever Snakemake starts."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            yield child
            yield from _statements(child)
