"""The files of a user's model, found by reading its import statements: nothing of it is run.

The planner lists them as inputs, and the jobs import them, from the same folders.
"""

import ast
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path

from evolution.errors import ModelError

# The folder that this workflow's own modules are imported from, and the name of its library.
SCRIPTS = Path(__file__).parents[2]
LIBRARY = "evolution"

# The folders that packages are installed in.
INSTALLED = ("site-packages", "dist-packages")

# The folders that `evolution.models.model_file` has added to Python's search path, one before all else and others last.
opened: list[str] = []


@dataclass(frozen=True)
class UserCode:
    """The code of a user's model.

    Attributes
    ----------
    file : Path
        The file with the model.
    root : Path
        The folder that the names of its package start from; its own where it is in no package.
    folders : tuple of Path
        All folders that its imports are looked up in, `root` first.
    files : tuple of Path
        The file, and what it imports from these folders, directly or through another file; sorted.
    """

    file: Path
    root: Path
    folders: tuple[Path, ...]
    files: tuple[Path, ...]

    @property
    def module(self) -> str | None:
        """The file's dotted name in its package; None where it is in no package."""
        parts = self.file.relative_to(self.root).with_suffix("").parts
        return ".".join(part.replace(".", "_") for part in parts) if len(parts) > 1 else None


def user_code(file: Path, root: Path | None = None) -> UserCode:
    """The code of a model in a file.

    Its imports are looked up in its own folder and in the one above its package, see `package_root`. What is neither
    there nor installed is looked up in the folders above these, the nearest first: `from utils.blocks import Block` in
    models/net.py, next to utils.

    Parameters
    ----------
    file : Path
    root : Path, optional
        The folder that the names of its package start from, where that is known.

    Raises
    ------
    OSError, SyntaxError
        If one of the files cannot be read or parsed.
    """
    file = file.resolve()
    root = package_root(file) if root is None else root
    folders = list(dict.fromkeys([root, file.parent]))
    packages = [folder for folder in file.parents if root in folder.parents]
    found, pending = set(), [file, *(init for folder in packages if (init := folder / "__init__.py").is_file())]
    while pending:
        path = pending.pop()
        if path in found:
            continue
        found.add(path)
        try:
            names = imported_names(path.read_bytes())
        except SyntaxError as error:
            error.filename = os.fspath(path)  # Which of the files it is.
            raise
        for level, name in names:
            if not level:
                folders += _folder_above(name, folders, file)
            pending += imported_files(name, [path.parents[level - 1]] if 0 < level <= len(path.parents) else folders)
    return UserCode(file, root, tuple(folders), tuple(sorted(found)))


def package_root(file: Path) -> Path:
    """The folder that the dotted name of a file starts from: its own, or the one above its package.

    A folder belongs to a package if it has an `__init__.py`. Python also has packages without: a folder is taken for
    one if the file imports relatively (`from .blocks import Block`), or by the folder's name (`from nets.blocks import
    Block` in nets/model.py).
    """
    file = file.resolve()
    root = file.parent
    while (root / "__init__.py").is_file() and root != root.parent:
        root = root.parent
    for level, name in imported_names(file.read_bytes()):
        if level:
            wanted = file.parents[min(level, len(file.parents) - 1)]
        else:
            first = name.partition(".")[0]
            named = [folder for folder in file.parents if folder.name == first and has_module(name, folder.parent)]
            wanted = named[0].parent if named and not has_module(name, root) else root
        if wanted in root.parents:
            root = wanted
    return root


@cache
def imported_names(content: bytes) -> list[tuple[int, str]]:
    """What a file's import statements name, wherever they stand in it.

    Returns
    -------
    list of (int, str)
        The number of leading dots, and the dotted name, of which the last part may be a module or something in one.
    """
    names = []
    for node in _statements(ast.parse(content)):
        if isinstance(node, ast.Import):
            names += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = f"{node.module}." if node.module else ""
            names += [(node.level, f"{module}{alias.name}") for alias in node.names]
    return list(dict.fromkeys(names))


def imported_files(name: str, folders: list[Path]) -> list[Path]:
    """The files under some folders that run when a name is imported.

    Importing a.b.c runs a and a.b too; c may be a module, or something in one.
    """
    parts = name.split(".")
    modules = [folder.joinpath(*parts[:depth]) for folder in folders for depth in range(1, len(parts) + 1)]
    candidates = [file for module in modules for file in (module.with_suffix(".py"), module / "__init__.py")]
    return [file for file in candidates if file.is_file()]


