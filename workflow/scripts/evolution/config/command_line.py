"""Values of `--config` that lie deeper than one key: Snakemake hands them on as text, and YAML says what they are."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import yaml


def with_typed_values(config: dict, files: Sequence[str | Path]) -> dict:
    """A config whose values from the command line are what they would be in a file: 3 a number, null nothing.

    Snakemake reads `--config seed=3` as a number, and the 3 of `--config "training={epochs: 3}"` as text
    (https://github.com/snakemake/snakemake/issues/963). A text that a file gives at the same place stays text.

    Parameters
    ----------
    config : dict
        The files' content with the command line's laid over it.
    files : sequence of paths
        The config files, in the order in which they were laid over each other. One that cannot be read is passed over:
        `files.file_faults` says so.
    """
    written: dict = {}
    for path in files:
        with suppress(OSError, ValueError, RecursionError, yaml.YAMLError):
            content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
            written = _laid_over(written, content) if isinstance(content, dict) else written
    return {key: _typed(value, written.get(key)) for key, value in config.items()}


def _laid_over(below: dict, above: dict) -> dict:
    """Two configs as Snakemake joins them: mappings key by key, all else from the second."""
    both = {
        key: _laid_over(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value
        for key, value in above.items()
    }
    return below | both


def _typed(value: object, written: object) -> object:
    """A value with the texts in it read as YAML, but those that are written in a file."""
    if value == written:
        return value
    if isinstance(value, dict):
        known = written if isinstance(written, dict) else {}
        return {key: _typed(inner, known.get(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_typed(inner, None) for inner in value]
    if not isinstance(value, str):
        return value
    try:
        read = yaml.safe_load(value)
    except (ValueError, yaml.YAMLError):
        return value
    # YAML takes 1e-3 for text, and the command line takes it for a number one key higher.
    if isinstance(read, str):
        with suppress(ValueError):
            read = float(read)
    return read if isinstance(read, (bool, int, float)) or read is None else value
