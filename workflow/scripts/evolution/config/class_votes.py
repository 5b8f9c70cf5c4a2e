"""Whether classes have so few evaluation samples that the votes of neighbours, or as many clusters, say little."""

from collections.abc import Mapping
from statistics import median

from evolution.config.checks import CheckedConfig
from evolution.data.class_balance import images_per_class
from evolution.data.facts import data_facts
from evolution.data.kinds import CLASSES, DataFacts
from evolution.planning.run_times import RunTimes


def cluster_faults(checked: CheckedConfig) -> list[str]:
    """That k-means cannot find as many clusters as there are classes, where there are no more samples than that.

    Nothing is said of samples that planning does not know.

    Returns
    -------
    list of str
        A line each.
    """
    config, faults = checked.config, {}
    if not checked.sound("metrics.clusters") or config["metrics"]["clusters"] != "auto":
        return []
    for name, run in checked.runs("dataset"):
        facts = data_facts(run["dataset"]) if run["recording"] is None else None
        size = run["dataset"]["eval_size"]
        # Fewer samples than classes are a fault of their own.
        if facts is not None and facts.target == CLASSES and size == len(facts.names):
            faults[
                f"{checked.written_key(name, 'dataset.eval_size')}: {size} is one sample of each of {size} classes, "
                f"and k-means cannot find as many clusters as there are samples; must be at least {2 * size}, two of "
                "each, or set metrics.clusters to a smaller number"
            ] = None
    return list(faults)


def vote_notes(config: dict, facts: Mapping[str, DataFacts], times: Mapping[str, RunTimes]) -> list[str]:
    """That most of a sample's neighbours are of other classes whatever the layer, a sentence or two for each size.

    It is said where the median class has no more other samples than half of `metrics.neighbors`.

    Parameters
    ----------
    config : dict
        As `evolution.config.resolve.resolve` returns it.
    facts : mapping of str to DataFacts
        Of each run.
    times : mapping of str to RunTimes
        Of each run: of a recording it knows how many samples there are. A function of the user's may return fewer than
        `dataset.eval_size`, which counts.
    """
    neighbors, found = config["metrics"]["neighbors"], {}
    for name, run in config["runs"].items():
        classes, size = len(facts[name].names), run["dataset"]["eval_size"]
        if facts[name].target != CLASSES or not classes:
            continue
        if times[name].recording is not None:
            size = min(size, times[name].recording.sample_count)
        others = max(0, int(median(images_per_class(size, classes))) - 1)
        if 2 * others > neighbors:
            continue
        lower = f"Lower metrics.neighbors to {others}, or raise" if others else "Raise"
        found.setdefault(
            (size, classes),
            f"The {size} evaluation samples of run {name} are of {classes} classes, so a sample has about {others} "
            f"others of its class, and {neighbors} neighbours vote (metrics.neighbors): k-NN accuracy and purity are "
            f"low whatever the layer is like. {lower} dataset.eval_size to {classes * (neighbors + 1)}.",
        )
    return list(found.values())
