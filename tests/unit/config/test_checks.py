"""What the schema cannot check: keys that do not go together, and what images, models and packages allow."""

import sys

import numpy as np
import pytest
import torch

from evolution.config.checks import CheckedConfig, check_installed, cross_key_faults, job_faults, notes
from evolution.config.resolve import resolve
from evolution.config.sweeps import Origin
from evolution.embedding.methods import METHODS
from evolution.errors import ConfigError
from support.config_faults import faults, with_key
from support.own_files import noise, small_config, write_classes, write_npz

# A config with its defaults, as the checks are given it: they do not change it.
DEFAULTS = resolve({"training": {"epochs": 10}})


def checked(*faulty, written=None, **origins):
    return CheckedConfig(DEFAULTS, written or {}, frozenset(faulty), origins)


def test_a_key_is_sound_where_no_fault_lies_above_or_below_it():
    config = checked(("training", "epochs"), ("snapshots",))
    assert not config.sound("training.epochs")
    assert not config.sound("training"), "a part of it is wrong"
    assert not config.sound("snapshots.every"), "it is part of what is wrong"
    assert not config.sound("seed", ("training", "epochs"))
    assert config.sound("training.device", ("training", "gpus"), "snapshots_per_job")


def test_the_key_at_which_a_runs_value_is_written():
    written = {
        "model": {"name": "mlp"},
        "runs": {"a": {"seed": 3, "model": {"kwargs": {"two.words": 1}}}, "b": None},
    }
    swept = {"grid": {"model": {"name": "mlp"}}, "seeds": {"seed": 5}}
    config = checked(written=written, **{"a-5": Origin("a", swept)})
    assert config.written_key("a", "seed") == "runs.a.seed"
    assert config.written_key("a", "model.kwargs", "two.words") == "runs.a.model.kwargs.two.words"
    assert config.written_key("a", "model.name") == config.written_key("b", "model.name") == "model.name"
    assert config.written_key("a-5", "seed") == "seeds.seed"
    assert config.written_key("a-5", "model.name") == "grid.model.name"
    assert config.written_key("a-5", "model.kwargs", "two.words") == "runs.a.model.kwargs.two.words"
    assert config.written_key("a-5", "dataset.name") == "dataset.name"


def test_runs_in_which_keys_are_sound():
    assert [name for name, _ in checked().runs("model.name")] == ["run"]
    assert [name for name, _ in checked(("model",)).runs("model.name")] == []
    assert [name for name, _ in checked(("runs", "run", "model")).runs("model.name")] == []
    assert [name for name, _ in checked(("runs", "run", "seed")).runs("model.name")] == ["run"]
    assert [name for name, _ in checked(("runs", "a", "model"), run=Origin("a")).runs("model.name")] == []


def test_nothing_is_said_of_a_sound_config_nor_of_faults_that_are_known():
    assert cross_key_faults(checked()) == job_faults(checked()) == []
    assert resolve({"training": {"epochs": 500_000}, "snapshots": {"every": 500_000}})
    huge = {"training": {"epochs": 1_000_000}, "snapshots": {"every": 1}}
    (fault,) = faults(huge)
    assert "more than 200000 cannot be planned" in fault
    assert faults(huge | {"snapshots_per_job": 0}) == [
        "snapshots_per_job: 0 is not allowed; must be at least 1",
    ]


def test_epochs_of_the_grid_are_snapshots():
    config = {"training": {"epochs": 10}, "snapshots": {"every": 4, "also": [5]}}
    for allowed in ([0, 5, 10], [8]):
        assert resolve(config | {"plots": {"grid_times": allowed}})["plots"]["grid_times"] == allowed
    assert faults(config | {"plots": {"grid_times": [0, 7, 11]}}) == [
        "plots.grid_times: 7 has no snapshot, the nearest is 8; add 7 to snapshots.also",
        "plots.grid_times: 11 lies past the last epoch; training.epochs is 10",
    ]


@pytest.mark.parametrize(
    ("key", "largest", "too_large", "bound"),
    [
        ("embedding.perplexity", 19.9, 20, "a third of it"),
        ("metrics.clusters", 59, 60, "it"),
        ("metrics.neighbors", 59, 60, "it"),
    ],
)
def test_sizes_fit_the_samples_of_every_run(key, largest, too_large, bound):
    runs = {"runs": {"large": {}, "small": {"dataset": {"eval_size": 60}}}}
    fitting = {"embedding": {"perplexity": 5}}
    resolve(runs | fitting | with_key(key, largest))
    assert faults(runs | fitting | with_key(key, too_large)) == [
        f"{key}: {too_large} is too large, run small has dataset.eval_size 60; must be below {bound}"
    ]


