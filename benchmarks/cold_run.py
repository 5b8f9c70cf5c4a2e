"""Run the workflow in a folder of its own, and note the time and memory of its jobs; for the other files here."""

import csv
import os
import resource
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


@dataclass
class Run:
    """What a run of Snakemake took.

    Attributes
    ----------
    seconds, cpu : float
        Wall and processor seconds of all of it, the worker that starts its jobs included.
    jobs : dict of str to list of (float, float, float)
        For each rule what its jobs noted: wall seconds, processor seconds, GB of resident memory.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    jobs: dict[str, list[tuple[float, float, float]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def peak(self) -> float:
        """Resident memory of the largest job in GB."""
        return max(self.peaks.values(), default=0.0)

    @property
    def peaks(self) -> dict[str, float]:
        """The most memory that one of a rule's jobs had, in GB."""
        return {rule: max(memory for *_, memory in jobs) for rule, jobs in self.jobs.items()}

    def job_seconds(self, rule: str) -> list[float]:
        """The wall seconds of each of the rule's jobs."""
        return [seconds for seconds, *_ in self.jobs[rule]]

    def job_cpu(self, rule: str) -> list[float]:
        """The processor seconds of each of the rule's jobs."""
        return [cpu for _, cpu, _ in self.jobs[rule]]


def copy_project(folder: Path) -> None:
    """Copy what Snakemake needs of this checkout."""
    for name in ("workflow", "profiles", "envs"):
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
    shutil.copy(ROOT / "Snakefile", folder)


def notebook_preset() -> dict:
    """The config of the notebook's experiment."""
    return yaml.safe_load((ROOT / "workflow" / "presets" / "notebook.yaml").read_text(encoding="utf-8"))


def write_config(folder: Path, config: dict) -> None:
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


def run(folder: Path, cores: int, *targets: str, environment: dict[str, str] | None = None) -> Run:
    """Run Snakemake to its end; a run that fails ends the benchmark with the last of its log.

    Parameters
    ----------
    folder : Path
    cores : int
    *targets : str
    environment : dict of str to str, optional
        Added to this process's.
    """
    # Targets come first: after --quiet they would be read as its arguments.
    command = [sys.executable, "-m", "snakemake", *targets, "--cores", str(cores)]
    command += ["--quiet", "host", "progress", "rules"]
    found, before, started = Run(), resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    with open(folder / "snakemake.log", "a", encoding="utf-8") as log:
        began = time.perf_counter()
        failed = subprocess.run(
            command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, env=os.environ | (environment or {})
        ).returncode
        found.seconds = time.perf_counter() - began
    if failed:
        sys.exit((folder / "snakemake.log").read_text(encoding="utf-8")[-3000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    for path in (folder / "results").glob("*/benchmarks/**/*.tsv"):
        if path.stat().st_mtime >= started:
            rule = path.relative_to(folder / "results").with_suffix("").parts[2]
            with open(path, encoding="utf-8", newline="") as file:
                (row,) = csv.DictReader(file, delimiter="\t")
            found.jobs[rule].append((float(row["s"]), float(row["cpu_time"]), float(row["max_rss"]) * 2**20 / 1e9))
    return found
