"""Keys that a run's samples give no meaning to: one message each, before any job."""

import numpy as np
import pytest

from evolution.config.checks import CheckedConfig
from evolution.config.resolve import resolve
from evolution.config.sample_faults import sample_faults
from support.config_faults import faults
from support.own_files import SMALL, noise

AGE = np.random.default_rng(0).normal(40, 9, 60)
TABLE = {"rows": np.random.default_rng(1).normal(size=(60, 4)), "labels": np.arange(60) % 3, "attribute_age": AGE}
TOKENS = {"tokens": noise(60, 5).astype(int) + 1, "labels": np.arange(60) % 3}
NUMBERS = {"images": noise(60, 8, 8), "labels": AGE}
HELD = {"images": noise(60, 8, 8), "labels": noise(60, 3) > 99}
BARE = {"images": noise(60, 8, 8)}


def config(path, arrays, **more):
    np.savez(path / "a.npz", **arrays)
    dataset = {"name": f"npz:{path / 'a.npz'}", "train_size": 30, "eval_size": 30} | more.pop("dataset", {})
    return {"dataset": dataset, "model": {"name": "mlp"}, **SMALL} | more


@pytest.mark.parametrize(
    ("arrays", "more", "said"),
    [
        (TABLE, {"dataset": {"image_size": 8}}, "dataset.image_size: 8 has no meaning, as npz:"),
        (TOKENS, {"dataset": {"normalize": "none"}}, "dataset.normalize: 'none' has no meaning, as npz:"),
        (TABLE, {"training": {"augmentation": ["RandomHorizontalFlip"]}}, "changes images, and npz:"),
        (NUMBERS, {"training": {"label_smoothing": 0.1}}, "have a number to predict and no classes; must be 0"),
        (HELD, {"training": {"class_weights": "balanced"}}, "have several labels each and no classes; must be null"),
        (BARE, {}, "dataset.name: a run without labels cannot be trained here, and npz:"),
        (
            TABLE,
            {"metrics": {"measure_by": ["age", "writer"]}},
            "has no attribute writer; it has age; an array attribute_writer adds it",
        ),
        (
            NUMBERS,
            {"metrics": {"measure_by": ["writer"]}},
            "has no attribute writer; it has none; an array attribute_writer",
        ),
        (
            TABLE,
            {"dataset": {"normalize": {"mean": [1, 2], "std": 1}}},
            "dataset.normalize.mean: [1, 2] has 2 numbers, and the samples of npz:",
        ),
        (
            TOKENS,
            {"model": {"name": "tiny_transformer"}, "activations": {"pooling": {"tokens": 5}}},
            "activations.pooling.tokens: 5 is beyond the texts of npz:",
        ),
        (NUMBERS, {"dataset": {"train_size": 31}}, "has; there are 60 images in all, to train and to evaluate on"),
        (TABLE, {"dataset": {"train_size": 32, "eval_size": 30}}, "there are 20 per class"),
    ],
)
def test_one_message_names_key_value_and_remedy(tmp_path, arrays, more, said):
    found = [line for line in faults(config(tmp_path, arrays, **more)) if said in line]
    assert len(found) == 1


def test_what_has_a_meaning_is_taken(tmp_path):
    settings = config(tmp_path, TABLE, metrics=SMALL["metrics"] | {"measure_by": ["age"]})
    checked = CheckedConfig(resolve(config(tmp_path, NUMBERS)), settings, frozenset())
    assert sample_faults(checked) == []


def test_facts_of_a_run_are_known(tmp_path):
    facts = resolve(config(tmp_path, HELD | {"class_names": np.array(list("abc"))}))["facts"]["run"]
    assert (facts.kind, facts.target, facts.names, facts.shape) == ("images", "labels", tuple("abc"), (1, 8, 8))
