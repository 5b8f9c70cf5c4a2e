"""What it costs to start jobs, with the worker that forks them and without: processor seconds of a whole run.

    python benchmarks/job_starts.py [--epochs 6] [--repeat 3] [--cores 2]

Runs the default experiment, cut to these epochs, in turns with and without the worker, each time in a new folder. What
is printed are medians over the turns: of the whole run, and of a job of each rule.
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

import yaml
from cold_run import ROOT, Run, copy_project, run, write_config

SIDES = {"worker": {}, "without": {"EVOLUTION_NO_WORKER": "1"}}


def cold(epochs: int, cores: int, environment: dict[str, str]) -> Run:
    """The default experiment, up to an epoch."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config["training"]["epochs"] = epochs
    for section, key in (("plots", "grid_times"), ("snapshots", "also")):
        config[section][key] = [epoch for epoch in config[section][key] if epoch <= epochs]
    folder = Path(tempfile.mkdtemp())
    copy_project(folder)
    write_config(folder, config)
    found = run(folder, cores, environment=environment)
    shutil.rmtree(folder)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    runs = {side: [] for side in SIDES}
    for _ in range(options.repeat):
        for side, environment in SIDES.items():
            runs[side].append(cold(options.epochs, options.cores, environment))
            print(f"{side}: {runs[side][-1].cpu:.0f} s of processor, {runs[side][-1].seconds:.0f} s", flush=True)

    def row(name: str, jobs: int, values: dict[str, list[float]]) -> None:
        ours, theirs = (statistics.median(values[side]) for side in SIDES)
        print(f"{name:<24}{jobs:>6}{ours:>10.2f}{theirs:>10.2f}{ours / theirs:>8.2f}")

    print(f"{'processor seconds':<24}{'jobs':>6}{'worker':>10}{'without':>10}{'ratio':>8}")
    row("the whole run", 1, {side: [found.cpu for found in each] for side, each in runs.items()})
    for rule in sorted(runs["worker"][0].jobs):
        jobs = len(runs["worker"][0].jobs[rule])
        row(rule, jobs, {side: [statistics.mean(found.job_cpu(rule)) for found in each] for side, each in runs.items()})


if __name__ == "__main__":
    main()