def test_data_that_cannot_be_used_is_named_with_the_key_at_which_it_is_written(tmp_path):
    archive = write_npz(tmp_path / "mine.npz", labels=None)
    name = f"npz:{archive}"
    (fault,) = faults(small_config(name))
    assert fault.startswith(f"dataset.name: {name} cannot be used: {archive} has no array labels")
    (fault,) = faults({"runs": {"a": {"dataset": {"name": name}}}})
    assert fault.startswith(f"runs.a.dataset.name: {name} cannot be used: {archive} has ")
    assert fault.count("dataset.name") == 1


def test_the_smallest_class_of_a_users_own_data_is_named(tmp_path):
    write_classes(tmp_path / "pets", count=30)
    write_classes(tmp_path / "pets", names=["fish"], count=4)
    config = small_config(f"image_folder:{tmp_path / 'pets'}")
    assert faults(config) == [
        f"dataset.train_size: 10 and dataset.eval_size: 10 are more than image_folder:{tmp_path / 'pets'} has; with "
        "the same number of each class there are 4 per class (the smallest class is 'fish'), 12 in all, to train and "
        "to evaluate on together"
    ]


def test_notes_say_what_happens_to_an_uneven_size():
    config = resolve({"dataset": {"train_size": 4003, "eval_size": 990}})
    assert notes(config) == [
        "dataset.train_size 4003 of run run does not divide by its 10 classes: each gets 400 images, and the first 3 "
        "of them one more."
    ]
    assert notes(resolve({})) == []
    other = resolve({"metrics": {"clusters": 12}, "runs": {"a": {}}})
    assert notes(other) == ["metrics.clusters is 12, and the data of run a has 10 classes."]
    # Once, however many runs have these images.
    assert len(notes(resolve({"dataset": {"train_size": 3003}, "seeds": [1, 2, 3]}))) == 1


@pytest.mark.parametrize("method", [name for name, method in METHODS.items() if method.package])
def test_a_method_whose_package_is_not_installed_is_refused(method, monkeypatch):
    config = resolve({"embedding": {"method": method}})
    # Python then finds no such module, whether it is installed here or not.
    monkeypatch.setitem(sys.modules, METHODS[method].module, None)
    with pytest.raises(ConfigError) as error:
        check_installed(config)
    package = METHODS[method].package
    assert str(error.value).startswith(f"embedding.method: {method} needs the package {package}, which is not inst")
    assert "pip install -r requirements-extras.txt" in str(error.value)
    check_installed(resolve({}))


GIVEN = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.2]}


def test_numbers_to_normalise_by_fit_the_channels(tmp_path):
    resolve({"dataset": {"name": "cifar10", "normalize": GIVEN}})
    resolve({"dataset": {"normalize": {"mean": [0.5], "std": 0.2}}})
    labels = np.arange(60) % 3
    colour = write_npz(tmp_path / "a.npz", images=noise(60, 8, 8, 3), labels=labels)
    resolve(small_config(f"npz:{colour}") | {"runs": {"a": {"dataset": {"normalize": GIVEN}}}})
    grey = write_npz(tmp_path / "b.npz", images=noise(60, 8, 8), labels=labels)
    lines = faults(small_config(f"npz:{grey}") | {"runs": {"a": {"dataset": {"normalize": GIVEN}}}})
    assert [line.split(" has 3 numbers, and the images of ")[0] for line in lines] == [
        "runs.a.dataset.normalize.mean: [0.5, 0.4, 0.3]",
        "runs.a.dataset.normalize.std: [0.2, 0.2, 0.2]",
    ]


def test_of_a_folder_only_what_no_images_have_is_a_fault(tmp_path):
    """Planning sees the first image of a class: whether others have colours shows when they are drawn."""
    write_classes(tmp_path / "pets", count=30)
    config = small_config(f"image_folder:{tmp_path / 'pets'}")
    resolve(config | {"runs": {"a": {"dataset": {"normalize": GIVEN}}}})
    (line,) = faults(config | {"runs": {"a": {"dataset": {"normalize": {"mean": [0.1, 0.2], "std": 1}}}}})
    assert "have 1 or 3 channels; give one number" in line


