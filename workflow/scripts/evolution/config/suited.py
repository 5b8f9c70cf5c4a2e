"""Whether a run's model and the end of its training suit its samples: their kind of input and of target."""

from collections.abc import Iterator

from evolution.config.checks import CheckedConfig, is_trained
from evolution.data.facts import data_facts
from evolution.data.kinds import CLASSES, IMAGES, NONE, SIGNALS, TABLE, TOKENS
from evolution.models.catalogue import ARCHITECTURES
from evolution.models.names import torchvision_name

# How messages call samples of each kind; of others nobody knows what they are.
SAID = {IMAGES: "images", TOKENS: "tokens", TABLE: "rows of a table", SIGNALS: "signals"}


def unsuited(checked: CheckedConfig) -> list[str]:
    """What does not suit the samples, a line each; nothing of samples that are not known before a job reads them."""
    faults = {}
    for name, run in checked.runs("dataset", "model", "training"):
        facts = data_facts(run["dataset"]) if run["recording"] is None else None
        if facts is None:
            continue
        faults |= dict.fromkeys(_model_faults(checked, name, run, facts.kind))
        if is_trained(run) and run["training"]["stop"]:
            faults |= dict.fromkeys(_stop_faults(checked, name, run["training"]["stop"], facts.target))
    return list(faults)


def _model_faults(checked: CheckedConfig, name: str, run: dict, kind: str) -> Iterator[str]:
    model = run["model"]["name"]
    takes = (IMAGES,) if torchvision_name(model) else ARCHITECTURES[model].kinds if model in ARCHITECTURES else None
    if takes is None or kind in takes:
        return
    fitting = [each for each, known in ARCHITECTURES.items() if kind in known.kinds]
    yield (
        f"{checked.written_key(name, 'model.name')}: {model} takes {', '.join(SAID[each] for each in takes if each in SAID)}"
        f", and {run['dataset']['name']} holds {SAID.get(kind, 'samples of another kind')}; must be "
        f"{', '.join(fitting)}, or a model of your own (path/to/file.py:Class)"
    )


def _stop_faults(checked: CheckedConfig, name: str, stop: dict, target: str) -> Iterator[str]:
    reached, patience = stop.get("train_accuracy"), stop.get("patience")
    if reached is not None and target != CLASSES:
        yield (
            f"{checked.written_key(name, 'training.stop.train_accuracy')}: {reached} is not allowed, as the samples have "
            "no classes and so no accuracy; must be null"
        )
    if patience is not None and target == NONE:
        yield (
            f"{checked.written_key(name, 'training.stop.patience')}: {patience} is not allowed, as the samples have no "
            "labels that a network could be scored by; must be null"
        )
