"""A copy of the project in a folder of its own, and Snakemake run in it as a user runs it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
LOGGER = ROOT / "tests" / "support" / "logger"
CODE = ("Snakefile", "config.yaml", "workflow", "profiles", "envs")

# Two spans of training, three snapshots, two layers and the raw_inputs, on real digits.
TINY = {
    "seed": 3,
    "dataset": {"name": "digits", "train_size": 300, "eval_size": 100},
    "model": {"name": "tiny_cnn"},
    "layers": ["conv2", "fc1"],
    "training": {"epochs": 4, "batch_size": 50, "learning_rate": 3e-3, "epochs_per_job": 2, "threads": 1},
    "embedding": {"perplexity": 10},
    "metrics": {"n_init": 2},
    "plots": {"grid_times": [0, 4], "dpi": 50, "animation": {"dpi": 40}},
    "runs": {"tiny": {}},
}


def changed(config: dict, path: str, value: object) -> dict:
    """The config with the key at a dotted path set to `value`."""
    config = yaml.safe_load(yaml.safe_dump(config))
    *parents, key = path.split(".")
    part = config
    for parent in parents:
        part = part.setdefault(parent, {})
    part[key] = value
    return config


def job(rule: str, **wildcards: str) -> str:
    """A job's name in these tests: its rule and wildcards, in a fixed order."""
    return " ".join([rule, *(f"{name}={wildcards[name]}" for name in sorted(wildcards))])


class Project:
    """A checkout's code in `folder`, with a config of its own."""

    def __init__(self, folder: Path, config: dict = TINY):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.copy_code()
        self.configure(config)

    @classmethod
    def over(cls, folder: Path) -> "Project":
        """A project that lies in a folder already."""
        project = cls.__new__(cls)
        project.folder = folder
        project.config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        return project

    def copy_code(self) -> None:
        for name in CODE:
            source, target = ROOT / name, self.folder / name
            if source.is_dir():
                shutil.rmtree(target, ignore_errors=True)
                # copyfile: every file is as new as in a fresh clone.
                shutil.copytree(
                    source, target, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                shutil.copyfile(source, target)

    def copy_to(self, folder: Path) -> "Project":
        """A copy in another folder, with the files' times and Snakemake's records."""
        shutil.copytree(self.folder, folder, copy_function=copy_file, dirs_exist_ok=True)
        return Project.over(folder)

    def configure(self, config: dict) -> None:
        self.config = config
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", "--nocolor", *arguments]

    @staticmethod
    def environment() -> dict[str, str]:
        return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}

    def snakemake(self, *arguments: str, check: bool = True, env: dict | None = None) -> str:
        """Run Snakemake; its output and errors together."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment() | (env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
        )
        assert not check or done.returncode == 0, done.stdout
        self.returncode = done.returncode
        return done.stdout

    def run(self, *arguments: str, cores: int = 2, **more) -> str:
        return self.snakemake("--cores", str(cores), *arguments, **more)

    def announced(self, *arguments: str) -> list[dict]:
        """What a dry run announces, in Snakemake's own terms: jobs and groups, see support/logger."""
        with tempfile.NamedTemporaryFile("r", encoding="utf-8", suffix=".jsonl") as notes:
            env = {"ANNOUNCED_JOBS": notes.name, "PYTHONPATH": str(LOGGER)}
            # Options first: --logger takes all words up to the next option.
            self.snakemake("--logger", "jobs", "--dry-run", *arguments, env=env)
            return [json.loads(line) for line in notes]

    def plan(self, *arguments: str) -> Counter:
        """The jobs that Snakemake would run now, target rules left out."""
        notes = self.announced(*arguments)
        return Counter(
            job(note["rule"], **note["wildcards"]) for note in notes if "rule" in note and not note["target"]
        )

    def path(self, name: str) -> Path:
        return self.folder / "results" / "tiny" / name

    def artifacts(self) -> dict[str, bytes]:
        """Every file that must come out the same, by path: all but logs, benchmarks, timings, the id and the lock."""
        results = self.folder / "results"
        return {
            path.relative_to(results).as_posix(): path.read_bytes()
            for path in sorted(results.rglob("*"))
            if path.is_file() and not {"logs", "benchmarks", "timing", ".records_id", ".running.lock"} & set(path.parts)
        }


def copy_file(source: str, target: str) -> None:
    """Copy a file with its times, to the nanosecond."""
    shutil.copy2(source, target)
    # copy2 rounds times on some file systems; Snakemake compares them exactly.
    status = os.stat(source)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def differing(ours: dict[str, bytes], theirs: dict[str, bytes]) -> list[str]:
    """Paths of artifacts that are not the same in both, or in one alone: short where a test fails, unlike the bytes."""
    return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
