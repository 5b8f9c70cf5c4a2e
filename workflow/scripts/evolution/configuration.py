"""From the config as it is written to what is built: defaults, checks, runs, epochs and spans."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

from evolution import PIXELS
from evolution.config_checks import Checked, cross_key_faults, job_faults
from evolution.config_files import file_faults
from evolution.config_schema import schema_faults, with_defaults, without
from evolution.run_layers import concrete_layers
from evolution.sources import source_files as source_files
from evolution.sweeps import expand, grid_faults, merged

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"


class ConfigError(Exception):
    """Everything wrong in a config, a line each."""


def check_file(path: str | Path) -> None:
    """Refuse a config file that cannot be read, or is no mapping, before Snakemake reads it.

    Raises
    ------
    ConfigError
    """
    faults = file_faults(path)
    if faults:
        raise ConfigError("\n".join(faults))


def resolve(config: dict, schema_path: Path = SCHEMA, files: Sequence[str | Path] = ()) -> dict:
    """Check a config and fill in what it leaves out.

    Parameters
    ----------
    config : dict
        As read from YAML.
    schema_path : Path
    files : paths
        What it was read from, to find what reading hides: keys given twice.

    Returns
    -------
    dict
        The config with every key; `runs` has those that `seeds` and `grid` make, each entry with the run's whole
        seed, dataset, model, training and its layers, which are names and no globs; and `plots.grid_epochs` is a list.

    Raises
    ------
    ConfigError
        Naming everything that is wrong: the key, its value, what is allowed.
    """
    schema = _read_schema(schema_path)
    faults = [fault for path in files for fault in file_faults(path)]
    found, paths = schema_faults(config, schema)
    wrong, wrong_paths = grid_faults(without(config, paths).get("grid", {}), schema)
    found, paths = found | wrong, paths | wrong_paths
    # The checks of one key against another see what is sound, so that all faults come in one message.
    sound = without(config, paths)
    resolved = with_defaults(sound, schema, schema)
    base = {key: resolved[key] for key in ("seed", "dataset", "model", "layers", "training")}
    if resolved["seeds"] and base["dataset"]["seed"] is None:
        # All seeds see the same images, or their layers could not be compared.
        base["dataset"] = base["dataset"] | {"seed": base["seed"]}
    runs = expand(resolved)
    resolved["runs"] = {name: _run_settings(base, changes) for name, changes in runs.changes.items()}
    checked = Checked(resolved, sound, frozenset(paths), runs.origins)
    faults += [*found, *runs.faults, *cross_key_faults(checked, snapshot_epochs)]
    # Where a model must be built to know its layers, that is left until the rest is right.
    layers, layer_faults = concrete_layers(checked, build=not faults)
    faults += layer_faults
    if not faults:
        for name, run in resolved["runs"].items():
            run["layers"] = layers[name]
        faults = job_faults(checked)
    if faults:
        raise ConfigError("\n".join(faults))
    if resolved["plots"]["grid_epochs"] is None:
        resolved["plots"]["grid_epochs"] = spread_epochs(snapshot_epochs(resolved))
    return resolved


@cache
def _read_schema(path: Path) -> dict:
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


def _run_settings(base: dict, changes: dict) -> dict:
    """A run's own settings: the config's, with the run's changes laid over them."""
    if changes.get("model", {}).get("name", base["model"]["name"]) != base["model"]["name"]:
        # Arguments and weights are a model's own: another model starts without them.
        base = {**base, "model": {**base["model"], "kwargs": {}, "weights": None}}
    return merged(base, changes)


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


def run_layers(config: dict) -> dict[str, list[str]]:
    """Each run's layers, the raw pixels first where they are followed."""
    return {name: [PIXELS] * config["activations"]["pixels"] + run["layers"] for name, run in config["runs"].items()}
