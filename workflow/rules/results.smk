# Where results lie: `results` of the config, below the `prefix` of the module where this workflow is one.
from evolution.config.files import results_folder


# Rules write <results>/... for it.
pathvars:
    results=results_folder(config),


def history_at_end(
    wildcards,
):
    """The history of the last training span, as it was planned: each span hands on that the training has ended."""
    return f"<results>/{wildcards.run}/history/{list(PLANNED[wildcards.run].training_spans)[-1]}.parquet"


# A training that may end by itself has an end that nobody knows before. What is made of its snapshots is planned once
# this file is there.
#
# This rule comes before the config is looked at, because its output shows where results lie, and what lies there
# decides how a run is planned. So its input functions take what is known later.
checkpoint training_end:
    input:
        history=history_at_end,
        code=lambda wildcards: code("training_end"),
    output:
        "<results>/{run}/training_end.json",
    log:
        "<results>/{run}/logs/training_end.log",
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=200,
        runtime=5,
    message:
        "Looking where the training of run {wildcards.run} has ended."
    script:
        "../scripts/training_end.py"


# From the working directory.
RESULTS, _, _ = rules.training_end.output[0].rsplit("/", 2)
ASKED = results_folder(config)
MOVED = RESULTS != ASKED
if MOVED and RESULTS.endswith(ASKED) and (os.path.isabs(ASKED) or ASKED.startswith("..")):
    raise WorkflowError(
        f"The module has a `prefix`, and its config has results: {ASKED}, which does not lie below one: leave one of the "
        "two out."
    )


def not_prefixed(
    files,
):
    """Inputs that the `prefix` of a module leaves alone: code, and the user's own files.

    Where there is none they stay without Snakemake's flag `local`: it has another meaning on clusters without a file
    system that all nodes share.
    """
    return local(files) if MOVED and files else files
