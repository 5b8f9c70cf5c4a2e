"""What planning knows of a run's samples: their kind, their target, their names and attributes."""

from dataclasses import replace

from evolution.data.catalogue import SAMPLE_SETS, class_sizes, image_shape
from evolution.data.kinds import NONE, DataFacts
from evolution.data.own_source import class_names
from evolution.errors import DataError


def data_facts(dataset: dict) -> DataFacts | None:
    """The facts on a run's samples, from its `dataset` settings.

    Returns
    -------
    DataFacts or None
        None for a name that is not known, and for own data that cannot be used: the checks of the config say why.
    """
    if dataset["name"] in SAMPLE_SETS:
        known = SAMPLE_SETS[dataset["name"]]
        return replace(known, target=NONE, names=()) if dataset.get("target") == NONE else known
    try:
        sizes = class_sizes(dataset["name"])
        if sizes is None:
            return None
        names = class_names(dataset["name"]) or tuple(map(str, range(len(sizes[0]))))
        shape = image_shape(dataset)
    except DataError:
        return None
    return DataFacts(names=names, shape=None if shape is None else shape[0])
