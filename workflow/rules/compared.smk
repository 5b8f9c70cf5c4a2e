# What is compared in results/comparison, where there are two runs or more: groups, layers, files.
from evolution.planning.run_groups import layer_order, representative_runs, run_groups

FOLDER = "results/comparison"
CROSSINGS = f"{FOLDER}/crossing.md"
GROUPS = run_groups(RUNS)
SEEDS = {run: RUNS[run]["seed"] for run in RUNS}
# Each run's layers, without the raw pixels.
NETWORK_LAYERS = {run: RUNS[run]["layers"] for run in RUNS}
GROUP_LAYERS = {group: NETWORK_LAYERS[runs[0]] for group, runs in GROUPS.items()}
GROUPED_RUNS = [run for runs in GROUPS.values() for run in runs]

CKA_RUNS = representative_runs(GROUPS, NETWORK_LAYERS)
CKA_EPOCH = EPOCHS[-1] if experiment["comparison"]["cka_epoch"] is None else experiment["comparison"]["cka_epoch"]
CKA_SPAN, _ = PLACES[CKA_EPOCH]

COMPARED_FIGURES = expand("{name}.{format}", name=["metric_curves", "accuracy_curves", "cka"], format=FORMATS)
COMPARISON = []
if len(RUNS) > 1:
    COMPARISON = [CROSSINGS, f"{FOLDER}/crossing.csv", *expand(f"{FOLDER}/figures/{{figure}}", figure=COMPARED_FIGURES)]


def comparison_files(wildcards):
    """What the target comparison makes."""
    if not COMPARISON:
        raise WorkflowError(
            "There is one run, and nothing to compare it with: add to `runs`, or set `seeds` or `grid` (docs/a-sweep.md)."
        )
    return COMPARISON


def compared_figure_files(name, label):
    """A figure of the comparison in each format; the first one goes into the report, under that label."""
    first, *others = expand("{folder}/figures/{name}.{format}", folder=FOLDER, name=name, format=FORMATS)
    caption = f"../report/compared_{name}.rst"
    return [report(first, caption=caption, category="comparison", labels={"result": label}), *others]
