"""Snakemake's own report of all runs, in one file."""

import subprocess
import tempfile
from pathlib import Path

import yaml

from evolution.io.job_log import job_log
from evolution.io.whole_files import whole_file


def write_report(
    config: dict, python: str, snakefile: str, targets: list[str], output: str, conda: bool = False
) -> None:
    """Have Snakemake write its report.

    Parameters
    ----------
    config : dict
        What this workflow was given.
    python : path
        Of the interpreter that has Snakemake.
    snakefile : path
    targets : list of paths
        What the report is to cover, with all that it was made from.
    output : path to write
        .html for one page with everything in it, .zip for a page beside its figures.
    conda : bool
        Whether jobs have conda environments: what is optional need then not be installed beside Snakemake.
    """
    with tempfile.TemporaryDirectory() as folder, whole_file(output) as temporary:
        configfile = Path(folder) / "config.yaml"
        configfile.write_text(yaml.safe_dump(config), encoding="utf-8")
        # Targets first: --configfile takes all that follows it.
        command = [python, "-m", "snakemake", *targets, "--snakefile", snakefile, "--nolock", "--nocolor"]
        command += ["--configfile", str(configfile), "--report", str(temporary)]
        command += ["--software-deployment-method", "conda"] * conda
        subprocess.run(command, check=True)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        inputs = set(snakemake.input.captions) | set(snakemake.input.code)
        write_report(
            snakemake.params.config,
            snakemake.params.python,
            snakemake.params.snakefile,
            [path for path in snakemake.input if path not in inputs],
            snakemake.output[0],
            snakemake.params.conda,
        )
