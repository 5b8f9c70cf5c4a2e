"""Snakemake's own report of all runs, in one file."""

import subprocess
from hashlib import sha256
from pathlib import Path

import yaml

from evolution.io.job_log import job_log
from evolution.io.whole_files import whole_file


def write_report(
    *, config: dict, python: str, snakefile: str, targets: list[str], output: str, conda: bool = False
) -> None:
    """Have Snakemake write its report.

    Parameters
    ----------
    config : dict
        The config of this workflow.
    python : path
        The interpreter that has Snakemake.
    snakefile : path
    targets : list of paths
        The files that the report covers, with everything that they were made from.
    output : path to write
        .html for one page with everything in it, .zip for a page and its figures as files.
    conda : bool
        Whether jobs have conda environments. Optional packages then need not be installed next to Snakemake.
    """
    # In the working directory, because paths in a config count from its own folder first. The name is the output's own:
    # a job that is killed leaves the file, and the next one for this output writes it again and removes it.
    configfile = Path(f".report-{sha256(output.encode()).hexdigest()[:12]}.yaml")
    try:
        with whole_file(output) as temporary:
            configfile.write_text(yaml.safe_dump(config), encoding="utf-8")
            # Targets first, because --configfile takes all arguments that follow it.
            command = [python, "-m", "snakemake", *targets, "--snakefile", snakefile, "--nolock", "--nocolor"]
            command += ["--configfile", str(configfile), "--report", str(temporary)]
            command += ["--software-deployment-method", "conda"] * conda
            subprocess.run(command, check=True)
    finally:
        configfile.unlink(missing_ok=True)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        sources = set(snakemake.input.captions) | set(snakemake.input.code)
        write_report(
            config=snakemake.params.config,
            python=snakemake.params.python,
            snakefile=snakemake.params.snakefile,
            targets=[path for path in snakemake.input if path not in sources],
            output=snakemake.output[0],
            conda=snakemake.params.conda,
        )
