"""Groups of runs that are one setting under several seeds, and which runs and layers a comparison shows."""

import json
from collections.abc import Container

# With more layers a heat map cannot be read, and their Gram matrices fill the memory.
MOST_REPRESENTATIONS = 100


def run_groups(runs: dict[str, dict]) -> dict[str, list[str]]:
    """Gather the runs that differ in nothing but their seed, or that of their images.

    Parameters
    ----------
    runs : dict
        Run to its settings, see `evolution.config.resolve.resolve`.

    Returns
    -------
    dict
        Group to its runs, both in the config's order. Runs that do not even differ in a seed are in different groups:
        the same run twice says nothing about the spread between seeds.
    """
    groups: dict[tuple[str, int], list[str]] = {}
    repetitions: dict[tuple, int] = {}
    for name, settings in runs.items():
        without_seeds = {key: value for key, value in settings.items() if key != "seed"}
        without_seeds["dataset"] = {key: value for key, value in settings["dataset"].items() if key != "seed"}
        setting = json.dumps(without_seeds, sort_keys=True, default=str)
        run = (setting, settings["seed"], settings["dataset"]["seed"])
        repetitions[run] = repetitions.get(run, 0) + 1
        groups.setdefault((setting, repetitions[run]), []).append(name)
    named: dict[str, list[str]] = {}
    for members in groups.values():
        named[group_name(members, runs, named)] = members
    return named


def group_name(members: list[str], runs: dict[str, dict], taken: Container[str]) -> str:
    """What a group is called: as its runs without the seed where `seeds` made them, otherwise by the runs' names.

    Parameters
    ----------
    members : list of str
        The group's runs.
    runs : dict
        Every run to its settings.
    taken : container of str
        The names of other groups.
    """
    stems = {name.removesuffix(f"-seed-{runs[name]['seed']}") for name in members}
    stem = min(stems)
    if len(stems) == 1 and (stem in members or not (stem in runs or stem in taken)):
        return stem
    return " + ".join(members) if len(members) <= 3 else f"{members[0]} + {len(members) - 1} more"


def representative_runs(
    groups: dict[str, list[str]], layers: dict[str, list[str]], most: int = MOST_REPRESENTATIONS
) -> list[str]:
    """The runs whose layers are compared with one another: all, or as many as have at most `most` layers together.

    The first run of each group comes first, then the second of each. Two runs are taken in any case.

    Parameters
    ----------
    groups : dict
        Group to its runs.
    layers : dict
        Run to its layers.
    most : int

    Returns
    -------
    list of str
        In the order of the groups.
    """
    longest = max(map(len, groups.values()))
    ranked = [runs[rank] for rank in range(longest) for runs in groups.values() if rank < len(runs)]
    taken: set[str] = set()
    count = 0
    for run in ranked:
        count += len(layers[run])
        if count > most and len(taken) >= 2:
            break
        taken.add(run)
    return [run for runs in groups.values() for run in runs if run in taken]


def layer_order(layers: dict[str, list[str]]) -> list[str]:
    """The layers of all groups, each once, in the order in which they first appear."""
    return list(dict.fromkeys(name for names in layers.values() for name in names))
