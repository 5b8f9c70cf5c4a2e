"""A class, or a function that returns a model, in a file of the user's."""

import importlib.util
import sys
import traceback
from pathlib import Path

from torch import nn

from evolution.errors import ModelError


def described(error: Exception, file: Path) -> str:
    """An exception's kind and text, and the last line of a user's file on its way."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == file.resolve()]
    where = f" ({file.name}, line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{where}"


def load_class(file: Path, attribute: str):
    """A class, or a function that returns a model, from a user's file.

    What the file imports from its own folder is found there. The file is run: it is code, and trusted as such.

    Raises
    ------
    ModelError
        If there is no such file, or nothing of that name in it.
    """
    if not file.is_file():
        raise ModelError(
            f"there is no file {file}; paths count from the folder that Snakemake runs in", key="model.name"
        )
    folder = str(file.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    # Python tells compiled code by seconds, in which a file may have changed twice; and the folder is not ours.
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
        raise ModelError(f"{file} has no {attribute}; its models are {', '.join(known) or 'none'}", key="model.name")
    return getattr(module, attribute)
