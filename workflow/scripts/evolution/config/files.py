"""What is wrong in a config file as text: it cannot be read, is no mapping, gives a key twice, or holds code."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import yaml

from evolution.errors import ConfigError

# Snakemake evaluates Python expressions in a config that has this key.
TEMPLATE_KEY = "__use_yte__"

KINDS = {"list": "a list", "NoneType": "empty"}


def results_folder(config: dict) -> str:
    """The folder that `results` of a config names, with the home folder in the place of ~.

    Rules are read before the config is checked: where the value is none, and the check will say so, it is the default.
    """
    folder = config.get("results")
    return os.path.expanduser(folder) if isinstance(folder, str) and folder else "results"


def check_file(path: str | Path) -> None:
    """Refuse a config file that cannot be read, or is no mapping, before Snakemake reads it.

    Raises
    ------
    ConfigError
    """
    if faults := file_faults(path):
        raise ConfigError("\n".join(faults))


def file_faults(path: str | Path) -> list[str]:
    """Everything wrong in a config file that shows before its keys are looked at.

    Returns
    -------
    list of str
        A line each, with the file's name and the remedy.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return [f"{path} does not exist; write one, or name another with --configfile (workflow/presets/ has some)"]
    except UnicodeDecodeError as error:
        return [f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8"]
    except OSError as error:
        return [f"{path} cannot be read ({error.strerror}); a config is a YAML file"]
    try:
        config, tree = yaml.safe_load(text), yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        return [f"{path} is not valid YAML{where}: {problem}; keys are written `key: value`, indented with spaces"]
    except (ValueError, RecursionError) as error:
        return [f"{path} is not valid YAML ({error}); keys are written `key: value`, indented with spaces"]
    if not isinstance(config, dict):
        kind = KINDS.get(type(config).__name__, "a single value")
        return [f"{path} is {kind}; a config is keys with their values, as in `training: {{epochs: 10}}`"]
    faults = [
        f"{path}: {key} is given twice, in line {first} and line {second}; keep one"
        for key, first, second in _repeated_keys(tree, "", set())
    ]
    if TEMPLATE_KEY in config:
        faults.append(f"{path}: {TEMPLATE_KEY} makes Snakemake run code in the config; leave it out and write values")
    return faults


def _repeated_keys(node: yaml.Node, prefix: str, seen: set[int]) -> Iterator[tuple[str, int, int]]:
    """The dotted keys that a mapping gives twice, each with both lines: YAML keeps the last and does not say so."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item, prefix, seen)
    if isinstance(node, yaml.MappingNode):
        lines: dict[object, int] = {}
        for key, value in node.value:
            name, meant, line = str(key.value), _meant(key), key.start_mark.line + 1
            # A merge key (<<) may be given more than once.
            if meant in lines and key.tag != "tag:yaml.org,2002:merge":
                yield f"{prefix}{name}", lines[meant], line
            lines.setdefault(meant, line)
            yield from _repeated_keys(value, f"{prefix}{name}.", seen)


def _meant(key: yaml.Node) -> object:
    """What a key is read as: 1.1 and 1.10 are one key, and so are yes and true."""
    if isinstance(key, yaml.ScalarNode) and key.style is None and key.tag != "tag:yaml.org,2002:str":
        with suppress(yaml.YAMLError, ValueError):
            return yaml.safe_load(key.value)
    return str(key.value)
