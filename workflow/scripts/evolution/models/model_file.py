"""A model in a Python file of the user's: a class, or a function that returns one."""

import importlib.util
import sys
import traceback
from pathlib import Path

from torch import nn

from evolution.errors import ModelError


def describe_exception(error: Exception, file: Path) -> str:
    """An exception's class and text, and the line of the user's file that it last passed through."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == file.resolve()]
    where = f" ({file.name}, line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{where}"


def load_class(file: Path, attribute: str):
    """Run a user's file, which is trusted, and take a class or a function that returns a model from it.

    The file may import other files of its own folder.

    Raises
    ------
    ModelError
        If there is no such file, or nothing of that name in it.
    """
    if not file.is_file():
        raise ModelError(f"there is no file {file}; paths count from the folder that Snakemake runs in", "model.name")
    folder = str(file.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    # Write no compiled code: Python would use it for a file that changes again within the same second, and the folder
    # is the user's.
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec = importlib.util.spec_from_file_location(f"model_file_{file.stem}", file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    if not hasattr(module, attribute):
        known = [
            name for name, value in vars(module).items() if isinstance(value, type) and issubclass(value, nn.Module)
        ]
        raise ModelError(f"{file} has no {attribute}; its models are {', '.join(known) or 'none'}", "model.name")
    return getattr(module, attribute)
