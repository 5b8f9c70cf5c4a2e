"""Print what each run's model is made of, and which layers are followed."""

import os

from evolution.io.job_log import job_log
from evolution.models.selection import REPEATED
from evolution.planning.model_trees import read_tree

HEADER = ("", "layer", "class", "output", "parameters", "")


def layer_table(tree: list[dict], followed: list[str]) -> list[str]:
    """The modules of a model, a line each.

    Parameters
    ----------
    tree : list of dict
        See `evolution.models.module_tree.trace`.
    followed : list of str
        The layers to mark.

    Returns
    -------
    list of str
        A header first; then a mark, dotted name, class, output shape a sample, parameters, and why a module cannot be
        followed.
    """
    rows = [HEADER]
    for row in tree:
        shape = " x ".join(map(str, row["shape"])) if row["shape"] is not None else "-"
        note = "" if row["fault"] is None else f"cannot be followed: {row['fault']}"
        # A module that runs often has several shapes, of which one was noted.
        shape = "-" if row["fault"] == REPEATED else shape or "1"
        mark = "*" if row["name"] in followed else ""
        rows.append((mark, row["name"], row["type"], shape, f"{row['parameters']:,}", note))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER) - 1)]
    lines = []
    for *cells, note in rows:
        mark, name, kind, shape, parameters = cells
        padded = [text.ljust(width) for text, width in zip((mark, name, kind, shape), widths)]
        lines.append("  ".join([*padded, parameters.rjust(widths[-1]), note]).rstrip())
    return lines


def describe(runs: list[str], models: list[str], trees: list[list[dict]], layers: list[list[str]]) -> str:
    """Each model once, with the runs that train it and the layers that they follow."""
    groups: dict[str, list[str]] = {}
    for run, model, tree, followed in zip(runs, models, trees, layers):
        total = sum(row["parameters"] for row in tree if "." not in row["name"])
        text = "\n".join([f"{model}: {total:,} parameters in its layers", "", *layer_table(tree, followed)])
        groups.setdefault(text, []).append(run)
    return "\n".join(
        f"\nRun{'s' * (len(names) > 1)} {', '.join(names)}: {text}\n\n* is followed (layers)."
        for text, names in groups.items()
    )


if "snakemake" in globals():
    # The log takes the job's output; what was asked for goes to the terminal.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as terminal, job_log(snakemake.log[0]):
        trees = [read_tree(path) for path in snakemake.input.trees]
        print(
            describe(snakemake.params.runs, snakemake.params.models, trees, snakemake.params.layers),
            file=terminal,
            flush=True,
        )
