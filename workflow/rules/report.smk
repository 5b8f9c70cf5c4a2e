# The report of all runs, and what it says of each run's settings and software.
import platform
from importlib import metadata

SOFTWARE = (
    *("snakemake", "torch", "torchvision", "numpy", "scipy", "scikit-learn", "openTSNE", "mlxtend", "pyarrow"),
    *("matplotlib", "pillow", "bokeh", "imageio-ffmpeg", "umap-learn", "pacmap"),
)


# The versions of what is installed next to Snakemake.
SOFTWARE_VERSIONS = {"Python": platform.python_version()}
for package in SOFTWARE:
    try:
        SOFTWARE_VERSIONS[package] = metadata.version(package)
    except metadata.PackageNotFoundError:
        continue


def run_settings(
    wildcards,
):
    """The config that gives one run alone, defaults included."""
    no_sweep = {"seeds": [], "grid": {}, "skip": []}
    settings = RUNS[wildcards.run]
    if SOURCE[wildcards.run] == "recording":
        # Its model and its data set have no names.
        read = {key: settings["dataset"][key] for key in ("eval_size", "seed")}
        settings = {**settings, "model": experiment["model"], "dataset": {**experiment["dataset"], **read}}
    return {**experiment, **settings, **no_sweep, "runs": {wildcards.run: {}}}


rule about:
    input:
        warnings="<results>/{run}/warnings.json",
        code=code("about"),
    output:
        report(
            "<results>/{run}/about.html",
            caption="../report/about.rst",
            category="{run}",
            labels={"result": "settings and software"},
        ),
    log:
        "<results>/{run}/logs/about.log",
    localrule: True
    conda:
        "../../envs/plots.yaml"
    resources:
        mem_mb=200,
        runtime=5,
    params:
        # The whole config, because it is what the file holds.
        settings=run_settings,
        versions=SOFTWARE_VERSIONS,
    message:
        "Noting settings and software of run {wildcards.run}."
    script:
        "../scripts/about.py"


# As inputs relative to the working directory.
CAPTIONS = not_prefixed(
    [os.path.relpath(path) for path in sorted((WORKFLOW_FOLDER / "workflow" / "report").glob("*.rst"))]
)


def reported_files(
    wildcards,
):
    """What the report is about; Snakemake only writes one of a whole workflow."""
    if MODULE:
        raise WorkflowError(
            f"{MODULE} is a module, and Snakemake's report is one of all modules: when their files are made, write it by "
            "snakemake --report report.html."
        )
    pages = expand("<results>/{run}/{page}", run=RUNS, page=["explorer.html", "summary.csv", "about.html"])
    return FIGURE_FILES + pages + COMPARISON_FILES


rule write_report:
    input:
        reported_files,
        captions=CAPTIONS,
        code=code("write_report"),
    output:
        "<results>/report.{kind}",
    log:
        "<results>/logs/report_{kind}.log",
    wildcard_constraints:
        kind="html|zip",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        **resources_of(memory=2000, minutes=10),
    params:
        config=dict(WRITTEN),
        # The Python that runs this Snakemake, also where this job has a conda environment of its own.
        python=sys.executable,
        conda=DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method,
        snakefile=os.path.relpath(workflow.main_snakefile),
    message:
        "Writing the report as {wildcards.kind}."
    script:
        "../scripts/write_report.py"