def test_a_runs_normalisation_replaces_the_configs():
    runs = {"none": {"dataset": {"normalize": "none"}}, "given": {"dataset": {"normalize": {"mean": 0, "std": [1]}}}}
    for base in ("auto", {"mean": [0.5], "std": 0.5}):
        resolved = resolve({"dataset": {"normalize": base}, "runs": runs | {"same": {}}})["runs"]
        assert {name: run["dataset"]["normalize"] for name, run in resolved.items()} == {
            "none": "none",
            "given": {"mean": 0, "std": [1]},
            "same": base,
        }


def test_a_grid_of_normalisations():
    values = ["auto", "none", {"mean": 0.5, "std": 0.5}]
    runs = resolve({"grid": {"dataset.normalize": values}})["runs"]
    assert {name: run["dataset"]["normalize"] for name, run in runs.items()} == dict(
        zip(["run-normalize-auto", "run-normalize-none", "run-normalize-3"], values)
    )


def own_data_config(tmp_path, content="def f(): pass\n", **dataset):
    """A config of checkpoints with evaluation data of a function."""
    file = tmp_path / "data.py"
    file.write_text(content)
    torch.save({"weight": torch.zeros(1)}, tmp_path / "epoch_1.pt")
    return {
        "dataset": {"name": f"{file}:f"} | dataset,
        "model": {"name": "tiny_cnn"},
        "layers": ["fc1"],
        "checkpoints": {"path": str(tmp_path / "epoch_*.pt")},
        "runs": {"a": {}},
    }


def test_a_function_gives_data_to_checkpoints_alone(tmp_path):
    config = own_data_config(tmp_path)
    assert resolve(config)["runs"]["a"]["dataset"]["name"].endswith("data.py:f")
    del config["checkpoints"]
    (line,) = faults(config)
    assert line.startswith("dataset.name: ") and "it goes with `checkpoints` alone" in line


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"model": {"name": "mlp"}}, False),
        ({"dataset": {"eval_size": 200}}, True),
        ({"seed": 5}, True),
        ({"seed": 5, "dataset": {"seed": 17}}, False),
    ],
)
def test_runs_that_follow_other_samples_are_said(second, said):
    config = resolve(
        {"dataset": {"name": "digits", "train_size": 100, "eval_size": 100}, "runs": {"a": {}, "b": second}}
    )
    assert any("Runs a and b follow different evaluation samples" in note for note in notes(config)) == said


def test_one_training_has_one_seed(tmp_path):
    """Two seeds would make it count as two trainings."""
    config = own_data_config(tmp_path) | {"seeds": [1, 2]}
    (line,) = faults(config)
    assert line.startswith("seeds.seed: 2 and 1 make two runs of the checkpoints of ")
    torch.save({"weight": torch.ones(1)}, tmp_path / "e_1.pt")
    other = {"path": str(tmp_path / "e_*.pt"), "unit": "epoch"}
    runs = {"a": {"seed": 1}, "b": {"seed": 2, "checkpoints": other}}
    assert resolve(own_data_config(tmp_path) | {"runs": runs})


def test_a_file_with_a_function_is_python(tmp_path):
    (line,) = faults(own_data_config(tmp_path, "def f(: pass"))
    assert line.endswith("data.py is not Python: invalid syntax, line 1")
    (tmp_path / "near.py").write_text("1 +")
    (line,) = faults(own_data_config(tmp_path, "import near\ndef f(): pass"))
    assert "data.py is not Python (near.py): " in line


def test_a_recipe_is_there_and_is_python(tmp_path):
    def found(recipe):
        return faults({"training": {"recipe": recipe}})

    path = tmp_path / "recipe.py"
    assert found(f"{path}:Works") == [
        f"training.recipe: there is no file {path}; paths count from the folder that Snakemake runs in"
    ]
    (line,) = found("no_package_of_this_name.losses:Works")
    assert line.startswith("training.recipe: there is no module no_package_of_this_name")
    path.write_text("import near_recipe\nclass Works: pass")
    (tmp_path / "near_recipe.py").write_text("1 +")
    (line,) = found(f"{path}:Works")
    assert line.startswith(f"training.recipe: {path} is not Python (near_recipe.py): ")
    (tmp_path / "near_recipe.py").write_text("width = 3")
    assert resolve({"training": {"recipe": f"{path}:Works"}})["training"]["recipe"] == f"{path}:Works"


def test_a_note_on_keys_that_a_function_does_not_use(tmp_path):
    assert notes(resolve(own_data_config(tmp_path))) == []
    found = notes(resolve(own_data_config(tmp_path, image_size=32, normalize="none")))
    assert [line.split()[0] for line in found] == ["dataset.image_size", "dataset.normalize"]
    assert all("is not used for" in line for line in found)
