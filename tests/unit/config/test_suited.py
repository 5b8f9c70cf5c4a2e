"""Models and ends of trainings that do not suit the samples."""

import pytest
import torch

from evolution.config.resolve import resolve
from evolution.data.kinds import KINDS, DataFacts
from evolution.models.networks import MLP
from support.config_faults import faults

DIGITS = {"name": "digits", "train_size": 100, "eval_size": 100}


@pytest.fixture
def known(monkeypatch):
    """A function that says what planning knows of the samples, whatever their data set."""

    def know(**facts):
        for module in ("suited", "resolve"):
            monkeypatch.setattr(f"evolution.config.{module}.data_facts", lambda dataset: DataFacts(**facts))

    return know


def config(model, **training):
    return {"dataset": DIGITS, "model": {"name": model}, "training": training}


FIT = {
    "images": {"small_cnn", "tiny_cnn", "mlp"},
    "tokens": {"tiny_transformer"},
    "table": {"mlp"},
    "signals": {"mlp", "signal_cnn"},
    "other": {"mlp"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model", ["small_cnn", "tiny_cnn", "mlp", "signal_cnn", "tiny_transformer"])
def test_each_network_has_its_kinds(known, kind, model):
    known(kind=kind)
    if model in FIT[kind]:
        resolve(config(model))
    else:
        (said,) = faults(config(model))
        assert said.startswith(f"model.name: {model} takes ")
        assert all(each in said.split("; must be ")[1] for each in FIT[kind])


def test_what_is_said(known):
    known(kind="table")
    runs = {"a": {"model": {"name": "tiny_cnn"}}, "b": {"model": {"name": "mlp"}}}
    assert faults({"dataset": DIGITS, "runs": runs}) == [
        "runs.a.model.name: tiny_cnn takes images, and digits holds rows of a table; must be mlp, or a model of your "
        "own (path/to/file.py:Class)"
    ]


def test_torchvision_is_of_images(known):
    known(kind="signals")
    (said,) = faults(config("torchvision.resnet18"))
    assert said.startswith(
        "model.name: torchvision.resnet18 takes images, and digits holds signals; must be mlp, signal_"
    )


@pytest.mark.parametrize("target", ["number", "labels", "none"])
def test_an_accuracy_is_of_classes(known, target):
    known(target=target)
    (*_, said) = faults(config("mlp", stop={"train_accuracy": 0.9}))
    assert said == (
        "training.stop.train_accuracy: 0.9 is not allowed, as the samples have no classes and so no accuracy; must be "
        "null"
    )


def test_patience_needs_a_score(known):
    known(target="number")
    resolve(config("mlp", stop={"patience": 3}))
    known(target="none", names=("a", "b"))
    (said,) = faults(config("mlp", stop={"patience": 3}))
    assert said.startswith("training.stop.patience: 3 is not allowed, as the samples have no labels")


def test_samples_of_a_function_are_known_at_the_end(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.py").write_text(
        "import numpy as np\n\ndef rows():\n"
        "    return np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32), np.arange(30) % 3\n"
    )
    torch.save(MLP((5,), 3).state_dict(), tmp_path / "epoch_1.pt")
    given = {"dataset": {"name": "data.py:rows"}, "checkpoints": {"path": "epoch_{epoch}.pt"}}
    sizes = {"embedding": {"perplexity": 5, "pca_components": 5}}
    (facts,) = resolve(given | sizes | {"model": {"name": "mlp"}})["facts"].values()
    assert facts.kind == "table"
    (said,) = faults(given | sizes | {"model": {"name": "small_cnn"}})
    assert said.startswith("model.name: small_cnn takes images, and data.py:rows holds rows of a table; must be mlp")


@pytest.mark.parametrize(("model", "argument"), [("mlp", "classes"), ("torchvision.resnet18", "num_classes")])
def test_outputs_without_labels(known, model, argument):
    """Nothing else says how many there are; a name for each would stand for predictions that nobody made."""
    known(target="none", shape=(1, 8, 8))
    given = {"dataset": DIGITS, "training": {"recipe": "own.py:Recipe"}, "layers": ["fc"]}
    (said,) = [each for each in faults(given | {"model": {"name": model}}) if each.startswith("model")]
    assert said.startswith(f"model.kwargs: {model} needs the number of its outputs")
    assert f"{{kwargs: {{{argument}: 16}}}}" in said
    assert f"model.kwargs.{argument}: 0 is not allowed; must be a whole number from 1" in faults(
        given | {"model": {"name": model, "kwargs": {argument: 0}}}
    )
    left = faults(given | {"model": {"name": model, "kwargs": {argument: 16}}})
    assert not [each for each in left if each.startswith("model")]


def test_that_a_training_without_labels_needs_a_recipe_is_said_once():
    (said,) = faults({"dataset": DIGITS | {"target": "none"}, "model": {"name": "mlp", "kwargs": {"classes": 16}}})
    assert said == (
        "dataset.name: a run without labels cannot be trained here, and digits has none: set training.recipe to a loss "
        "of your own that needs none (docs/your-own-recipe.md), or follow a training that ran elsewhere with "
        "`checkpoints` or `recording`"
    )


def test_outputs_that_the_data_count(known):
    known(names=("a", "b"))
    assert faults({"dataset": DIGITS, "model": {"name": "mlp", "kwargs": {"classes": 2}}}) == [
        "model.kwargs.classes: 2 is not allowed, as the data say how many outputs there are, 2; leave it out"
    ]
