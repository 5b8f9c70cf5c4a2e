"""One module of this workflow in another one: the user's files below a prefix, its folders, its default config."""

import shutil

import numpy as np
import pytest
import torch
import yaml

from evolution.models.networks import TinyCNN
from support.own_files import noise, write_classes, write_npz
from support.own_recipes import write_recipes
from support.project import TINY, Project
from support.recordings import write_recording

# The smallest run that has all stages.
SMALL = TINY | {"training": TINY["training"] | {"epochs": 2}, "plots": {"dpi": 50}}

# A workflow with one module; `more` are further lines of it.
ONE = """
configfile: "theirs.yaml"

module m:
    snakefile: "clone/Snakefile"
    {more}

use rule * from m as m_*

onstart:
    m.onstart()
"""


# Evaluation samples as a function returns them.
DATA = """
import numpy as np


def samples():
    random = np.random.default_rng(0)
    return random.normal(size=(40, 1, 8, 8)).astype(np.float32), np.arange(40) % 10
"""


def write_checkpoints(folder, seed=0):
    """Two epochs of random weights of tiny_cnn, for digits."""
    folder.mkdir(parents=True)
    for epoch in range(2):
        torch.manual_seed(2 * seed + epoch)
        torch.save({"model": TinyCNN((1, 8, 8), 10).state_dict(), "epoch": epoch}, folder / f"epoch_{epoch}.pt")


class Importer(Project):
    """A workflow with one module, next to the clone that it is of."""

    def copy_code(self):
        pass

    def configure(self, config):
        self.config = config
        (self.folder / "theirs.yaml").write_text(yaml.safe_dump(config))


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("clone")).folder


@pytest.fixture
def one_module(clone, tmp_path):
    """Makes a workflow of one module, with a config of its own."""

    def make(config, *more):
        project = Importer(tmp_path / "importer", config)
        (project.folder / "clone").symlink_to(clone)
        (project.folder / "Snakefile").write_text(ONE.replace("{more}", "\n    ".join(more)))
        return project

    return make


def test_a_prefix_leaves_all_files_of_the_users_alone(one_module):
    """Each kind of run that names files: Snakemake would miss an input that the prefix stands before."""
    digits = SMALL["dataset"]
    runs = {
        "archive": {"dataset": {"name": "npz:own/d.npz", "train_size": 20, "eval_size": 20}},
        "pictures": {"dataset": {"name": "image_folder:own/pictures", "train_size": 20, "eval_size": 20}},
        "recipe": {"dataset": digits, "training": {"recipe": "own/recipes.py:Scaled"}},
        "function": {"dataset": {"name": "own/data.py:samples", "eval_size": 20}, "checkpoints": {"path": "own/saved"}},
        "recorded": {"recording": {"path": "own/recorded", "unit": "step"}, "layers": "auto"},
    }
    config = SMALL | {"runs": runs, "embedding": {"method": "pca"}, "metrics": {"clusters": 3, "neighbors": 3}}
    project = one_module(config, "config: config", 'prefix: "p"')
    own = project.folder / "own"
    write_recording(own / "recorded")
    write_recipes(own)
    write_npz(own / "d.npz", images=noise(60, 8, 8), labels=np.arange(60) % 3)
    write_classes(own / "pictures", count=30)
    (own / "data.py").write_text(DATA)
    write_checkpoints(own / "saved")
    rules = {}
    for name in project.plan("m_all"):
        rule, *wildcards = name.split()
        rules.setdefault(next(word for word in wildcards if word.startswith("run=")), set()).add(rule)
    first = {
        "run=archive": {"m_prepare_data", "m_train"},
        "run=pictures": {"m_prepare_data", "m_train"},
        "run=recipe": {"m_prepare_data", "m_train"},
        "run=function": {"m_prepare_own_data"},
        "run=recorded": {"m_prepare_recording"},
    }
    for run, made_by in first.items():
        assert {"m_measure", "m_cka_times", *made_by} <= rules[run], run


def test_checkpoints_and_a_comparison_below_a_prefix(one_module):
    runs = {"one": {"checkpoints": {"path": "own/one"}}, "two": {"checkpoints": {"path": "own/two"}}}
    config = SMALL | {"layers": ["fc1"], "runs": runs}
    project = one_module({}, "config: config", 'prefix: "p"')
    for seed, name in enumerate(runs):
        write_checkpoints(project.folder / "own" / name, seed=seed)
    # In a folder below, so that its paths are tried there first.
    (project.folder / "configs").mkdir()
    (project.folder / "configs" / "c.yaml").write_text(yaml.safe_dump(config))
    targets = ("m_comparison", "m_metrics", "--configfile", "configs/c.yaml")
    project.run(*targets)
    results = project.folder / "p" / "results"
    for run in runs:
        assert (results / run / "cka" / "times" / "fc1.parquet").is_file()
    assert (results / "comparison" / "crossing.md").is_file() and list((results / "comparison").rglob("*cka*.png"))
    assert not (project.folder / "results").exists() and not (project.folder / "p" / "own").exists()
    assert project.plan(*targets) == {}
    # What was taken stays, below the prefix too, when the checkpoints are gone.
    shutil.rmtree(project.folder / "own" / "two")
    assert project.plan(*targets) == {}


def test_pathvars_say_where_results_lie(one_module):
    project = one_module(SMALL, "config: config", 'pathvars: results="out"')
    project.run("m_data")
    assert (project.folder / "out" / "tiny" / "dataset.npz").is_file() and not (project.folder / "results").exists()


def test_by_a_relative_path_from_another_folder(one_module, tmp_path):
    """-s and --directory: the module is found from its importer, and data from the importer's config."""
    config = {"dataset": {"name": "npz:d.npz", "train_size": 20, "eval_size": 20}, "embedding": {"method": "pca"}}
    config |= {"metrics": {"clusters": 3, "neighbors": 3}, "model": SMALL["model"], "training": SMALL["training"]}
    # Both files state the path: that of --configfile counts.
    project = one_module({"mine": config | {"runs": {"r": {}}}}, 'config: config["mine"]')
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "c.yaml").write_text(yaml.safe_dump(project.config))
    write_npz(tmp_path / "conf" / "d.npz", images=noise(60, 8, 8), labels=np.arange(60) % 3)
    (tmp_path / "work").mkdir()
    (project.folder / "theirs.yaml").rename(tmp_path / "work" / "theirs.yaml")
    project.folder = tmp_path
    project.run("-s", "importer/Snakefile", "--directory", "work", "--configfile", "conf/c.yaml", "--", "m_data")
    assert (tmp_path / "work" / "results" / "r" / "dataset.npz").is_file()
    assert not (tmp_path / "results").exists() and not (tmp_path / "importer" / "results").exists()


@pytest.mark.parametrize("config", ["config: {}", ""], ids=["empty", "none"])
def test_without_config_a_module_is_the_default_experiment(one_module, config):
    """Whatever the command line gives to the workflow that uses it."""
    project = one_module({"samples": "theirs"}, *([config] if config else []))
    plan = project.plan("m_data", "--configfile", "theirs.yaml", "--config", "seed=99", "theirs=1")
    assert {name.split()[-1] for name in plan} == {"run=tiny"}
