"""What the schema cannot check: keys that do not go together, and what images, models and packages allow."""

import sys
from importlib import metadata

import numpy as np
import pytest
import torch

from evolution.config.checks import CheckedConfig, check_installed, cross_key_faults, job_faults, notes
from evolution.config.resolve import resolve
from evolution.config.sweeps import Origin
from evolution.data.catalogue import DATA_PACKAGES
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
    archive = write_npz(tmp_path / "mine.npz", labels=None, y=np.arange(12) % 3)
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


@pytest.mark.parametrize("name", DATA_PACKAGES)
def test_a_data_set_whose_package_is_not_installed_is_refused(name, monkeypatch):
    model = {"japanese_vowels": "signal_cnn", "chat_languages": "tiny_transformer"}[name]
    dataset = {"name": name, "train_size": 60, "eval_size": 60}
    config = resolve({"dataset": dataset, "model": {"name": model}, "embedding": {"perplexity": 5}})
    check_installed(config)

    def missing(package):
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "distribution", missing)
    with pytest.raises(ConfigError) as error:
        check_installed(config)
    assert str(error.value).startswith(f"dataset.name: {name} is read from the package ")
    assert f"pip install {DATA_PACKAGES[name]}`" in str(error.value)
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


def test_numbers_to_normalise_pixels_by_are_from_0_to_1():
    lines = faults({"dataset": {"normalize": {"mean": [-1.5], "std": 2}}})
    assert lines == [
        "dataset.normalize.mean.0: -1.5 is not allowed; must be at least 0, of pixels from 0 to 1",
        "dataset.normalize.std: 2 is not allowed; must be at most 1, of pixels from 0 to 1",
    ]


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


DATA = """import numpy as np


def f():
    return np.random.default_rng(0).random((240, 1, 8, 8), np.float32), np.arange(240) % 3
"""


def own_data_config(tmp_path, content=DATA, **dataset):
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
        f"training.recipe: there is no file {path}; paths count from their config file's folder, "
        "and where nothing is there from the one Snakemake runs in"
    ]
    (line,) = found("no_package_of_this_name.losses:Works")
    assert line.startswith("training.recipe: there is no module no_package_of_this_name")
    path.write_text(
        "import near_recipe\nclass Works:\n    def __init__(self, model, classes): pass\n"
        "    def loss(self, model, images, labels): return model(images).square().mean()\n"
    )
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


# Keys of the training that do not go together.

RECIPE = {"recipe": "own.py:Loss"}
MNIST_WEIGHTS = [1.0] * 9

TRAINING_FAULTS = {
    "steps a job in epochs": (
        {"training": {"steps_per_job": 100}},
        "training.steps_per_job: 100 counts for nothing where snapshots.unit is epoch; set training.epochs_per_job, or "
        "snapshots.unit to step",
    ),
    "a warm-up of half a step": (
        {"training": {"schedule": {"warmup": 1.5}}},
        "training.schedule.warmup: 1.5 is not allowed; must be a whole number of steps, or a share below 1",
    ),
    "a fall after half a step": (
        {"training": {"schedule": {"name": "step", "at": [0.5, 10.5]}}},
        "training.schedule.at: 10.5 is not allowed; must be a whole number of steps, or a share below 1",
    ),
    "batches of a step that has one": (
        {"training": {"accumulate": 4}},
        "training.accumulate: 4 counts for nothing where batch_size is null; set batch_size",
    ),
    "smoothing of another loss": (
        {"training": {"label_smoothing": 0.1} | RECIPE},
        "training.label_smoothing: 0.1 is not read where training.recipe gives the loss; leave one of the two out",
    ),
    "class weights of another loss": (
        {"training": {"class_weights": "balanced"} | RECIPE},
        "training.class_weights: 'balanced' is not read where training.recipe gives the loss; leave one of the two out",
    ),
    "class weights of other classes": (
        {"training": {"class_weights": MNIST_WEIGHTS}},
        f"training.class_weights: {MNIST_WEIGHTS} has 9 numbers, and the data has 10 classes; give one for each class, "
        "or balanced",
    ),
}


@pytest.fixture
def own_recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(
        "class Loss:\n    def __init__(self, model, classes): pass\n"
        "    def loss(self, model, images, labels): return model(images).square().mean()\n"
    )


@pytest.mark.parametrize(("config", "said"), TRAINING_FAULTS.values(), ids=TRAINING_FAULTS)
def test_keys_of_the_training_that_do_not_go_together(own_recipe, config, said):
    assert faults(config) == [said]


@pytest.mark.parametrize("name", [name for name in TRAINING_FAULTS if name != "steps a job in epochs"])
def test_keys_of_one_runs_training_are_named_where_they_are_written(own_recipe, name):
    config, said = TRAINING_FAULTS[name]
    assert faults({"runs": {"a": config, "b": {}}}) == [f"runs.a.{said}"]


def test_a_fault_of_two_sources_is_named_where_its_own_key_is_written(own_recipe):
    (line,) = faults({"training": {"label_smoothing": 0.1}, "runs": {"a": {"training": RECIPE}, "b": {}}})
    assert line.startswith("training.label_smoothing: 0.1 is not read")


