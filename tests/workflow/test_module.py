"""This workflow as a part of another one: modules with and without a prefix, next to each other, and an own results."""

import re
import shutil

import pytest
import torch
import yaml

from support.project import ROOT, TINY, Project, differing

# The smallest run that has all stages.
SMALL = TINY | {"training": TINY["training"] | {"epochs": 2}, "plots": {"dpi": 50}}
TARGETS = ("results/tiny/summary.md", "results/tiny/tables/embedding.parquet")

# The clone lies below the working directory, so that a prefix could reach its code.
IMPORTING = """
configfile: "theirs.yaml"

module plain:
    snakefile: "clone/Snakefile"
    config: config["representations"]

use rule * from plain as plain_*

module below:
    snakefile: "clone/Snakefile"
    config: config["representations"] | config["changes"]
    prefix: "below"

use rule * from below as below_*

module named:
    snakefile: "clone/Snakefile"
    config: config["representations"] | {"results": "named/here"}

use rule * from named as named_*

onstart:
    plain.onstart()
    below.onstart()

onsuccess:
    plain.onsuccess()
    below.onsuccess()

rule report_on_both:
    default_target: True
    input:
        "results/tiny/summary.md",
        "results/tiny/tables/embedding.parquet",
        below.rules.summary.output.markdown.format(run="lower"),
    output:
        "both.md",
    script:
        "summary.py"
"""

# It has the name of a script of this workflow.
SUMMARY = """
from pathlib import Path

Path(snakemake.output[0]).write_text("".join(Path(path).read_text() for path in snakemake.input if path.endswith("md")))
"""

# Weights, which a run begins with, count from the working directory.
CHANGES = {
    "runs": {"lower": {}},
    "seed": 5,
    "model": {"name": "own/net.py:Net", "weights": "own/weights.pt"},
    "layers": ["body"],
}
# A training that may end by itself is planned by what lies below the prefix.
CHANGES["training"] = SMALL["training"] | {"stop": {"diverged": True}}
NET = """
from torch import nn


class Net(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.flat, self.body, self.head = nn.Flatten(), nn.Linear(64, 8), nn.Linear(8, 10)
"""


class Importing(Project):
    """A workflow with three modules of this one."""

    def copy_code(self):
        theirs = Project.__new__(Project)
        theirs.folder = self.folder / "clone"
        theirs.folder.mkdir()
        Project.copy_code(theirs)
        (self.folder / "Snakefile").write_text(IMPORTING)
        (self.folder / "summary.py").write_text(SUMMARY)

    def configure(self, config):
        self.config = config
        (self.folder / "theirs.yaml").write_text(yaml.safe_dump(config))


@pytest.fixture(scope="module")
def importing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("importing")
    project = Importing(folder, {"representations": SMALL, "changes": CHANGES, "samples": "theirs alone"})
    (folder / "own").mkdir()
    (folder / "own" / "net.py").write_text(NET)
    shapes = {"body.weight": (8, 64), "body.bias": (8,), "head.weight": (10, 8), "head.bias": (10,)}
    torch.save({name: torch.zeros(shape) for name, shape in shapes.items()}, folder / "own" / "weights.pt")
    project.output = project.run()
    return project


def test_a_module_makes_the_bytes_of_the_workflow_on_its_own(importing, tmp_path):
    alone = Project(tmp_path / "alone", SMALL)
    alone.run(*TARGETS)
    ours = importing.artifacts()
    # Each module's settings name files within the clone.
    assert len(ours) > 20 and differing(ours, alone.artifacts()) == []


def test_each_module_has_its_own_config_and_folder(importing):
    below = importing.folder / "below" / "results" / "lower"
    # Neither has the other's run.
    assert [path.name for path in below.parent.iterdir() if path.is_dir()] == ["lower"]
    assert [path.name for path in importing.path("").parent.iterdir() if path.is_dir()] == ["tiny"]
    assert {path.name for path in (below / "activations" / "0000").iterdir()} == {"body.npy", "raw_inputs.npy"}
    assert (importing.folder / "both.md").read_text() == (
        (importing.path("summary.md")).read_text() + (below / "summary.md").read_text()
    )
    assert not (importing.folder / "named").exists() and not (importing.folder / "below" / "clone").exists()
    # Both handlers ran: each prints the summaries of its module.
    for run in ("tiny", "lower"):
        assert importing.output.count(f"# {run}: how the layers cluster at epoch 2") == 1


