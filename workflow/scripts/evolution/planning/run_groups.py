"""Which runs are one setting under several seeds, and what of them a comparison shows: planned, not computed."""

import json
from collections.abc import Container

# More run-layers than this are no heat map that can be read, and their Gram matrices fill the memory.
MOST_REPRESENTATIONS = 100


def run_groups(runs: dict[str, dict]) -> dict[str, list[str]]:
    """Gather the runs that differ in nothing but their seed, or that of their images.

    Parameters
    ----------
    runs : dict
        Run to its whole settings, see `configuration.resolve`.

    Returns
    -------
    dict
        Group to its runs, both in the config's order. Runs that do not even differ in a seed are two groups: the
        same run twice says nothing about the spread between seeds.
    """
    groups: dict[tuple, list[str]] = {}
    seen: dict[tuple, int] = {}
    for name, settings in runs.items():
        kept = {key: value for key, value in settings.items() if key != "seed"}
        kept["dataset"] = {key: value for key, value in settings["dataset"].items() if key != "seed"}
        alike = json.dumps(kept, sort_keys=True, default=str)
        seeds = (alike, settings["seed"], settings["dataset"]["seed"])
        seen[seeds] = seen.get(seeds, 0) + 1
        groups.setdefault((alike, seen[seeds]), []).append(name)
    named: dict[str, list[str]] = {}
    for names in groups.values():
        named[group_name(names, runs, named)] = names
    return named


def group_name(names: list[str], runs: dict[str, dict], taken: Container[str]) -> str:
    """What a group is called: its runs' name without the seed where `seeds` made them, else the runs' names."""
    stems = {name.removesuffix(f"-seed-{runs[name]['seed']}") for name in names}
    stem = min(stems)
    if len(stems) == 1 and (stem in names or not (stem in runs or stem in taken)):
        return stem
    return " + ".join(names) if len(names) <= 3 else f"{names[0]} + {len(names) - 1} more"


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
    ranked = [runs[place] for place in range(longest) for runs in groups.values() if place < len(runs)]
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
