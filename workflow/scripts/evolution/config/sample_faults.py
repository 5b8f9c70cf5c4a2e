"""Keys of the config that a run's samples give no meaning to, as they are no images or have no classes or labels."""

from collections.abc import Iterator, Sequence

from evolution.config.checks import CheckedConfig, is_trained
from evolution.data.contents import NPZ
from evolution.data.facts import data_facts
from evolution.data.kinds import CLASSES, IMAGES, LABELS, NONE, NUMBER, SAID, TOKENS, DataFacts
from evolution.data.own_function import own_function
from evolution.data.own_source import own_path

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
        faults += _beyond_the_texts(checked, run, facts)
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
    holds = f"{dataset['name']} holds {SAID[facts.kind]}"
    if dataset["image_size"] is not None:
        where = checked.written_key(name, "dataset.image_size")
        yield f"{where}: {dataset['image_size']} has no meaning, as {holds}; must be null"
    if facts.kind == TOKENS and dataset["normalize"] != "auto":
        where = checked.written_key(name, "dataset.normalize")
        yield f"{where}: {dataset['normalize']!r} has no meaning, as {holds}; must be auto"
    if is_trained(run) and checked.sound_in(name, "training.augmentation") and run["training"]["augmentation"]:
        where = checked.written_key(name, "training.augmentation")
        yield (f"{where}: {run['training']['augmentation']} changes images, and {holds}; must be []")


def _beyond_the_texts(checked: CheckedConfig, run: dict, facts: DataFacts) -> Iterator[str]:
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
    """Attributes to measure by that a run's samples do not have."""
    for attribute in checked.config["metrics"]["measure_by"]:
        for name, known in attributes.items():
            if attribute not in known:
                yield no_attribute(attribute, known, checked.config["runs"][name])


def no_attribute(attribute: str, known: Sequence[str], run: dict) -> str:
    """The fault that a run's samples do not have an attribute to measure by, with what adds it.

    Parameters
    ----------
    attribute : str
    known : sequence of str
        Those that they have. A column of a table is none.
    run : dict
        The run's settings.
    """
    data, has = run["dataset"]["name"], ", ".join(known) or "none"
    adds = ""
    if run["recording"] is not None:
        data, adds = run["recording"]["path"], f"; a column {attribute} of attributes.csv adds it"
    elif own_function(data):
        adds = f"; attributes: {{{attribute!r}: ...}} in what it returns adds it"
    elif (own_path(data) or ("",))[0] == NPZ:
        adds = f"; an array attribute_{attribute} adds it, and eval_attribute_{attribute} of a second part"
    return f"metrics.measure_by: {data} has no attribute {attribute}; it has {has}{adds}"
