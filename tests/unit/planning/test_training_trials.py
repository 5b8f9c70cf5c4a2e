"""A training's recipe is tried by a program of its own, once for all runs that ask the same, and the answer is kept."""

import importlib.metadata
import json
import os
import sys
from pathlib import Path

import pytest
import torch

from evolution.config.resolve import resolve
from evolution.data.kinds import DataFacts
from evolution.errors import ConfigError, ModelError
from evolution.planning import training_trials
from evolution.planning.training_trials import PLAIN, trial_path, trial_requests
from support.own_files import small_config, write_classes
from support.own_recipes import write_recipes

DIGITS = {"name": "digits", "train_size": 100, "eval_size": 100}


@pytest.fixture
def recipes(tmp_path, monkeypatch):
    """A folder to work in, with a file of recipes that notes each time that it is run."""
    monkeypatch.chdir(tmp_path)
    path = write_recipes(tmp_path)
    path.write_text(path.read_text() + "\nopen('tried', 'a').write('x')\n")
    return path


def tried():
    """How often the file of recipes was run."""
    return os.path.getsize("tried") if os.path.exists("tried") else 0


def config(training=None, **more):
    return {"dataset": DIGITS, "model": {"name": "tiny_cnn"}, "training": training or {}} | more


def faults(given):
    with pytest.raises(ConfigError) as error:
        resolve(given)
    return str(error.value).split("\n")


def requests(training=None, **more):
    """What is asked of the single run of a config."""
    (run,) = planned(config(training, **more)).values()
    return trial_requests(run)


def planned(given):
    """The runs of a config that has nothing to try."""
    training = given["training"]
    plain = resolve(given | {"training": {}})["runs"]
    return {name: run | {"training": run["training"] | training} for name, run in plain.items()}


def kept():
    """The answers that are kept; planning keeps what it knows of checkpoints there too."""
    return sorted(path.name for path in Path(".snakemake/evolution").glob("*.json") if path.name != "checkpoints.json")


@pytest.mark.parametrize(
    "training",
    [{}, *({"optimizer": name, "weight_decay": 0} for name in PLAIN), {"schedule": {"name": "cosine"}, "clip_norm": 1}],
)
def test_an_ordinary_training_is_not_tried(tmp_path, monkeypatch, training):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", "/no/such/program")
    resolve(config(training))
    assert kept() == []


def test_a_training_elsewhere_is_not_tried(tmp_path, monkeypatch):
    """Whatever its recipe would be here."""
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": torch.ones(1)}, tmp_path / "epoch_1.pt")
    resolve(config({"optimizer": "AdamQ"}, checkpoints={"path": "epoch_{epoch}.pt"}))
    assert kept() == []


def test_a_sound_training_is_tried_once(recipes):
    given = config({"recipe": "recipes.py:Scaled", "recipe_kwargs": {"scale": 0.5}})
    resolve(given)
    # Once for the learner, and once for the one that its state is put into.
    assert tried() == 2 and len(kept()) == 1
    resolve(given)
    assert tried() == 2


def test_runs_that_ask_the_same_are_tried_once(recipes):
    sweep = {
        "training.learning_rate": [0.1, 0.2],
        "training.weight_decay": [0.1, 0.2],
    }
    resolve(config({"recipe": "recipes.py:Scaled"}, seeds=[1, 2], grid=sweep))
    assert tried() == 2 and len(kept()) == 1
    given = config({"optimizer": "AdamQ"}, seeds=[1, 2], grid=sweep)
    (line,) = faults(given)
    assert line.startswith("training.optimizer: torch.optim has no optimizer AdamQ")
    assert len(kept()) == 1, "a fault is not kept: it may lie at a file that comes later"


def test_a_fault_is_said_at_the_key_where_it_is_written(recipes):
    runs = {
        "a": {"training": {"optimizer": "AdamQ"}},
        "b": {"training": {"augmentation": ["Flip"]}},
        "c": {"training": {"recipe": "recipes.py:Slip"}},
        "d": {"training": {"optimizer": "Rprop"}},
        "e": {"training": {"optimizer_kwargs": {"momentum": 0.9}}},
        "f": {"training": {"optimizer": "sgd", "optimizer_kwargs": {"momentum": 0.9}}},
    }
    keys = ("runs.a.training.optimizer", "runs.b.training.augmentation", "runs.c.training.recipe")
    # The default, which run d has, is written nowhere.
    keys += ("training.weight_decay", "runs.e.training.optimizer_kwargs")
    assert [line.partition(":")[0] for line in faults(config(runs=runs))] == list(keys)
    grid = {"training.optimizer": ["sgd", "AdamQ"]}
    (line,) = faults(config(grid=grid))
    assert line.startswith("grid.training.optimizer: torch.optim has no optimizer AdamQ")


