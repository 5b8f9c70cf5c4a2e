"""What planning knows of a run's samples: their kind, their target, their names and attributes."""

from dataclasses import replace

from evolution.data.builtin_names import CLASS_NAMES
from evolution.data.catalogue import SAMPLE_SETS, class_sizes, image_shape
from evolution.data.kinds import AUTO, CLASSES, IMAGES, NONE, DataFacts
from evolution.data.own_source import own_path, read_contents
from evolution.errors import DataError


def data_facts(dataset: dict) -> DataFacts | None:
    """The facts on a run's samples, from its `dataset` settings.

    Returns
    -------
    DataFacts or None
        None for a name that is not known, and for own data that cannot be used: the checks of the config say why.
    """
    words = {key: dataset.get(key, AUTO) for key in ("kind", "target")}
    try:
        if own_path(dataset["name"]):
            found = read_contents(dataset["name"], **words)
            return DataFacts(
                kind=found.kind,
                target=found.target,
                names=found.class_names,
                attributes=found.attributes,
                shape=image_shape(dataset) if found.kind == IMAGES else found.shape,
                vocabulary=found.vocabulary,
            )
        sizes = class_sizes(dataset["name"], **words)
        if sizes is None:
            return None
        if dataset["name"] in SAMPLE_SETS:
            facts = SAMPLE_SETS[dataset["name"]]
            return replace(facts, target=NONE, names=()) if words["target"] == NONE else facts
        target = NONE if words["target"] == NONE else CLASSES
        names = () if target == NONE else CLASS_NAMES[dataset["name"]]
        shape = image_shape(dataset)
    except DataError:
        return None
    return DataFacts(target=target, names=names, shape=shape)