@pytest.mark.parametrize(
    "training",
    [
        {"schedule": {"warmup": 0.5}},
        {"schedule": {"warmup": 1}},
        {"schedule": {"name": "step", "at": [0.25, 3, 4.0]}},
        {"accumulate": 4, "batch_size": 10},
        {"label_smoothing": 0.1, "class_weights": [1] * 10},
        {"class_weights": "balanced"},
        RECIPE | {"label_smoothing": 0, "class_weights": None},
    ],
)
def test_keys_of_the_training_that_go_together(own_recipe, training):
    assert resolve({"training": training})
    assert resolve({"training": {"steps_per_job": 100}, "snapshots": {"unit": "step"}})


def test_the_training_of_a_run_that_runs_elsewhere_is_not_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"w": torch.zeros(1)}, tmp_path / "epoch_1.pt")
    elsewhere = {"training": {"accumulate": 4}, "checkpoints": {"path": str(tmp_path / "epoch_*.pt")}}
    assert resolve({"runs": {"a": elsewhere, "b": {}}})


def test_a_recipe_whose_file_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (line,) = faults({"training": RECIPE})
    assert line.startswith("training.recipe: there is no file own.py")
    (line,) = faults({"training": {"recipe": "no_such_package.losses:Loss"}})
    assert line.startswith("training.recipe: ") and "no_such_package" in line
    (line,) = faults({"runs": {"a": {"training": RECIPE}}})
    assert line.startswith("runs.a.training.recipe: there is no file own.py")


# Times in steps.


def in_steps(**snapshots):
    """3 steps an epoch, 4 epochs; a run `b` of 5."""
    return {
        "dataset": {"train_size": 30},
        "training": {"epochs": 4, "batch_size": 10},
        "snapshots": {"unit": "step"} | snapshots,
        "runs": {"a": {}, "b": {"training": {"batch_size": 6}}},
    }


def test_snapshots_past_the_last_step():
    assert resolve(in_steps(also=[12]))["times"]["a"].times == [0, 6, 12]
    assert faults(in_steps(also=[13, 20, 21])) == [
        "snapshots.also: [13, 20, 21] lies past the last step of run a, which is 12: 4 epochs of 3 steps",
        "snapshots.also: [21] lies past the last step of run b, which is 20: 4 epochs of 5 steps",
    ]
    one = {"training": {"epochs": 4}, "snapshots": {"unit": "step", "also": [5]}}
    assert faults(one) == ["snapshots.also: [5] lies past the last step, which is 4: 4 epochs of 1 step"]


def test_times_without_a_snapshot_in_steps():
    config = in_steps(every=4)
    assert faults(config | {"plots": {"grid_times": [5]}})[0] == (
        "plots.grid_times: 5 has no snapshot of run a, the nearest is 4; add 5 to snapshots.also"
    )
    assert faults(config | {"comparison": {"cka_time": 16}}) == [
        "comparison.cka_time: 16 lies past the last step of run a, which is 12: 4 epochs of 3 steps"
    ]


def test_another_fault_of_the_training_hides_none_of_its_times():
    assert faults({"training": {"learning_rate": -1}, "snapshots": {"also": [101]}}) == [
        "training.learning_rate: -1 is not allowed; must be greater than 0",
        "snapshots.also: [101] lies past the last epoch; training.epochs is 100",
    ]
    wrong = {"training": {"learning_rate": -1, "epochs": 1_000_000}, "snapshots": {"every": 1}}
    assert len(faults(wrong)) == 2


@pytest.mark.parametrize(
    ("faulty", "is_end_known", "are_times_known"),
    [
        ("training.learning_rate", True, True),
        ("seed", True, True),
        ("snapshots.every", True, False),
        ("training.keep_epochs", True, False),
        ("training.steps_per_job", True, False),
        ("snapshots_per_job", True, False),
        ("training.batch_size", False, False),
        ("runs.run.training.batch_size", False, False),
        ("runs.other.training.batch_size", True, True),
        ("dataset.train_size", False, False),
        ("training.epochs", False, False),
        ("snapshots.unit", False, False),
        ("training", False, False),
    ],
)
def test_what_the_times_in_steps_depend_on(faulty, is_end_known, are_times_known):
    steps = resolve({"training": {"epochs": 10}, "snapshots": {"unit": "step"}})
    config = CheckedConfig(steps, {}, frozenset([tuple(faulty.split("."))]))
    assert (config.end_known("run"), config.times_known("run")) == (is_end_known, are_times_known)


def test_times_in_epochs_do_not_depend_on_the_batches():
    assert checked(("training", "batch_size")).times_known("run")
    assert checked(("dataset", "train_size")).times_known("run")
    assert not checked(("training", "epochs_per_job")).times_known("run")


def test_jobs_are_counted_in_steps():
    training = {"epochs": 1000, "batch_size": 1}
    (fault,) = faults({"layers": ["fc1"], "training": training, "snapshots": {"unit": "step", "every": 20}})
    assert fault.startswith("training.epochs: 1000 with snapshots.every 20 (steps) makes about ")
    assert "raise snapshots.every, snapshots_per_job or training.steps_per_job" in fault
    # 4,000,000 steps make 200,000 snapshots. Each has a job that takes it, two of its layer, and one of similarity.
    assert int(fault.split("about ")[1].split()[0]) == pytest.approx(200_000 * 4, rel=1e-3)
    # Without an `every` there are 500.
    assert resolve({"training": training, "snapshots": {"unit": "step"}})
    (fault,) = faults({"training": training | {"steps_per_job": 10}, "snapshots": {"unit": "step"}})
    assert "with snapshots.every 8000 (steps)" in fault