def test_nothing_runs_again(importing):
    assert importing.plan() == {}


def test_an_edit_runs_the_modules_jobs_again(importing):
    script = importing.folder / "clone" / "workflow" / "scripts" / "measure.py"
    script.write_text(script.read_text() + "\n# changed\n")
    try:
        again = {name.split()[0] for name in importing.plan()}
    finally:
        script.write_text(script.read_text().removesuffix("\n# changed\n"))
    assert {"plain_measure", "below_measure"} <= again and not {"plain_train", "below_train"} & again


def test_what_a_module_lacks_is_said_at_the_start(importing):
    advice = "give --rerun-triggers mtime params input software-env"
    assert advice in importing.output and "does not call named.onstart()" in importing.output
    assert "does not call plain.onstart()" not in importing.output
    triggers = ("--rerun-triggers", "mtime", "params", "input", "software-env")
    before = importing.artifacts()
    assert advice not in importing.run("named_data", *triggers)
    assert (importing.folder / "named" / "here" / "tiny" / "dataset.npz").is_file()
    assert importing.artifacts() == before


def test_snakemake_writes_the_report_of_modules(importing):
    assert "snakemake --report report.html" in importing.snakemake("--dry-run", "plain_report", check=False)
    assert importing.returncode


@pytest.mark.parametrize(
    ("snakefile", "config", "said"),
    [
        ('"clone/Snakefile"', '{"results": "/elsewhere"}', "leave one of the two out"),
        ('"clone/Snakefile"', '{"results": "../elsewhere"}', "leave one of the two out"),
        ('"clone/Snakefile"', '{"sed": 1}', "sed: unknown key; did you mean seed?"),
        ('gitfile("clone", path="Snakefile", ref="main")', "{}", "clone the repository, "),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(importing, tmp_path, snakefile, config, said):
    (tmp_path / "clone").symlink_to(importing.folder / "clone")
    if "git" in snakefile:
        (tmp_path / "clone").unlink()
        shutil.copytree(importing.folder / "clone", tmp_path / "clone")
        commit(tmp_path / "clone")
    text = f'module m:\n    snakefile: {snakefile}\n    config: {config}\n    prefix: "p"\n\nuse rule * from m as m_*\n'
    (tmp_path / "Snakefile").write_text(text)
    project = Importing.__new__(Importing)
    project.folder = tmp_path
    output = project.snakemake("--dry-run", "m_data", check=False)
    assert project.returncode and said in output and "Traceback" not in output


def test_rules_name_no_folder_that_a_module_changes():
    """Paths of rules begin with <results>; the workflow's own folder and its local rules are not those of a module."""
    for path in [ROOT / "Snakefile", *sorted((ROOT / "workflow" / "rules").glob("*.smk"))]:
        code = [line.partition("#")[0] for line in path.read_text(encoding="utf-8").splitlines()]
        found = [line for line in code if re.search(r'"results/|workflow\.basedir|^localrules:', line)]
        assert found == [], path.name


def test_another_package_of_the_librarys_name_is_named(importing, tmp_path):
    (tmp_path / "evolution.py").touch()
    module = f'module m:\n    snakefile: "{importing.folder}/clone/Snakefile"\n    config: {{}}\n\nuse rule * from m\n'
    (tmp_path / "Snakefile").write_text(f"import evolution\n\n{module}")
    project = Importing.__new__(Importing)
    project.folder = tmp_path
    output = project.snakemake("--dry-run", "data", check=False)
    assert f"`evolution` was imported from {tmp_path}/evolution.py" in output and "Traceback" not in output


def commit(folder):
    import subprocess

    git = ["git", "-C", str(folder), "-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *command], check=True, stdout=subprocess.DEVNULL)
