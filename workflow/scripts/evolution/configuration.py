"""From the config as it is written to what is built: defaults, checks, runs, epochs and spans."""

import ast
import copy
import difflib
from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from evolution import PIXELS

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"
# JSON Schema takes 100.0 for an integer; range() does not.
Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda checker, value: type(value) is int),
)


class ConfigError(Exception):
    """Everything wrong in a config, a line each."""


def resolve(config: dict, schema_path: Path = SCHEMA) -> dict:
    """Check a config and fill in what it leaves out.

    Parameters
    ----------
    config : dict
        As read from YAML.
    schema_path : Path

    Returns
    -------
    dict
        The config with every key; each entry of `runs` holds the run's whole seed, dataset, model and training, and
        `plots.grid_epochs` is a list.

    Raises
    ------
    ConfigError
        Naming each key that is wrong, its value and what is allowed.
    """
    schema = yaml.safe_load(Path(schema_path).read_text(encoding="utf-8"))
    problems = [_explain(error, schema) for error in Validator(schema).iter_errors(config)]
    if problems:
        raise ConfigError("\n".join(sorted(problems)))
    resolved = _with_defaults(config, schema, schema)
    base = {key: resolved[key] for key in ("seed", "dataset", "model", "training")}
    resolved["runs"] = {
        name: _run_settings(base, changes or {}) for name, changes in (config.get("runs") or resolved["runs"]).items()
    }
    problems = [problem for check in (_check_epochs, _check_layers, _check_sizes) for problem in check(resolved)]
    if problems:
        raise ConfigError("\n".join(problems))
    if resolved["plots"]["grid_epochs"] is None:
        resolved["plots"]["grid_epochs"] = spread_epochs(snapshot_epochs(resolved))
    return resolved


