"""Run the workflow in a folder of its own, and note the time and memory of its jobs; for the other files here."""

import shutil
import subprocess
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import yaml

ROOT = Path(__file__).parents[1]


@dataclass
class Run:
    """Wall seconds of a run, and for each script its jobs' seconds and the most memory that one of them had, in GB.

    `jobs` has for each script its processes, each with the times at which it was first and last seen.
    """

    seconds: float = 0.0
    jobs: dict[str, dict[int, list[float]]] = field(default_factory=lambda: defaultdict(dict))
    peaks: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def peak(self) -> float:
        """Resident memory of the largest job in GB."""
        return max(self.peaks.values(), default=0.0)

    def job_seconds(self, script: str) -> list[float]:
        """The seconds of each of the script's jobs, from when it was first seen until it was last seen."""
        return [last - first for first, last in self.jobs[script].values()]


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


def run(folder: Path, cores: int, *targets: str) -> Run:
    """Run Snakemake to its end; a run that fails ends the benchmark with the last of its log."""
    # Targets come first: after --quiet they would be read as its arguments.
    command = [sys.executable, "-m", "snakemake", *targets, "--cores", str(cores)]
    command += ["--quiet", "host", "progress", "rules"]
    found, done = Run(), threading.Event()
    with open(folder / "snakemake.log", "a", encoding="utf-8") as log:
        began = time.perf_counter()
        process = psutil.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        watcher = threading.Thread(target=_watch, args=(process, found, done))
        watcher.start()
        failed = process.wait()
        found.seconds = time.perf_counter() - began
    done.set()
    watcher.join()
    if failed:
        sys.exit((folder / "snakemake.log").read_text(encoding="utf-8")[-3000:])
    return found


def _watch(process: psutil.Process, found: Run, done: threading.Event) -> None:
    while not done.wait(0.1):
        now = time.perf_counter()
        try:
            children = process.children(recursive=True)
        except psutil.Error:
            continue
        for job in children:
            try:
                command, memory = job.cmdline(), job.memory_info().rss / 1e9
            except psutil.Error:
                continue
            # Snakemake copies a job's script to .snakemake/scripts/tmpNAME.measure.py.
            script = next((Path(word).name for word in command if "/.snakemake/scripts/" in word), None)
            name = script.split(".", 1)[1].removesuffix(".py") if script else "snakemake"
            found.peaks[name] = max(found.peaks[name], memory)
            found.jobs[name].setdefault(job.pid, [now, now])[1] = now