def has_module(name: str, folder: Path) -> bool:
    """Whether a folder has what an imported name says: a module, or one that the last part of the name is within."""
    *parents, last = name.split(".")
    within = folder.joinpath(*parents)
    found = [within / f"{last}.py", within / last / "__init__.py"]
    if parents:
        found += [within.with_suffix(".py"), within / "__init__.py"]
    # A package may lack an __init__.py, but then holds nothing but modules.
    return any(file.is_file() for file in found) or bool(parents and (within / last).is_dir())


def find_module(module: str) -> Path | None:
    """The file of a module of a package, found without running any of its code.

    Parameters
    ----------
    module : str
        Its dotted name. It may also lie in the working directory, where no installed package has the name.

    Returns
    -------
    Path or None
        None where there is no such module. A compiled one is no file of Python.
    """
    first, *rest = module.split(".")
    spec = find_top(first)
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.has_location else None
    for folder in spec.submodule_search_locations or ():
        path = Path(folder, *rest)
        for file in (path / "__init__.py", path.with_suffix(".py"), *sorted(path.parent.glob(f"{path.name}.*.so"))):
            if file.is_file():
                return file
    return None


def find_top(name: str) -> ModuleSpec | None:
    """Where a package or module without dots is found; neither this workflow's own modules nor the standard library."""
    if name in sys.stdlib_module_names:
        return None
    with package_path():
        return find_on_path(name)


def find_on_path(name: str) -> ModuleSpec | None:
    """Where Python would find a package or module without dots, whatever is imported already."""
    for finder in sys.meta_path:
        spec = finder.find_spec(name, None) if hasattr(finder, "find_spec") else None
        if spec is not None:
            return spec
    return None


@contextmanager
def package_path() -> Iterator[None]:
    """Look for modules as a user's code should within this: the working directory last, and no scripts of ours."""
    before = sys.path
    sys.path = [entry for entry in path_without_opened() if entry and Path(entry) != SCRIPTS] + [str(Path.cwd())]
    try:
        yield
    finally:
        sys.path = before


def path_without_opened() -> list[str]:
    """Python's search path without the folders of the model that was loaded last."""
    path = sys.path.copy()
    # The first one stands first, and the others last: the same folder may be there in its own right.
    for folder in opened[:1]:
        if folder in path:
            path.remove(folder)
    path.reverse()
    for folder in opened[1:]:
        if folder in path:
            path.remove(folder)
    path.reverse()
    return path


def package_files(module: str) -> UserCode | None:
    """The code of a module of a package that is not installed but lies in a folder of the user's.

    So does a package that is installed in place (`pip install -e`), or found by PYTHONPATH. None for any other, whose
    version says which code it is.

    Raises
    ------
    ModelError
        If there is no such module.
    OSError, SyntaxError
        If one of the files cannot be read or parsed.
    """
    file = find_module(module)
    if file is None:
        raise ModelError(no_module(module), "model.name")
    if is_installed(file) or file.suffix != ".py":
        return None
    file = file.resolve()
    depth = module.count(".") + (file.name == "__init__.py")
    return user_code(file, file.parents[depth])


def is_installed(file: Path) -> bool:
    """Whether a file belongs to an installed package, whose version says what is in it."""
    return not set(INSTALLED).isdisjoint(file.parts)


def no_module(module: str) -> str:
    """That there is no such module, and what to do."""
    return (
        f"there is no module {module} in the installed packages, on PYTHONPATH or in the folder that Snakemake runs "
        "in; install its package where Snakemake is, or name a file: path/to/file.py:Class"
    )


def _folder_above(name: str, folders: list[Path], file: Path) -> list[Path]:
    """The nearest folder above that has a module which is found nowhere else: one, or none."""
    first = name.partition(".")[0]
    if first in sys.stdlib_module_names or any(has_module(name, folder) for folder in folders):
        return []
    above = next((folder for folder in file.parents if folder not in folders and has_module(name, folder)), None)
    if above is None:
        return []
    spec = find_top(first)
    # To Python any folder on the path is a package, and has no origin; what is installed has one.
    installed = (
        spec is not None
        and spec.origin is not None
        and (is_installed(Path(spec.origin)) or above not in Path(spec.origin).parents)
    )
    return [] if installed else [above]


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements under a node, without their expressions, which are many: this runs whenever Snakemake starts."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            yield child
            yield from _statements(child)
