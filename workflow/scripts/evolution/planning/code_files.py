"""The files that stand for code among a job's inputs, read off import statements."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path


def code_files(script: Path, folder: Path | None = None) -> list[Path]:
    """A script and every module in `folder`, by default its own, that it imports, directly or through another.

    These are the inputs that stand for a job's code. They are read off the import statements, so that none can be
    forgotten.

    Raises
    ------
    OSError, SyntaxError
        If one of them cannot be read or parsed.
    """
    folder = script.parent if folder is None else folder
    found, pending = set(), [script]
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending += _imported_files(path, folder, path.read_bytes())
    return sorted(found)


@cache
def _imported_files(path: Path, folder: Path, content: bytes) -> list[Path]:
    """The files under `folder` that a file's import statements, wherever they stand in its content, name."""
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
    places = {
        base.joinpath(*name.split(".")[:depth]) for base, name in names for depth in range(1, name.count(".") + 2)
    }
    candidates = [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]
    return [file for file in candidates if file.is_file()]


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements under a node. Without their expressions they are few; this is done at each start of Snakemake."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            yield child
            yield from _statements(child)
