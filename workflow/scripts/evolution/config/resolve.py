"""From the config as it is written to what is built: checks, defaults, runs."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

from evolution.config.checks import CheckedConfig, cross_key_faults, job_faults
from evolution.config.class_colors import color_faults
from evolution.config.class_votes import cluster_faults
from evolution.config.files import file_faults
from evolution.config.layers import chosen_layers
from evolution.config.model_configs import fill_in_model_configs
from evolution.config.sample_faults import no_attribute, sample_faults
from evolution.config.schema import Fault, KeyPath, schema_faults, with_defaults, without
from evolution.config.suited import unsuited
from evolution.config.sweeps import expand, grid_faults, merged
from evolution.config.times import run_times
from evolution.config.training_part import cap_training_parts
from evolution.data.facts import data_facts
from evolution.data.kinds import DataFacts
from evolution.data.own_function import own_function
from evolution.errors import ConfigError, DataError
from evolution.planning.own_facts import own_facts
from evolution.planning.training_trials import training_faults

try:
    # libyaml, where PyYAML was built with it, takes a sixth of the time.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader

SCHEMA = Path(__file__).parents[3] / "schemas" / "config.schema.yaml"


def resolve(config: dict, *, files: Sequence[str | Path] = (), results: Path | None = None) -> dict:
    """Check a config and fill in what it leaves out.

    Parameters
    ----------
    config : dict
        As read from YAML.
    files : sequence of paths
        The files that the config was read from: they show keys that are given twice, which the config does not.
    results : Path, optional
        The folder with the results; by default what `results` of the config says.

    Returns
    -------
    dict
        The config with every key. `runs` holds the runs that `seeds` and `grid` make, each with its whole seed,
        dataset, model, checkpoints, recording and training, and its layers by name, without globs; `times` holds
        each run's `evolution.planning.run_times.RunTimes`, and `facts` its `evolution.data.kinds.DataFacts`. A run
        with a recording has no model and no data set: their names are empty.

    Raises
    ------
    ConfigError
        If anything is wrong: for each fault the key, its value, what is allowed.
    """
    schema = read_schema()
    found = schema_faults(config, schema)
    found += grid_faults(without(config, _culprits(found)).get("grid", {}), schema)
    culprits = _culprits(found)
    # The later checks run on the sound rest, so that all faults come in one message.
    sound = without(config, culprits)
    resolved = with_defaults(sound, schema, schema)
    base = {
        key: resolved[key] for key in ("seed", "dataset", "model", "layers", "checkpoints", "recording", "training")
    }
    if resolved["seeds"] and base["dataset"]["seed"] is None:
        # All seeds see the same images; otherwise their layers could not be compared.
        base["dataset"] = base["dataset"] | {"seed": base["seed"]}
    runs = expand(resolved)
    resolved["runs"] = {name: _run_settings(base, changes, schema) for name, changes in runs.changes.items()}
    checked = CheckedConfig(config=resolved, written=sound, faulty=culprits, origins=runs.origins)
    cap_training_parts(checked)
    faults = [fault for path in files for fault in file_faults(path)]
    faults += [*dict.fromkeys(map(str, found)), *runs.faults]
    resolved["times"], time_faults = run_times(checked, results=results or Path(resolved["results"]).expanduser())
    faults += [*time_faults, *cross_key_faults(checked), *sample_faults(checked)]
    faults += [*unsuited(checked), *cluster_faults(checked), *color_faults(checked)]
    faults += dict.fromkeys(fill_in_model_configs(checked))
    # A model that must be built to know its layers is only built once the rest is right.
    layers, layer_faults = chosen_layers(checked, build=not faults)
    faults += layer_faults
    if not faults:
        for name, run in resolved["runs"].items():
            run["layers"] = layers[name]
        # A trial takes seconds, so it comes last.
        faults = job_faults(checked) or training_faults(checked)
    if not faults:
        resolved["facts"], faults = _facts(checked)
        # What a function of the user's returns is known only now.
        faults = faults or [*unsuited(checked, resolved["facts"]), *color_faults(checked, resolved["facts"])]
    if faults:
        raise ConfigError("\n".join(faults))
    return resolved


def _facts(checked: CheckedConfig) -> tuple[dict[str, DataFacts], list[str]]:
    """What is known of each run's samples, and the faults of functions that give none that can be used."""
    facts, faults = {}, {}
    for name, run in checked.config["runs"].items():
        dataset, recording = run["dataset"], checked.config["times"][name].recording
        try:
            if recording is not None:
                facts[name] = recording.facts(dataset)
            elif own_function(dataset["name"]):
                facts[name] = own_facts(dataset)
            else:
                facts[name] = data_facts(dataset) or DataFacts()
        except DataError as error:
            faults[str(error.at(checked.written_key(name, error.key)))] = None
            continue
        if recording is not None or own_function(dataset["name"]):
            # Of other data sets it was said before.
            known = facts[name].attributes
            for attribute in checked.config["metrics"]["measure_by"]:
                if attribute not in known:
                    faults[no_attribute(attribute, known, run)] = None
    return facts, list(faults)


@cache
def read_schema() -> dict:
    """The schema, read once."""
    return yaml.load(SCHEMA.read_text(encoding="utf-8"), SafeLoader)


def _culprits(faults: Sequence[Fault]) -> frozenset[KeyPath]:
    """The keys without which none of the faults is left."""
    return frozenset(culprit for fault in faults for culprit in fault.culprits)


def _run_settings(base: dict, changes: dict, schema: dict) -> dict:
    """A run's own settings: the config's, with the run's changes laid over them."""
    if changes.get("model", {}).get("name", base["model"]["name"]) != base["model"]["name"]:
        # Arguments and weights belong to a model: another model starts without them.
        base = {**base, "model": {**base["model"], "kwargs": {}, "weights": None}}
    training = changes.get("training", {})
    # So do those of an optimizer and a recipe.
    for key, arguments in (("optimizer", "optimizer_kwargs"), ("recipe", "recipe_kwargs")):
        if training.get(key, base["training"][key]) != base["training"][key]:
            base = {**base, "training": {**base["training"], arguments: {}}}
    settings = merged(base, changes)
    # Where all runs together have no average, no checkpoints or the like, the run's own are still without defaults.
    settings["training"] = with_defaults(settings["training"], schema["properties"]["training"], schema)
    for source in ("checkpoints", "recording"):
        settings[source] = with_defaults(settings[source], schema["$defs"][source], schema)
    if settings["recording"] is not None:
        # Nothing asks for a model or a data set, whatever the config says for other runs.
        kept = {key: settings["dataset"][key] for key in ("eval_size", "seed", "kind", "target")}
        settings["dataset"] = with_defaults(kept, schema["$defs"]["dataset"], schema) | {"name": ""}
        settings["model"] = {"name": "", "kwargs": {}, "weights": None}
    return settings
