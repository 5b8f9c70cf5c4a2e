"""Whether a run's model and the end of its training suit its samples: their kind of input and of target."""

from collections.abc import Iterator, Mapping

from evolution.config.checks import CheckedConfig, is_trained
from evolution.data.facts import data_facts
from evolution.data.kinds import CLASSES, IMAGES, NONE, SAID, DataFacts, output_count
from evolution.models.catalogue import ARCHITECTURES
from evolution.models.names import outputs_argument, outputs_unknown, torchvision_name


def unsuited(checked: CheckedConfig, facts: Mapping[str, DataFacts] | None = None) -> list[str]:
    """What does not suit the samples.

    Parameters
    ----------
    checked : CheckedConfig
    facts : mapping of str to DataFacts, optional
        Of each run. By default what is known without calling a function of the user's; of others nothing is said.

    Returns
    -------
    list of str
        A line each.
    """
    faults = {}
    for name, run in checked.runs("dataset", "model", "training"):
        if run["recording"] is not None:
            continue
        known = data_facts(run["dataset"]) if facts is None else facts[name]
        if known is None:
            continue
        faults |= dict.fromkeys(_model_faults(checked, name, run, known.kind))
        faults |= dict.fromkeys(_outputs_faults(checked, name, run["model"], known))
        if is_trained(run) and run["training"]["stop"]:
            faults |= dict.fromkeys(_stop_faults(checked, name, run["training"]["stop"], known.target))
    return list(faults)


def _model_faults(checked: CheckedConfig, name: str, run: dict, kind: str) -> Iterator[str]:
    model = run["model"]["name"]
    takes = (IMAGES,) if torchvision_name(model) else ARCHITECTURES[model].kinds if model in ARCHITECTURES else None
    if takes is None or kind in takes:
        return
    said = ", ".join(SAID[each] for each in takes if each in SAID)
    fitting = [each for each, known in ARCHITECTURES.items() if kind in known.kinds]
    yield (
        f"{checked.written_key(name, 'model.name')}: {model} takes {said}, "
        f"and {run['dataset']['name']} holds {SAID.get(kind, 'samples of another kind')}; must be "
        f"{', '.join(fitting)}, or a model of your own (path/to/file.py:Class)"
    )


def _outputs_faults(checked: CheckedConfig, name: str, model: dict, known: DataFacts) -> Iterator[str]:
    """The number of outputs of a model of this workflow or of torchvision is said once: by the data, or by kwargs."""
    if model["name"] not in ARCHITECTURES and not torchvision_name(model["name"]):
        return
    argument = outputs_argument(model["name"])
    given = model["kwargs"].get(argument)
    where = checked.written_key(name, "model.kwargs", argument)
    if known.target == NONE and not known.names:
        if argument not in model["kwargs"]:
            yield f"{checked.written_key(name, 'model.kwargs')}: {outputs_unknown(model['name'])}"
        elif type(given) is not int or given < 1:
            yield f"{where}: {given!r} is not allowed; must be a whole number from 1"
    elif argument in model["kwargs"]:
        count = output_count(known.target, known.names)
        yield f"{where}: {given!r} is not allowed, as the data say how many outputs there are, {count}; leave it out"


def _stop_faults(checked: CheckedConfig, name: str, stop: dict, target: str) -> Iterator[str]:
    reached, patience = stop.get("train_accuracy"), stop.get("patience")
    if reached is not None and target != CLASSES:
        yield (
            f"{checked.written_key(name, 'training.stop.train_accuracy')}: {reached} is not allowed, as the samples "
            "have no classes and so no accuracy; must be null"
        )
    if patience is not None and target == NONE:
        yield (
            f"{checked.written_key(name, 'training.stop.patience')}: {patience} is not allowed, as the samples have no "
            "labels that a network could be scored by; must be null"
        )
