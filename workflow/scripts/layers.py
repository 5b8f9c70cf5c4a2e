"""Print what each run's model is made of, and which layers are followed."""

import os

from evolution.io.job_log import job_log
from evolution.models.selection import REPEATED
from evolution.planning.model_trees import read_tree

HEADER = ("", "layer", "class", "output", "parameters", "")


def layer_table(tree: list[dict], followed: list[str]) -> list[str]:
    """The modules of a model as a table of text.

    Parameters
    ----------
    tree : list of dict
        See `evolution.models.module_tree.trace`.
    followed : list of str
        The layers to mark.

    Returns
    -------
    list of str
        The lines. After a header each says of one module: whether it is followed, its dotted name, its class, the shape
        of its output for one sample, its parameters, and why it cannot be followed.
    """
    rows = [HEADER]
    for row in tree:
        shape = " x ".join(map(str, row["shape"])) if row["shape"] is not None else "-"
        note = "" if row["fault"] is None else f"cannot be followed: {row['fault']}"
        # A module that runs more than once may have several shapes, of which only one was noted.
        shape = "-" if row["fault"] == REPEATED else shape or "1"
        mark = "*" if row["name"] in followed else ""
        # A recording says nothing of weights.
        parameters = "-" if row["parameters"] is None else f"{row['parameters']:,}"
        rows.append((mark, row["name"], row["type"], shape, parameters, note))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER) - 1)]
    lines = []
    for *cells, note in rows:
        mark, name, kind, shape, parameters = cells
        padded = [text.ljust(width) for text, width in zip((mark, name, kind, shape), widths)]
        lines.append("  ".join([*padded, parameters.rjust(widths[-1]), note]).rstrip())
    return lines


def describe_models(*, runs: list[str], models: list[str], trees: list[list[dict]], layers: list[list[str]]) -> str:
    """What the models are made of: each model and choice of layers once, with the runs that have them.

    Parameters
    ----------
    runs, models : list of str
        The runs, and the name of each run's model.
    trees : list of list of dict
        Each run's module tree, see `evolution.models.module_tree.trace`. Of a recording see
        `evolution.planning.recording_trees.recording_tree`.
    layers : list of list of str
        The layers that each run follows.
    """
    groups: dict[str, list[str]] = {}
    for run, model, tree, followed in zip(runs, models, trees, layers):
        total = sum(row["parameters"] or 0 for row in tree if "." not in row["name"])
        known = all(row["parameters"] is not None for row in tree)
        title = f"{model}: {total:,} parameters in its layers" if known else f"{model}, a recording"
        text = "\n".join([title, "", *layer_table(tree, followed)])
        groups.setdefault(text, []).append(run)
    return "\n".join(
        f"\nRun{'s' * (len(names) > 1)} {', '.join(names)}: {text}\n\n* is followed (layers)."
        for text, names in groups.items()
    )


if "snakemake" in globals():
    # The log takes the job's output, so the terminal is opened before: what was asked for goes there.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as terminal, job_log(snakemake.log[0]):
        trees = [read_tree(path) for path in snakemake.input.trees]
        text = describe_models(
            runs=snakemake.params.runs,
            models=snakemake.params.models,
            trees=trees,
            layers=snakemake.params.layers,
        )
        print(text, file=terminal, flush=True)
