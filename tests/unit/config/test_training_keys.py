"""The keys of `training` that a training job reads are in the schema, for all runs and for one, with its defaults."""

from dataclasses import MISSING, fields
from pathlib import Path

import pytest
import yaml

from evolution.config.resolve import resolve
from evolution.config.training_keys import TRAINING_KEYS
from evolution.training.settings import TrainingSettings

SCHEMA_FILE = Path(__file__).parents[3] / "workflow" / "schemas" / "config.schema.yaml"
PROPERTIES = yaml.safe_load(SCHEMA_FILE.read_text(encoding="utf-8"))["properties"]
OF_ALL = PROPERTIES["training"]["properties"]
OF_A_RUN = PROPERTIES["runs"]["additionalProperties"]["properties"]["training"]["properties"]

# How jobs are cut and where they run: nothing of what is trained depends on them.
OF_JOBS = {"gpus", "epochs_per_job", "steps_per_job", "keep_epochs"}


def test_each_key_is_one_of_the_config_and_of_a_run():
    assert len(set(TRAINING_KEYS)) == len(TRAINING_KEYS)
    assert set(OF_ALL) == {*TRAINING_KEYS, *OF_JOBS, "epochs"}
    assert set(OF_A_RUN) == {*TRAINING_KEYS, "gpus"}


@pytest.mark.parametrize("key", TRAINING_KEYS)
def test_a_key_means_the_same_in_a_run(key):
    assert OF_A_RUN[key] == {"$ref": f"#/properties/training/properties/{key}"}


def test_the_schema_and_the_settings_have_the_same_defaults():
    training = {key: resolve({})["training"][key] for key in TRAINING_KEYS}
    made = TrainingSettings.of_config(model="mlp", model_kwargs={}, seed=0, training=training)
    compared = []
    for field in fields(TrainingSettings):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if default is MISSING:
            continue
        compared.append(field.name)
        if field.name == "schedule":
            # `at` counts for nothing where the schedule is constant.
            assert (made.schedule.name, made.schedule.warmup) == (default.name, default.warmup)
            assert (made.schedule.factor, made.schedule.final) == (default.factor, default.final)
        else:
            assert getattr(made, field.name) == default, field.name
    assert len(compared) == 12