def test_nothing_is_tried_while_the_config_has_other_faults(recipes):
    (line,) = faults(config({"recipe": "recipes.py:Slip"}, layers=["fc9"]))
    assert line.startswith("layers: fc9") and tried() == 0
    (line,) = faults(config({"recipe": "nowhere.py:Slip"}))
    assert line.startswith("training.recipe: there is no file nowhere.py")


def test_what_a_request_holds(recipes):
    (request,) = requests({"augmentation": ["MixUp"]})
    assert request == {"shape": [1, 8, 8], "classes": 10, "augmentation": ["MixUp"], "model": None, "recipe": None}
    (request,) = requests({"optimizer": "RAdam", "batch_size": 50, "accumulate": 5, "weight_decay": 0.3})
    assert request["batch_size"] == 8 and request["accumulate"] == 1 and request["weight_decay"] is True
    assert "learning_rate" not in request and "seed" not in request
    for size, expected in ((None, 100), (30, 30), (300, 100)):
        (request,) = requests({"recipe": "recipes.py:Scaled", "batch_size": size, "accumulate": 5})
        assert request["batch_size"] == expected and request["accumulate"] == 2, "a recipe may need a whole batch"


def test_all_that_an_answer_depends_on_has_a_part_in_its_name(recipes, tmp_path, monkeypatch):
    version = importlib.metadata.version
    (tmp_path / "net.py").write_text("x = 1\n")
    (request,) = requests({"recipe": "recipes.py:Scaled", "recipe_kwargs": {"scale": 1.0}})
    request |= {"model": "net.py:Net"}
    paths = [trial_path(request), trial_path(request | {"recipe_kwargs": {"scale": 2.0}})]
    (tmp_path / "net.py").write_text("x = 2\n")
    paths += [trial_path(request)]
    recipes.write_text(recipes.read_text() + "import parts\n")
    paths += [trial_path(request)]
    (tmp_path / "parts.py").write_text("x = 1\n")
    paths += [trial_path(request)]
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"{version(name)}.{name}")
    paths += [trial_path(request)]
    assert len(set(paths)) == len(paths)
    recipes.write_text("class Recipe(\n")
    with pytest.raises(ModelError, match=r"^training\.recipe: recipes\.py is not Python"):
        trial_path(request)


def test_a_recipe_that_is_not_python(recipes):
    recipes.write_text("class Scaled(\n")
    (line,) = faults(config(runs={"a": {"training": {"recipe": "recipes.py:Scaled"}}}))
    assert line.startswith("runs.a.training.recipe: recipes.py is not Python: ")


def test_without_torch_nothing_is_tried(recipes, monkeypatch):
    """Where Snakemake makes the jobs' environments itself, its own may have no torch."""

    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    resolve(config({"recipe": "recipes.py:Slip"}))
    assert tried() == 0 and kept() == []


def test_a_program_that_dies_says_nothing_and_does_not_run_again(recipes, tmp_path, monkeypatch):
    """As when the system ends it for its memory."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho -n x >> started\nkill -9 $$\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    for _ in range(2):
        resolve(config({"recipe": "recipes.py:Slip"}))
    assert (tmp_path / "started").read_text() == "x"
    (name,) = kept()
    answer = json.loads((tmp_path / ".snakemake/evolution" / name).read_text())
    assert answer["untried"] == "the trial ended with code -9: it said nothing"


def test_a_damaged_answer_is_found_out_again(recipes, tmp_path):
    given = config({"recipe": "recipes.py:Scaled"})
    resolve(given)
    (name,) = kept()
    (tmp_path / ".snakemake/evolution" / name).write_text("{")
    resolve(given)
    assert tried() == 4 and json.loads((tmp_path / ".snakemake/evolution" / name).read_text()) == {"faults": []}


def test_a_folder_of_images_may_have_colours_that_planning_has_not_seen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_classes("pictures/train", count=6)
    write_classes("pictures/test", count=6)
    given = small_config("image_folder:pictures") | {"model": {"name": "mlp"}}
    given["dataset"] |= {"train_size": 10, "eval_size": 10}
    three_channels = [{"Grayscale": {"num_output_channels": 3}}]
    resolve(given | {"training": {"augmentation": three_channels}})
    before = kept()
    assert len(before) == 2
    # Neither is tried again.
    monkeypatch.setattr(sys, "executable", "/no/such/program")
    resolve(given | {"training": {"augmentation": three_channels}})
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    (line,) = faults(given | {"training": {"augmentation": [{"CenterCrop": {"size": 3}}]}})
    assert "1 x 3 x 3" in line and kept() == before


def test_samples_that_are_no_images_are_tried_as_they_are(monkeypatch):
    monkeypatch.setattr(
        training_trials,
        "data_facts",
        lambda dataset: DataFacts(kind="tokens", target="number", shape=(9,), vocabulary=30),
    )
    (request,) = requests({"optimizer": "rmsprop"})
    assert request["shape"] == [9] and request["classes"] == 1
    assert (request["kind"], request["target"], request["vocabulary"]) == ("tokens", "number", 30)
