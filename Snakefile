"""How a network's representations organise while it trains: train, snapshot, measure, embed, draw."""

from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.20")

FOLDER = workflow.current_basedir.get_path_or_uri(secret_free=True)
if not Path(FOLDER).is_dir():
    raise WorkflowError(
        f"{FOLDER} is no folder on this machine, and jobs import this workflow's library from one: clone the repository, "
        "and give the path of the clone's Snakefile as `snakefile` of the module."
    )


# Config
include: "workflow/rules/location.smk"
include: "workflow/rules/config.smk"


# What Snakemake's report says first
report: "workflow/report/workflow.rst"


# Rules, in the order of the stages
include: "workflow/rules/common.smk"
include: "workflow/rules/provenance.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/snapshots.smk"
include: "workflow/rules/measures.smk"
include: "workflow/rules/embedding.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/comparison.smk"
include: "workflow/rules/pages.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/snakemake_workarounds.smk"
include: "workflow/rules/session.smk"


# Handlers
onstart:
    lock_project()
    check_triggers()
    check_clock()
    check_sources()
    check_gpu()
    say_what_is_trained_again()
    lift_rate_limit()
    start_jobs_at_once()


onsuccess:
    print_summaries()
    print_data_warnings()
    print_former_figures()
    print_limits_exceeded(log)


onerror:
    print_job_errors(log)
    print_limits_exceeded(log)


# Targets
rule all:
    input:
        # Cells and tables are named too: Snakemake does not make a lost file again that no target asks for.
        of_each_run(lambda run: cells(run, "<results>/{run}/metrics/{span}/{layer}.parquet")),
        of_each_run(lambda run: cells(run, "<results>/{run}/embeddings/{span}/{layer}.npy")),
        expand("<results>/{run}/tables/{table}.parquet", run=RUNS, table=["history", "metrics", "embedding", "points"]),
        expand("<results>/{run}/contents.json", run=RUNS),
        FIGURE_FILES,
        expand("<results>/{run}/{page}", run=RUNS, page=["explorer.html", "summary.md"]),
        of_each_run(more_measures),
        COMPARISON_FILES,


rule data:
    input:
        expand("<results>/{run}/dataset.npz", run=RUNS),


rule training:
    input:
        expand("<results>/{run}/tables/history.parquet", run=RUNS),
        [f"<results>/{run}/checkpoints/{span}.pt" for run in RUNS for span in PLANNED[run].training_spans],


rule snapshots:
    input:
        of_each_run(lambda run: cells(run, "<results>/{run}/activations/{span}/{layer}.npy")),
        expand("<results>/{run}/contents.json", run=RUNS),


rule metrics:
    input:
        expand("<results>/{run}/tables/metrics.parquet", run=RUNS),
        expand("<results>/{run}/contents.json", run=RUNS),
        of_each_run(more_measures),


rule embeddings:
    input:
        expand("<results>/{run}/tables/embedding.parquet", run=RUNS),
        expand("<results>/{run}/contents.json", run=RUNS),


rule plots:
    input:
        FIGURE_FILES,
        expand("<results>/{run}/{page}", run=RUNS, page=["explorer.html", "summary.md", "summary.csv"]),
        expand("<results>/{run}/contents.json", run=RUNS),
        COMPARISON_FILES,


rule comparison:
    input:
        comparison_files,


rule report:
    input:
        "<results>/report.html",
