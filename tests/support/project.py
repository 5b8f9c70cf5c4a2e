"""A copy of the project in a folder of its own, and Snakemake run in it as a user runs it."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CODE = ("Snakefile", "config.yaml", "workflow", "profiles", "envs")

# Two spans of training, three snapshots, two layers and the pixels, on real digits.
TINY = {
    "seed": 3,
    "dataset": {"name": "digits", "train_size": 300, "eval_size": 100},
    "model": {"name": "tiny_cnn"},
    "layers": ["conv2", "fc1"],
    "training": {"epochs": 4, "batch_size": 50, "learning_rate": 3e-3, "epochs_per_job": 2, "threads": 1},
    "embedding": {"perplexity": 10},
    "metrics": {"n_init": 2},
    "plots": {"grid_epochs": [0, 4], "dpi": 50, "animation": {"dpi": 40}},
    "runs": {"tiny": {}},
}


def changed(config: dict, path: str, value: object) -> dict:
    """The config with the key at a dotted path set to `value`."""
    config = yaml.safe_load(yaml.safe_dump(config))
    *parents, key = path.split(".")
    place = config
    for parent in parents:
        place = place.setdefault(parent, {})
    place[key] = value
    return config


def job_patterns() -> list[tuple[str, re.Pattern]]:
    """Each rule's name, and its message as a pattern with the wildcards as groups."""
    patterns = []
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        text = path.read_text(encoding="utf-8")
        for _, rule, body in re.findall(r"^( *)rule ?(\w*):\n((?:\1    .*\n|\n)+)", text, flags=re.M):
            # A rule that is made for each set of layers has no name here; it goes by its script's.
            rule = rule or re.search(r'script:\s+"\.\./scripts/(\w+)\.py"', body)[1]
            message = re.search(r'message:\s+"(.*)"', body)[1]
            pattern = re.sub(r"\\\{wildcards\\?\.(\w+)\\\}", r"(?P<\1>\\S+)", re.escape(message))
            pattern = re.sub(r"\\\{params\\?\.\w+\\\}", ".+?", pattern)
            patterns.append((rule, re.compile(pattern)))
    return patterns


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

    def configure(self, config: dict) -> None:
        self.config = config
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", "--nocolor", *arguments]

    def environment(self) -> dict[str, str]:
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

    def plan(self, *arguments: str) -> Counter:
        """The jobs that Snakemake would run now, target rules left out."""
        output = self.snakemake("--dry-run", *arguments)
        return jobs_in(output)

    def path(self, name: str) -> Path:
        return self.folder / "results" / "tiny" / name

    def artifacts(self) -> dict[str, bytes]:
        """Every file that must come out the same, by path: all but logs, benchmarks and timings."""
        results = self.folder / "results"
        return {
            path.relative_to(results).as_posix(): path.read_bytes()
            for path in sorted(results.rglob("*"))
            if path.is_file() and not {"logs", "benchmarks", "timing"} & set(path.parts)
        }


def differing(ours: dict[str, bytes], theirs: dict[str, bytes]) -> list[str]:
    """Paths of artifacts that are not the same in both, or in one alone: short where a test fails, unlike the bytes."""
    return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))


def jobs_in(output: str) -> Counter:
    """The jobs that Snakemake's output announces."""
    announced = Counter()
    for sentence in re.findall(r"^Job \d+: (.*)$", output, flags=re.M):
        matches = [(rule, match) for rule, pattern in job_patterns() if (match := pattern.fullmatch(sentence))]
        assert len(matches) == 1, sentence
        rule, match = matches[0]
        announced[job(rule, **match.groupdict())] += 1
    return announced
