"""The config as it is written, turned into what is built: defaults, checks, runs."""

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

from evolution import PIXELS
from evolution.config.checks import Checked, cross_key_faults, job_faults
from evolution.config.files import file_faults
from evolution.config.followed_layers import concrete_layers
from evolution.config.schema import schema_faults, with_defaults, without
from evolution.config.spans import snapshot_epochs, spread_epochs
from evolution.config.sweeps import expand, grid_faults, merged
from evolution.embedding.methods import missing_package
from evolution.errors import ConfigError

SCHEMA = Path(__file__).parents[3] / "schemas" / "config.schema.yaml"


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


def check_installed(config: dict) -> None:
    """Refuse a resolved config that needs a package which is optional and not installed.

    Raises
    ------
    ConfigError
    """
    method = config["embedding"]["method"]
    if package := missing_package(method):
        raise ConfigError(
            f"embedding.method: {method} needs the package {package}, which is not installed; install it with "
            f"`{sys.executable} -m pip install -r requirements-extras.txt`, run with --sdm conda, or choose tsne or pca"
        )


@cache
def _read_schema(path: Path) -> dict:
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


def _run_settings(base: dict, changes: dict) -> dict:
    """A run's own settings: the config's, with the run's changes laid over them."""
    if changes.get("model", {}).get("name", base["model"]["name"]) != base["model"]["name"]:
        # Arguments and weights are a model's own: another model starts without them.
        base = {**base, "model": {**base["model"], "kwargs": {}, "weights": None}}
    return merged(base, changes)


def run_layers(config: dict) -> dict[str, list[str]]:
    """Each run's layers, the raw pixels first where they are followed."""
    return {name: [PIXELS] * config["activations"]["pixels"] + run["layers"] for name, run in config["runs"].items()}
