# Runs compared with one another, in results/comparison, where there are two runs or more.
from evolution.planning.run_groups import layer_order, representative_runs, run_groups

CROSSINGS = "<results>/comparison/crossing.md"
# Runs that differ in nothing but their seed are one group.
GROUPS = run_groups(RUNS)
GROUP_LAYERS = {group: NETWORK_LAYERS[runs[0]] for group, runs in GROUPS.items()}
SEEDS = {run: RUNS[run]["seed"] for run in RUNS}

CKA_RUNS = representative_runs(GROUPS, NETWORK_LAYERS)
CKA_TIME = experiment["comparison"]["cka_time"]


def compared_times(
    wildcards,
):
    """Each run's time at which its layers are compared: the asked one, or the last."""
    asked = {run: CKA_TIME for run in CKA_RUNS if CKA_TIME in TIMES[run].span_of}
    return {run: asked.get(run, TIMES[run].times[-1]) for run in CKA_RUNS}


def compared_spans(
    wildcards,
):
    """Each run's span that holds the time at which its layers are compared, with all of its times."""
    spans = {run: TIMES[run].span_of[time] for run, time in compared_times(wildcards).items()}
    return {run: {span: run_spans(run)[span]} for run, span in spans.items()}


def compared_activations(
    wildcards,
):
    """The activations of each run and layer that are compared."""
    return [
        f"<results>/{run}/activations/{span}/{layer}.npy"
        for run, spans in compared_spans(wildcards).items()
        for span in spans
        for layer in NETWORK_LAYERS[run]
    ]


# The units in which the runs count time. Curves over epochs and over steps cannot share an axis.
UNITS = sorted({times.unit for times in PLANNED.values()})


# The tables of the runs that are put below one another, each with the groups that have it.
COMPARED_TABLES = {"metrics": GROUPS, "history": GROUPS}
COLLAPSED_GROUPS = {group: runs for group, runs in GROUPS.items() if has_collapse(runs[0])}
if COLLAPSED_GROUPS:
    COMPARED_TABLES["collapse"] = COLLAPSED_GROUPS


def tables_of_runs(
    table,
):
    """The runs' tables of one kind, group by group."""
    return [f"<results>/{run}/tables/{table}.parquet" for runs in COMPARED_TABLES[table].values() for run in runs]


rule compare_tables:
    input:
        **{table: tables_of_runs(table) for table in COMPARED_TABLES},
        code=code("compare_tables"),
    output:
        **{table: f"<results>/comparison/tables/{table}.parquet" for table in COMPARED_TABLES},
    log:
        "<results>/comparison/logs/compare_tables.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=2000, minutes=10),
    params:
        groups=COMPARED_TABLES,
        seeds=SEEDS,
    message:
        "Gathering the tables of all runs."
    script:
        "../scripts/compare_tables.py"


rule compare_crossings:
    input:
        metrics="<results>/comparison/tables/metrics.parquet",
        code=code("compare_crossings"),
    output:
        markdown=CROSSINGS,
        csv=report(
            "<results>/comparison/crossing.csv",
            caption="../report/compared_crossing.rst",
            category="comparison",
            labels={"result": "when layers cross"},
        ),
    log:
        "<results>/comparison/logs/compare_crossings.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=2000, minutes=5),
    params:
        layers=layer_order(GROUP_LAYERS),
        threshold=experiment["comparison"]["threshold"],
        seeds=SEEDS,
        targets={run: FACTS[run].target for run in RUNS},
    message:
        "Finding when each layer of each run crosses the threshold."
    script:
        "../scripts/compare_crossings.py"


rule compare_activations:
    input:
        datasets=expand("<results>/{run}/dataset.npz", run=CKA_RUNS),
        activations=compared_activations,
        code=code("compare_activations"),
    output:
        "<results>/comparison/tables/cka.parquet",
    log:
        "<results>/comparison/logs/compare_activations.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=3000, minutes=30),
    params:
        layers={run: NETWORK_LAYERS[run] for run in CKA_RUNS},
        times=compared_times,
        spans=compared_spans,
        seed=experiment["seed"],
    message:
        "Comparing the activations of different runs."
    script:
        "../scripts/compare_activations.py"


# What the runs' raw inputs are called, where all runs have samples of one kind.
RUN_BASELINES = sorted({BASELINES[FACTS[run].kind] for run in RUNS})

COMPARISON_PARAMS = {
    registry.Baseline.OF_RUN: RUN_BASELINES[0] if len(RUN_BASELINES) == 1 else BASELINES[OTHER],
    registry.Comparison.GROUPS: GROUPS,
    registry.Comparison.GROUP_LAYERS: GROUP_LAYERS,
    registry.Comparison.CKA_RUNS: CKA_RUNS,
    registry.Comparison.CKA_TIME: compared_times,
    registry.Unit.OF_RUN: UNITS[0],
}

for figure in registry.COMPARISON_FIGURES:

    rule:
        name:
            figure.rule
        input:
            **{name: f"<results>/comparison/{path}" for name, path in figure.inputs.items()},
            endings=endings_of(CKA_RUNS),
            code=code(figure.rule),
        output:
            **figure_outputs(figure, "<results>/comparison", "../report/compared_{name}.rst", "comparison"),
        log:
            f"<results>/comparison/logs/{figure.rule}.log",
        conda:
            "../../envs/plots.yaml"
        resources:
            **resources_of(memory=figure.memory, minutes=figure.minutes),
        params:
            **{
                name: COMPARISON_PARAMS[wanted] if wanted in COMPARISON_PARAMS else figure_param(wanted)
                for name, wanted in figure.params.items()
            },
            script_name=figure.rule,
        message:
            figure.message
        script:
            figure_script(locals())


NO_COMPARISON = (
    "The runs are not compared, as some count time in epochs and some in steps: set snapshots.unit, checkpoints.unit "
    "or recording.unit."
)
if len(UNITS) > 1 and workflow.is_main_process:
    logger.info(NO_COMPARISON)

COMPARISON_FILES = []
if len(RUNS) > 1 and len(UNITS) == 1:
    COMPARISON_FILES = [
        CROSSINGS,
        "<results>/comparison/crossing.csv",
        *expand(
            "<results>/comparison/figures/{name}.{format}",
            name=[
                figure.name
                for figure in registry.COMPARISON_FIGURES
                if any(
                    registry.is_drawn(figure, experiment, FACTS[run].target)
                    and (PLANNED[run].has_predictions or not figure.of_predictions)
                    and (may_have_history(run) or not figure.of_history)
                    for run in RUNS
                )
            ],
            format=FORMATS,
        ),
    ]


def comparison_files(
    wildcards,
):
    """What the target comparison makes."""
    if len(UNITS) > 1:
        raise WorkflowError(NO_COMPARISON)
    if not COMPARISON_FILES:
        raise WorkflowError(
            "There is one run, and nothing to compare it with: add to `runs`, or set `seeds` or `grid` (docs/a-sweep.md)."
        )
    return COMPARISON_FILES
