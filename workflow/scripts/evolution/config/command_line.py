"""Values of `--config` that lie deeper than one key: Snakemake gives text, and the schema says what it stands for."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import yaml

from evolution.config.schema import Validator, definition

# What text may stand for: false, False and FALSE. YAML reads more so, such as no, 010 and 1:30, which would surprise
# here.
_MEANT = {"true": True, "false": False, "null": None}
WORDS = {form(word): meant for word, meant in _MEANT.items() for form in (str.lower, str.capitalize, str.upper)}
INTEGER = re.compile(r"[-+]?(0|[1-9]\d*)")
NUMBER = re.compile(r"[-+]?(0|[1-9]\d*|(?=\.\d))(\.\d*)?([eE][-+]?\d+)?")


def with_typed_values(config: dict, files: Sequence[str | Path], schema: dict) -> dict:
    """A config whose values from the command line are what they would be in a file: 3 a number, null nothing.

    Snakemake reads `--config seed=3` as a number, and the 3 of `--config "training={epochs: 3}"` as text, with or
    without quotes (https://github.com/snakemake/snakemake/issues/963). Where the schema wants text, it stays text. So
    does a text that a file gives at the same place.

    Parameters
    ----------
    config : dict
        The files' content with the command line's laid over it.
    files : sequence of paths
        The config files, in the order in which they were laid over each other. One that cannot be read is passed over:
        `files.file_faults` says so.
    schema : dict
        The config's.
    """
    written: dict = {}
    for path in files:
        with suppress(OSError, ValueError, RecursionError, yaml.YAMLError):
            content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
            written = _laid_over(written, content) if isinstance(content, dict) else written
    return _typed(config, written, schema, schema)


def _laid_over(below: dict, above: dict) -> dict:
    """Two configs as Snakemake joins them: mappings key by key, all else from the second."""
    both = {
        key: _laid_over(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value
        for key, value in above.items()
    }
    return below | both


def _typed(value: object, written: object, part: dict, schema: dict) -> object:
    """A value with the texts in it read, but those that a file has; `part` is what the schema says of it."""
    part = definition(part, schema)
    if isinstance(value, dict):
        known = written if isinstance(written, dict) else {}
        others = part.get("additionalProperties")
        others = others if isinstance(others, dict) else {}
        parts = part.get("properties", {})
        return {key: _typed(inner, known.get(key), parts.get(key, others), schema) for key, inner in value.items()}
    if value == written:
        return value
    if isinstance(value, list):
        return [_typed(inner, None, part.get("items", {}), schema) for inner in value]
    if not isinstance(value, str):
        return value
    read = _read(value)
    return read if _may_be(read, part, schema) else value


def _read(text: str) -> object:
    """What a text stands for: a number, a truth value, nothing; else itself."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if NUMBER.fullmatch(text) else text


def _may_be(value: object, part: dict, schema: dict) -> bool:
    """Whether the schema allows a value's type; where it says nothing of it, it does."""
    part = definition(part, schema)
    if "anyOf" in part:
        return any(_may_be(value, each, schema) for each in part["anyOf"])
    if "enum" in part:
        return value in part["enum"]
    types = part.get("type", [])
    types = [types] if isinstance(types, str) else types
    return not types or any(Validator.TYPE_CHECKER.is_type(value, name) for name in types)
