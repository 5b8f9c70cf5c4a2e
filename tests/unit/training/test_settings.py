"""The settings of a training are the model's and the keys of `training` that a training job reads."""

from dataclasses import fields

import pytest

from evolution.config.resolve import resolve
from evolution.config.training_keys import TRAINING_KEYS
from evolution.models.build import ModelSettings
from evolution.training.schedules import Schedule
from evolution.training.settings import Averaging, TrainingSettings


def test_the_fields_are_the_models_and_the_trainings():
    assert [field.name for field in fields(ModelSettings)] == ["model", "model_kwargs", "seed"]
    names = [field.name for field in fields(TrainingSettings)]
    assert sorted(names) == sorted(["model", "model_kwargs", "seed", *TRAINING_KEYS])


def made(**training):
    """The settings of a config that says no more of its training than this."""
    resolved = resolve({"training": training})["training"]
    resolved = {key: resolved[key] for key in TRAINING_KEYS}
    return TrainingSettings.of_config(model="mlp", model_kwargs={"dropout": 0.5}, seed=3, training=resolved)


def test_values_of_the_config():
    settings = made(
        batch_size=32,
        accumulate=2,
        optimizer="sgd",
        optimizer_kwargs={"momentum": 0.9},
        learning_rate=0.1,
        schedule={"name": "step", "at": [10, 0.5], "factor": 0.2},
        augmentation=["RandomHorizontalFlip"],
        class_weights="balanced",
        clip_norm=1,
        average={"decay": 0.9},
        precision="bfloat16",
        threads=3,
    )
    assert (settings.model, settings.model_kwargs, settings.seed) == ("mlp", {"dropout": 0.5}, 3)
    assert (settings.batch_size, settings.accumulate, settings.learning_rate, settings.threads) == (32, 2, 0.1, 3)
    assert settings.optimizer == "sgd" and settings.optimizer_kwargs == {"momentum": 0.9}
    assert settings.schedule == Schedule("step", warmup=0, at=(10, 0.5), factor=0.2, final=0)
    assert settings.average == Averaging(decay=0.9, follow="average")
    assert (settings.clip_norm, settings.precision, settings.class_weights) == (1, "bfloat16", "balanced")
    assert settings.augmentation == ["RandomHorizontalFlip"]


def test_without_an_average():
    assert made().average is None
    assert made(average={"follow": "weights"}).average == Averaging(decay=0.999, follow="weights")


def test_settings_do_not_change():
    with pytest.raises(AttributeError):
        made().seed = 4