def _definition(schema: dict, root: dict) -> dict:
    """The schema with its $ref followed; what stands beside the $ref, such as a default, is kept."""
    if "$ref" not in schema:
        return schema
    target = root
    for step in schema["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**_definition(target, root), **{key: value for key, value in schema.items() if key != "$ref"}}


def _with_defaults(value, schema: dict, root: dict):
    schema = _definition(schema, root)
    if not isinstance(value, dict) or "properties" not in schema:
        return copy.deepcopy(value)
    filled = {}
    for key, part in schema["properties"].items():
        default = _definition(part, root).get("default")
        filled[key] = _with_defaults(value.get(key, default), part, root)
    return filled


def _run_settings(base: dict, changes: dict) -> dict:
    """A run's own settings: the config's, with the run's changes laid over them."""
    if changes.get("model", {}).get("name", base["model"]["name"]) != base["model"]["name"]:
        # Arguments are a model's own: another model starts without them.
        base = {**base, "model": {**base["model"], "kwargs": {}}}
    return _merged(base, changes)


def _merged(base: dict, changes: dict) -> dict:
    """`base` with `changes` laid over it, mapping by mapping."""
    merged = copy.deepcopy(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else copy.deepcopy(value)
    return merged


def _explain(error, schema: dict) -> str:
    """One line for one fault: the key's path, what was given, what is allowed."""
    path = ".".join(str(step) for step in error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        lines = []
        for key in error.instance:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                lines.append(f"{path + '.' if path else ''}{key}: unknown key; {hint}known here: {', '.join(known)}")
        return "\n".join(lines)
    given = repr(error.instance)
    allowed = {
        "enum": lambda: "allowed: " + ", ".join(map(str, error.validator_value)),
        "type": lambda: "must be of type " + _type_names(error.validator_value),
        "minimum": lambda: f"must be at least {error.validator_value}",
        "maximum": lambda: f"must be at most {error.validator_value}",
        "exclusiveMinimum": lambda: f"must be greater than {error.validator_value}",
        "minItems": lambda: "must have at least one entry",
        "minProperties": lambda: "must have at least one entry",
        "minLength": lambda: "must not be empty",
        "uniqueItems": lambda: "must not name anything twice",
        "pattern": lambda: "must be made of letters, digits and _, with single dots between (runs also take -)",
    }.get(error.validator, lambda: error.message)()
    return f"{path or 'config'}: {given} is not allowed; {allowed}"


def _type_names(types: str | list[str]) -> str:
    words = {"object": "mapping", "array": "list", "null": "null"}
    types = [types] if isinstance(types, str) else types
    return " or ".join(words.get(name, name) for name in types)


def snapshot_epochs(config: dict) -> list[int]:
    """Epochs with a snapshot: 0, every `every`-th, `also`, and the last."""
    last, snapshots = config["training"]["epochs"], config["snapshots"]
    return sorted({0, last, *range(0, last + 1, snapshots["every"]), *snapshots["also"]})


def spread_epochs(epochs: list[int], count: int = 7) -> list[int]:
    """At most `count` of the epochs, close together early in the training, where most happens."""
    last = len(epochs) - 1
    places = {round(last * (step / max(count - 1, 1)) ** 2.2) for step in range(count)}
    return [epochs[place] for place in sorted(places)]


def span_name(first: int, last: int) -> str:
    """`0010` for one epoch, `0010-0018` for more."""
    return f"{first:04d}" if first == last else f"{first:04d}-{last:04d}"


def snapshot_spans(config: dict) -> dict[str, list[int]]:
    """Cut the snapshots into spans, one job each.

    Epoch 0 is a span of its own. The others are cut at multiples of `every * snapshots_per_job` epochs, not by
    counting, so that a snapshot more or a longer training moves no boundary.

    Returns
    -------
    dict
        Span to its epochs, in order.
    """
    width = config["snapshots"]["every"] * config["snapshots_per_job"]
    windows: dict[int, list[int]] = {}
    for epoch in snapshot_epochs(config):
        # With a span a snapshot, an epoch of `also` is one more span and not a guest in its neighbour's.
        window = epoch if config["snapshots_per_job"] == 1 else -(-epoch // width)
        windows.setdefault(window, []).append(epoch)
    return {span_name(epochs[0], epochs[-1]): epochs for epochs in windows.values()}


def training_spans(config: dict) -> dict[str, range]:
    """Cut the training into a chain of spans: epoch 0, then multiples of `epochs_per_job`.

    Returns
    -------
    dict
        Span to its epochs, in order.
    """
    last = config["training"]["epochs"]
    step = config["training"]["epochs_per_job"] or last
    spans = {span_name(0, 0): range(0, 1)}
    for first in range(1, last + 1, step):
        end = min(first + step, last + 1)
        spans[span_name(first, end - 1)] = range(first, end)
    return spans


def run_layers(config: dict) -> list[str]:
    """The layers of a run, the raw pixels first where they are followed."""
    return [PIXELS] * config["activations"]["pixels"] + config["layers"]


def _check_epochs(config: dict) -> list[str]:
    problems = []
    last = config["training"]["epochs"]
    late = [epoch for epoch in config["snapshots"]["also"] if epoch > last]
    if late:
        problems.append(f"snapshots.also: {late} lies past the last epoch; training.epochs is {last}")
    epochs = [epoch for epoch in snapshot_epochs(config) if epoch <= last]
    for epoch in config["plots"]["grid_epochs"] or []:
        if epoch > last:
            problems.append(f"plots.grid_epochs: {epoch} lies past the last epoch; training.epochs is {last}")
        elif epoch not in epochs:
            near = min(epochs, key=lambda known: abs(known - epoch))
            problems.append(
                f"plots.grid_epochs: {epoch} has no snapshot, the nearest is {near}; add {epoch} to snapshots.also"
            )
    return problems


def _check_layers(config: dict) -> list[str]:
    if PIXELS in config["layers"]:
        return [f"layers: {PIXELS} stands for the raw images; leave it out and set activations.pixels"]
    return []


def _check_sizes(config: dict) -> list[str]:
    problems = []
    for name, run in config["runs"].items():
        samples = run["dataset"]["eval_size"]
        where = f"run {name} has dataset.eval_size {samples}"
        perplexity = config["embedding"]["perplexity"]
        if perplexity >= samples / 3:
            problems.append(f"embedding.perplexity: {perplexity} is too large, {where}; must be below a third of it")
        for key in ("clusters", "neighbors"):
            value = config["metrics"][key]
            if value >= samples:
                problems.append(f"metrics.{key}: {value} is too large, {where}; must be below it")
    return problems


def source_files(script: Path) -> list[Path]:
    """A script and every module beside it that it imports, directly or through another.

    These are the inputs that stand for a job's code. They are read off the import statements, so that none can be
    forgotten.
    """
    found, pending = set(), [script]
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending += _imported_files(path, script.parent)
    return sorted(found)


@cache
def _imported_files(path: Path, folder: Path) -> list[Path]:
    """The files under `folder` that a file's import statements, wherever they stand, name."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    # Importing a.b.c runs a and a.b too; c may be a module, or something in one.
    places = {folder.joinpath(*name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 2)}
    candidates = [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]
    return [file for file in candidates if file.is_file()]
