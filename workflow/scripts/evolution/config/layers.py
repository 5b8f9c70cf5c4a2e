"""The layers that each run follows, by name: what `layers` asks for, checked against the modules of the run's model."""

from collections.abc import Mapping

from evolution import RAW_INPUTS
from evolution.config.checks import CheckedConfig
from evolution.errors import ModelError
from evolution.models.catalogue import ARCHITECTURES
from evolution.models.names import short_name
from evolution.models.selection import choose
from evolution.planning.model_trees import model_modules
from evolution.planning.run_times import RunTimes
from evolution.sources.recording_layers import recorded_modules


def chosen_layers(checked: CheckedConfig, *, build: bool) -> tuple[dict[str, list[str]], list[str]]:
    """Each run's layers, without the raw inputs.

    Parameters
    ----------
    checked : CheckedConfig
    build : bool
        Whether to build a model that is not of this workflow to find its modules, where that was not done before.

    Returns
    -------
    layers : dict
        Run to dotted names; a run with a fault in its model or data set is left out.
    faults : list of str
        A line each, none twice.
    """
    layers, faults = {}, {}
    for name, run in checked.runs("model.name", "model.kwargs", "dataset.name"):
        key = checked.written_key(name, "layers")
        wanted = run["layers"]
        if RAW_INPUTS in wanted:
            faults[f"{key}: {RAW_INPUTS} stands for the raw inputs; leave it out and set activations.raw_inputs"] = None
            wanted = [layer for layer in wanted if layer != RAW_INPUTS]
        if run["recording"] is not None:
            times = checked.config["times"].get(name)
            if times is not None:
                where = checked.written_key(name, "recording.path")
                layers[name], found = choose(wanted, recorded_modules(times.recording), run["recording"]["path"], where)
                faults.update(dict.fromkeys(f"{key}: {fault}" for fault in found))
            continue
        model = run["model"]["name"]
        if model not in ARCHITECTURES and not build:
            continue
        try:
            modules = model_modules(run)
        except ModelError as error:
            faults[str(error.at(checked.written_key(name, error.key)))] = None
            continue
        layers[name], found = choose(wanted, modules, short_name(model), checked.written_key(name, "model.name"))
        faults.update(dict.fromkeys(f"{key}: {fault}" for fault in found))
    return layers, list(faults)


def layers_with_raw_inputs(config: dict, times: Mapping[str, RunTimes]) -> dict[str, list[str]]:
    """Each run's layers in a resolved config, the raw inputs first where they are followed.

    A recording may have no raw inputs.
    """
    return {
        name: [RAW_INPUTS] * (config["activations"]["raw_inputs"] and times[name].has_inputs) + run["layers"]
        for name, run in config["runs"].items()
    }
