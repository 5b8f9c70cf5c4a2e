"""Run many tiny cells for real, and print whether memory and time per job stay flat over the run.

    python benchmarks/load.py [--cells 2000] [--cores 2] [--targets metrics] [--folder /tmp/load] [--dry-run]

The cells are a narrow network's twenty layers, a job each to measure (and with --targets metrics embeddings one to
embed), on 60 of scikit-learn's digits. Snakemake runs in a copy of this checkout. Every tenth of the run is a line:
jobs done, seconds a job, Snakemake's own share of them (processor time of its process alone), its resident memory, and
the resident memory of its largest job. --dry-run only plans, and prints what planning takes.
"""

import argparse
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from cold_run import copy_project, write_config

MODEL = """from torch import nn


class Deep(nn.Sequential):
    def __init__(self, shape, classes):
        super().__init__(nn.Flatten(), nn.Linear(64, 32))
        for number in range(19):
            self.append(nn.ReLU())
            self.append(nn.Linear(32, 32 if number < 18 else classes))
"""
LAYERS = [str(index) for index in range(1, 41, 2)]


def experiment(cells: int) -> dict:
    """A config of about so many cells, all of them tiny."""
    epochs = max(cells // len(LAYERS) - 1, 1)
    return {
        "dataset": {"name": "digits", "train_size": 100, "eval_size": 60},
        "model": {"name": "deep.py:Deep"},
        "layers": LAYERS,
        "training": {"epochs": epochs, "epochs_per_job": 500, "threads": 1, "device": "cpu"},
        "snapshots": {"every": 1},
        "metrics": {"n_init": 1, "neighbors": 5, "measures": [], "cka": False},
        "embedding": {"perplexity": 5, "pca_components": 10, "alignment": "none"},
        "plots": {"grid_times": [0, epochs]},
        "runs": {"load": {}},
    }


def watch(process: psutil.Popen, samples: list[tuple[float, int, int, float]], stop: threading.Event) -> None:
    """Note time, the memory of Snakemake and of its largest job, and Snakemake's processor time, twice a second."""
    while not stop.wait(0.5):
        try:
            jobs = [child.memory_info().rss for child in process.children(recursive=True)]
            own = process.cpu_times()
            samples.append((time.monotonic(), process.memory_info().rss, max(jobs, default=0), own.user + own.system))
        except psutil.Error:
            continue


def report(done: list[float], samples: list[tuple[float, int, int, float]], began: float, cores: int) -> None:
    print(f"{'jobs':>12} {'s a job':>8} {'cores x s':>10} {'Snakemake s':>12} {'MB':>6} {'largest job MB':>15}")
    tenth = max(len(done) // 10, 1)
    for first in range(0, len(done), tenth):
        last = min(first + tenth, len(done)) - 1
        start = done[first - 1] if first else began
        seconds = (done[last] - start) / (last - first + 1)
        within = [sample for sample in samples if start <= sample[0] <= done[last]] or samples[-1:]
        own, jobs = (max(sample[column] for sample in within) / 1e6 for column in (1, 2))
        busy = (within[-1][3] - within[0][3]) / (last - first + 1)
        jobs_done = f"{first + 1}-{last + 1}"
        print(f"{jobs_done:>12} {seconds:>8.2f} {seconds * cores:>10.2f} {busy:>12.3f} {own:>6.0f} {jobs:>15.0f}")


def plan(folder: Path, targets: list[str]) -> None:
    """Print what a dry run takes."""
    began = time.monotonic()
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules", "--cores", "1", *targets]
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if found.returncode:
        sys.exit((found.stdout + found.stderr)[-3000:])
    jobs = re.findall(r"^total +(\d+)", found.stdout + found.stderr, re.M)[0]
    seconds, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime
    print(f"{jobs} jobs planned in {seconds:.1f} s, {processor:.1f} s of a processor, {used.ru_maxrss / 1e6:.2f} GB")


def execute(folder: Path, cores: int, targets: list[str]) -> None:
    """Run the jobs, and print how they went."""
    command = [sys.executable, "-m", "snakemake", "--nocolor", "--cores", str(cores), *targets]
    process = psutil.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    samples, done, stop, began = [], [], threading.Event(), None
    watcher = threading.Thread(target=watch, args=(process, samples, stop))
    watcher.start()
    start = time.monotonic()
    last_lines = []
    for line in process.stderr:
        last_lines = [*last_lines[-20:], line]
        if began is None and line.startswith("Execute"):
            began = time.monotonic()
            print(f"planned in {began - start:.1f} s")
        if re.match(r"Finished jobid", line):
            done.append(time.monotonic())
    stop.set()
    watcher.join()
    if process.wait():
        sys.exit("".join(last_lines))
    print(f"{len(done)} jobs in {time.monotonic() - start:.1f} s on {cores} cores")
    report(done, samples, began, cores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=2000)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--targets", nargs="+", default=["metrics"])
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--folder", type=Path, help="where to run; default: a temporary folder, removed afterwards")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    copy_project(folder)
    (folder / "deep.py").write_text(MODEL, encoding="utf-8")
    write_config(folder, experiment(options.cells))

    if options.dry_run:
        plan(folder, options.targets)
    else:
        execute(folder, options.cores, options.targets)
    if options.folder is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
