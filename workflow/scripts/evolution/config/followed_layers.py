"""The layers that each run follows, by name: what `layers` asks for, held against what the run's model has."""

from evolution import PIXELS
from evolution.config.checks import Checked
from evolution.errors import ModelError
from evolution.models.catalogue import ARCHITECTURES
from evolution.models.names import short_name
from evolution.models.selection import choose
from evolution.planning.model_trees import model_modules


def concrete_layers(checked: Checked, build: bool) -> tuple[dict[str, list[str]], list[str]]:
    """Each run's layers.

    Parameters
    ----------
    checked : Checked
    build : bool
        Whether to build models that are not of this workflow, where they have not been looked into before.

    Returns
    -------
    layers : dict
        Run to dotted names; runs whose keys are faulty are left out.
    faults : list of str
        A line each, none twice.
    """
    layers, faults = {}, {}
    for name, run in checked.runs("model.name", "model.kwargs", "dataset.name"):
        where = checked.place(name, "layers")
        if PIXELS in run["layers"]:
            faults[f"{where}: {PIXELS} stands for the raw images; leave it out and set activations.pixels"] = None
            run = {**run, "layers": [layer for layer in run["layers"] if layer != PIXELS]}
        model = run["model"]["name"]
        if model not in ARCHITECTURES and not build:
            continue
        try:
            modules = model_modules(run)
        except ModelError as error:
            fault = str(error)
            for key in ("model.name", "model.kwargs"):
                if fault.startswith(f"{key}: "):
                    fault = checked.place(name, key) + fault.removeprefix(key)
            faults[fault] = None
            continue
        layers[name], found = choose(run["layers"], modules, short_name(model), checked.place(name, "model.name"))
        faults.update(dict.fromkeys(f"{where}: {fault}" for fault in found))
    return layers, list(faults)
