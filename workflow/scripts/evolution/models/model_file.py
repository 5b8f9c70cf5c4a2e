"""A model of the user's, in a Python file or in a package: a class, or a function that returns one."""

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FunctionType, ModuleType

from torch import nn

from evolution.errors import PATHS_COUNT, ModelError
from evolution.models.import_paths import (
    LIBRARY,
    SCRIPTS,
    UserCode,
    find_module,
    find_on_path,
    no_module,
    opened,
    package_files,
    path_without_opened,
    user_code,
)

# What begins the names of modules that a user's file has in no package.
PREFIX = "model_file_"

# Of the model that was loaded last: its files, and the modules that were made here.
_files: set[Path] = set()
_made: set[str] = set()


def describe_exception(error: Exception, file: Path | None) -> str:
    """An exception's class and text, and the line of the user's file that it last passed through."""
    lines = []
    if file is not None:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == file.resolve()]
    where = f" ({file.name}, line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{where}"


def load_class(file: Path, attribute: str, *, what: str = "model", after_model: bool = False) -> Callable:
    """Run a user's file, which is trusted, and take a class or a function that returns a model from it.

    The file and what it imports from its folder and package (see `evolution.models.import_paths.user_code`) are
    imported again each time: they may have changed, and two models may have files of one name.

    Parameters
    ----------
    file : Path
    attribute : str
        The name of the class or function.
    what : str
        How messages call what it makes.
    after_model : bool
        Whether the model that was loaded last goes on to be used, which may import something as it runs.

    Raises
    ------
    ModelError
        If there is no such file, an import of it fails, or there is nothing of that name in it.
    """
    return _attribute(_load_file(file, after_model=after_model), attribute, str(file), what)


def load_function(file: Path, attribute: str) -> Callable:
    """Run a user's file, which is trusted, as `load_class` does, and take a function of any kind from it.

    Raises
    ------
    ModelError
        If there is no such file, an import of it fails, or there is no function of that name in it.
    """
    module = _load_file(file)
    found = getattr(module, attribute, None)
    if not callable(found):
        known = [name for name, value in vars(module).items() if _is_function_of(module, value)]
        problem = f"{file} has no {attribute}" if found is None else f"{file}:{attribute} is no function"
        raise ModelError(f"{problem}; its functions are {', '.join(known) or 'none'}", "model.name")
    return found


def _is_function_of(module: ModuleType, value: object) -> bool:
    return isinstance(value, FunctionType) and value.__module__ == module.__name__


def _load_file(file: Path, *, after_model: bool = False) -> ModuleType:
    """Run a user's file."""
    if not file.is_file():
        raise ModelError(f"there is no file {file}; {PATHS_COUNT}", "model.name")
    code = user_code(file)
    with _importing(code, shown=str(file), after_model=after_model):
        name = _make_packages(code) if code.module else f"{PREFIX}{file.stem}"
        _made.add(name)
        # The package may have imported it already.
        return sys.modules.get(name) or _run(importlib.util.spec_from_file_location(name, code.file))


def load_package_class(module: str, attribute: str, *, what: str = "model", after_model: bool = False) -> Callable:
    """Import a module of a package, which is trusted, and take a class or a function that returns a model from it.

    Parameters
    ----------
    module, attribute : str
    what, after_model
        As of `load_class`.

    Raises
    ------
    ModelError
        If there is no such module, an import of it fails, or there is nothing of that name in it.
    """
    if find_module(module) is None:
        raise ModelError(no_module(module), "model.name")
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    with _importing(package_files(module), shown=module, after_model=after_model):
        found = importlib.import_module(module)
    return _attribute(found, attribute, module, what)


@contextmanager
def _importing(code: UserCode | None, *, shown: str, after_model: bool) -> Iterator[None]:
    """Import a user's files within this, as if nothing of them had been imported before."""
    _forget(code)
    _open_folders(code, keep=after_model)
    # Write no compiled code: Python would use it for a file that changes again within the same second, and the folder
    # is the user's.
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with _their_library():
            yield
    except ImportError as error:
        reason = describe_exception(error, code.file if code else None)
        if (error.name or "").partition(".")[0] == LIBRARY:
            reason += f"; this workflow's own library is called {LIBRARY} too"
        folders = ", ".join(map(str, code.folders)) if code else ""
        where = f"Imports are looked up in {folders}, on PYTHONPATH and among the installed packages"
        raise ModelError(f"{shown} cannot be imported: {reason}. {where}.", "model.name") from error
    finally:
        sys.dont_write_bytecode = before


