"""What one experiment takes on a SLURM cluster, by how its cells are submitted: submissions, wall time, core seconds.

    python benchmarks/slurm_submissions.py [--epochs 8] [--sides spans groups allocation] [--alignment previous]

The sides, one after another on a cluster of two nodes that this starts on this machine (it takes root, see
tests/support/cluster.py):

    spans       profiles/slurm as it is: all snapshots of a layer in a job
    single      a snapshot and layer a job, each its own submission
    groups      the same jobs, twenty to a submission
    arrays      the same jobs, those of a rule that are ready together in a job array (--slurm-array-jobs)
    allocation  the same jobs, all within one submission that has eight cores and runs Snakemake itself

The experiment is tiny: what a cell costs is not the point here. A run of Snakemake has a time limit, because with
arrays it may wait forever. Results of a job a cell are compared, byte by byte, with the first such run. With --repeat,
the sides take turns, and medians are printed.
"""

import argparse
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml
from cold_run import ROOT, copy_project, write_config

sys.path.insert(0, str(ROOT / "tests"))
from support.cluster import Cluster, install, running_cluster
from support.project import Project, differing

TARGETS = ["metrics", "embeddings"]
CORES = 8
CELLS = {"snapshot": "snapshots", "measure": "measures", "embed": "embeddings"}


@dataclass
class Side:
    """What one side took.

    Attributes
    ----------
    submissions : int
        Calls of sbatch that made a job.
    seconds, core_seconds : float
        Wall time of the command; of all jobs together, times their cores: what an account is charged.
    done : bool
        Whether the command ended well, within the limit.
    artifacts : dict
        Its results, see Project.artifacts.
    """

    submissions: int
    seconds: float
    core_seconds: float
    done: bool
    artifacts: dict[str, bytes]


def experiment(epochs: int, alignment: str) -> dict:
    """Two layers and the raw inputs of a tiny network on scikit-learn's digits, at each epoch."""
    return {
        "seed": 3,
        "dataset": {"name": "digits", "train_size": 300, "eval_size": 100},
        "model": {"name": "tiny_cnn"},
        "layers": ["conv2", "fc1"],
        "training": {"epochs": epochs, "batch_size": 50, "epochs_per_job": 100, "threads": 1, "gpus": 0},
        "embedding": {"perplexity": 10, "alignment": alignment},
        "metrics": {"n_init": 2},
        "plots": {"grid_times": [0, epochs]},
        "runs": {"tiny": {}},
    }


def command(side: str, folder: Path) -> list[str]:
    """Snakemake's command for a side; for `groups` the folder's copy of the profile is changed."""
    snakemake = [sys.executable, "-m", "snakemake", *TARGETS]
    if side == "allocation":
        inner = shlex.join([*snakemake, "--cores", str(CORES)])
        return ["sbatch", "--wait", f"--cpus-per-task={CORES}", "--mem=8000", "--output=slurm.log", f"--wrap={inner}"]
    path = folder / "profiles" / "slurm" / "config.yaml"
    profile = yaml.safe_load(path.read_text(encoding="utf-8"))
    if side != "spans":
        profile["config"]["snapshots_per_job"] = 1
    if side == "groups":
        profile["groups"] |= CELLS
        profile["group-components"] |= {"snapshots": 20, "measures": 20, "embeddings": 1}
    if side == "arrays":
        # Fewer jobs at once than are ready, and the executor drops some without a word.
        profile |= {"slurm-array-jobs": ",".join(CELLS), "jobs": 10_000}
    profile["slurm-init-seconds-before-status-checks"] = 9
    path.write_text(yaml.safe_dump(profile), encoding="utf-8")
    return [*snakemake, "--workflow-profile", "slurm"]


def run_side(cluster: Cluster, side: str, config: dict, limit: float) -> Side:
    """Run the experiment in a new folder."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_project(folder)
        write_config(folder, config)
        before, began = {row[0] for row in accounted(cluster)}, time.perf_counter()
        with open(folder / "out.log", "wb") as log:
            process = subprocess.Popen(
                command(side, folder), cwd=folder, env=dict(cluster.environment), stdout=log, stderr=log
            )
            try:
                done = process.wait(limit) == 0
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                done = False
        seconds = time.perf_counter() - began
        cluster.run("scancel", "--user=root")
        time.sleep(5)  # Accounting lags behind.
        rows = [row for row in accounted(cluster) if row[0] not in before]
        print(f"--- {side}\n{(folder / 'out.log').read_text()[-2000:]}" if not done else "", end="", flush=True)
        return Side(
            submissions=len({job.split("_")[0] for job, _ in rows}),
            seconds=seconds,
            core_seconds=sum(float(seconds) for _, seconds in rows),
            done=done,
            artifacts=Project.over(folder).artifacts(),
        )


def accounted(cluster: Cluster) -> list[list[str]]:
    """Of each job and each task of an array: its id, and its wall seconds times its cores."""
    fields = ["sacct", "--allocations", "--duplicates", "--noheader", "--parsable2", "--format=JobID,CPUTimeRAW"]
    return [line.split("|") for line in cluster.run(*fields).stdout.splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--alignment", default="previous", choices=["previous", "none"])
    sides = ["spans", "single", "groups", "arrays", "allocation"]
    parser.add_argument("--sides", nargs="+", default=sides, choices=sides)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--limit", type=float, default=1200, help="seconds that a side may take")
    options = parser.parse_args()
    install()
    found = {name: [] for name in options.sides}
    first = None
    with running_cluster() as cluster:
        for _ in range(options.repeat):
            for name, runs in found.items():
                side = run_side(cluster, name, experiment(options.epochs, options.alignment), options.limit)
                runs.append(side)
                if name != "spans" and side.done:
                    first = first or side.artifacts
                    print("same results" if not differing(side.artifacts, first) else "OTHER RESULTS", end=", ")
                print(f"{name}: {side.seconds:.0f} s{'' if side.done else ', did not end well'}", flush=True)
    print(f"{'':<12}{'submissions':>12}{'wall s':>9}{'core s':>9}")
    for name, runs in found.items():
        columns = ("submissions", "seconds", "core_seconds")
        medians = [statistics.median(getattr(side, column) for side in runs) for column in columns]
        print(f"{name:<12}{medians[0]:>12.0f}" + "".join(f"{median:>9.0f}" for median in medians[1:]))


if __name__ == "__main__":
    main()
