"""Keys of the config that a run's samples give no meaning to, as they are no images or have no classes or labels."""

from collections.abc import Iterator

from evolution.config.checks import CheckedConfig, is_trained
from evolution.data.facts import data_facts
from evolution.data.kinds import CLASSES, IMAGES, LABELS, NONE, NUMBER, TOKENS, DataFacts

# How messages call samples that have no classes.
WITHOUT = {
    NUMBER: "a number to predict and no classes",
    LABELS: "several labels each and no classes",
    NONE: "no labels",
}


def sample_faults(checked: CheckedConfig) -> list[str]:
    """What the samples of the runs do not allow, a line each; nothing of samples that planning does not know."""
    faults = []
    attributes: dict[str, tuple[str, ...]] = {}
    for name, run in checked.runs("dataset"):
        facts = data_facts(run["dataset"]) if run["recording"] is None else None
        if facts is None:
            continue
        attributes[name] = facts.attributes
        faults += _beyond_the_texts(checked, name, run, facts)
        faults += _of_kind(checked, name, run, facts)
        if is_trained(run) and checked.sound_in(name, "training"):
            faults += _of_target(checked, name, run, facts)
    if checked.sound("metrics.measure_by"):
        faults += _unknown_attributes(checked, attributes)
    # A fault that several runs share is said once.
    return list(dict.fromkeys(faults))


def _of_kind(checked: CheckedConfig, name: str, run: dict, facts: DataFacts) -> Iterator[str]:
    """Keys for images, where the samples are none."""
    if facts.kind == IMAGES:
        return
    dataset = run["dataset"]
    if dataset["image_size"] is not None:
        where = checked.written_key(name, "dataset.image_size")
        yield f"{where}: {dataset['image_size']} has no meaning, as {dataset['name']} holds {facts.kind}; must be null"
    if facts.kind == TOKENS and dataset["normalize"] != "auto":
        where = checked.written_key(name, "dataset.normalize")
        yield f"{where}: {dataset['normalize']!r} has no meaning, as {dataset['name']} holds tokens; must be auto"
    if is_trained(run) and checked.sound_in(name, "training.augmentation") and run["training"]["augmentation"]:
        where = checked.written_key(name, "training.augmentation")
        yield (
            f"{where}: {run['training']['augmentation']} changes images, and {dataset['name']} holds {facts.kind}; "
            "must be []"
        )


def _beyond_the_texts(checked: CheckedConfig, name: str, run: dict, facts: DataFacts) -> Iterator[str]:
    """A position of a token that no text has."""
    if facts.kind != TOKENS or facts.shape is None or not checked.sound("activations.pooling.tokens"):
        return
    position = checked.config["activations"]["pooling"]["tokens"]
    if isinstance(position, int) and position >= facts.shape[0]:
        yield (
            f"activations.pooling.tokens: {position} is beyond the texts of {run['dataset']['name']}, which have "
            f"{facts.shape[0]} tokens; positions are from 0 to {facts.shape[0] - 1}"
        )


def _of_target(checked: CheckedConfig, name: str, run: dict, facts: DataFacts) -> Iterator[str]:
    """Keys of a training for classes, where there are none; and a training without labels."""
    if facts.target == CLASSES:
        return
    training, dataset = run["training"], run["dataset"]["name"]
    for key, without, shown in (("class_weights", None, "null"), ("label_smoothing", 0, "0")):
        if training[key] != without:
            where = checked.written_key(name, f"training.{key}")
            yield (
                f"{where}: {training[key]!r} has no meaning, as the samples of {dataset} have {WITHOUT[facts.target]}; "
                f"must be {shown}"
            )
    if facts.target == NONE and training["recipe"] is None:
        where = checked.written_key(name, "dataset.name")
        yield (
            f"{where}: a run without labels cannot be trained here, and {dataset} has none: set training.recipe to a "
            "loss of your own that needs none (docs/your-own-recipe.md), or follow a training that ran elsewhere with "
            "`checkpoints` or `recording`"
        )


def _unknown_attributes(checked: CheckedConfig, attributes: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Columns to measure by that a run's samples do not have."""
    for attribute in checked.config["metrics"]["measure_by"]:
        for name, known in attributes.items():
            if attribute not in known:
                has = f"it has {', '.join(known)}" if known else "it has no further columns"
                data = checked.config["runs"][name]["dataset"]["name"]
                yield f"metrics.measure_by: {data} has no column {attribute!r}; {has}"