def _forget(code: UserCode | None) -> None:
    """Forget what was imported for the model before, and what the next one imports.

    What a module of the user's counts or keeps would else go from one network to the next, in one process and not in
    another; and a model would find the modules of another that has files of the same names.
    """
    _files.update(code.files if code else ())
    names = {file.name for file in _files}
    folders = {folder for file in _files for folder in file.parents}
    forgotten = set(_made)
    for name, module in list(sys.modules.items()):
        if file := getattr(module, "__file__", None):
            theirs = os.path.basename(file) in names and Path(file).resolve() in _files
        else:
            # A package without a file, which is the folder alone.
            theirs = any(Path(path) in folders for path in getattr(module, "__path__", ()))
        if theirs and name != "__main__":
            forgotten.add(name)
    # Python looks into a package to know the folders of those within, so none goes before all are known.
    for name in forgotten:
        sys.modules.pop(name, None)
    _made.clear()
    _files.clear()
    _files.update(code.files if code else ())


def _open_folders(code: UserCode | None, *, keep: bool) -> None:
    """Look for modules in a model's folders, and in those of the model before only if they are kept, after all others.

    The root of its names comes first, as where the user runs a program there. The other folders only have what is found
    nowhere else, and last come this workflow's scripts, whose names (train, layers) are others' too.
    """
    before = list(opened) if keep else []
    sys.path[:] = path_without_opened()
    opened.clear()
    if code is not None:
        root, *others = map(str, code.folders)
        sys.path.insert(0, root)
        sys.path.extend(others)
        opened.extend([root, *others])
    if before:
        # The first of them would stand first: no folder is called so.
        opened.extend([] if opened else ["\0"])
        more = [folder for folder in before if folder not in opened]
        sys.path.extend(more)
        opened.extend(more)
    ours = [folder for folder in sys.path if folder == str(SCRIPTS)]
    sys.path[:] = [folder for folder in sys.path if folder != str(SCRIPTS)] + ours
    importlib.invalidate_caches()


@contextmanager
def _their_library() -> Iterator[None]:
    """Within this, `evolution` is the user's module or package of that name, where Python finds one.

    What the user's files take from it they keep. Afterwards the name is this workflow's again.
    """
    scripts = [folder for folder in sys.path if folder == str(SCRIPTS)]
    sys.path[:] = [folder for folder in sys.path if folder != str(SCRIPTS)]
    ours = {} if find_on_path(LIBRARY) is None else _without_library()
    try:
        yield
    finally:
        if ours:
            _made.difference_update(_without_library())
            sys.modules.update(ours)
        sys.path.extend(scripts)


def _without_library() -> dict[str, ModuleType]:
    """Take the modules of the name `evolution` out of those that are imported."""
    names = [name for name in sys.modules if name.partition(".")[0] == LIBRARY]
    return {name: sys.modules.pop(name) for name in names}


def _make_packages(code: UserCode) -> str:
    """Import the packages around a module from their own folders, wherever others of their names are.

    Returns
    -------
    str
        The module's name: another package of the name may be in use, which keeps it. Absolute imports find that one.
    """
    *packages, last = code.module.split(".")
    folders = reversed(code.file.parents[: len(packages)])
    if packages[0] in {*sys.modules, *sys.stdlib_module_names, LIBRARY}:
        packages[0] = f"{PREFIX}{packages[0]}"
    for depth, folder in enumerate(folders):
        name, init = ".".join(packages[: depth + 1]), folder / "__init__.py"
        if init.is_file():
            spec = importlib.util.spec_from_file_location(name, init, submodule_search_locations=[str(folder)])
        else:
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [str(folder)]
        _made.add(name)
        package = _run(spec)
        if depth:
            setattr(sys.modules[name.rpartition(".")[0]], packages[depth], package)
    return ".".join([*packages, last])


def _run(spec: ModuleSpec) -> ModuleType:
    """Make a module and run its code, if it has any."""
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    if spec.loader is not None:
        spec.loader.exec_module(module)
    return module


def _attribute(module: ModuleType, attribute: str, where: str, what: str) -> Callable:
    """A class or function of a module."""
    if not hasattr(module, attribute):
        classes = {name: value for name, value in vars(module).items() if isinstance(value, type)}
        known = [
            name
            for name, value in classes.items()
            if (issubclass(value, nn.Module) if what == "model" else value.__module__ == module.__name__)
        ]
        kind = "models" if what == "model" else "classes"
        raise ModelError(f"{where} has no {attribute}; its {kind} are {', '.join(known) or 'none'}", "model.name")
    found = getattr(module, attribute)
    if isinstance(found, nn.Module):
        raise ModelError(
            f"{where}:{attribute} is a module that is built already, whose weights no seed draws; name its class, or a "
            "function that returns it",
            "model.name",
        )
    if not callable(found):
        raise ModelError(
            f"{where}:{attribute} is a {type(found).__name__}; it must be a class, or a function that returns a {what}",
            "model.name",
        )
    return found
