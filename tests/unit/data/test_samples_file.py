"""dataset.npz of samples that are ready for the model: what is in it, by hand."""

import numpy as np
import pytest
from PIL import Image

from evolution.data.evaluation_samples import Samples
from evolution.data.samples_file import save_samples

INPUTS = {"x": np.arange(24, dtype=np.float32).reshape(12, 2), "mask": np.ones((12, 3), bool)}


def written(path, **more):
    samples = {"inputs": INPUTS, "labels": np.arange(12) % 2, "class_names": ("a", "b"), "indices": np.arange(5, 17)}
    save_samples(path, Samples(**samples | more), where="data.py:f")
    with np.load(path) as archive:
        return dict(archive)


def test_what_is_written(tmp_path):
    found = written(tmp_path / "d.npz")
    assert found["input_names"].tolist() == ["x", "mask"]
    assert all(np.array_equal(found[f"inputs_{number}"], array) for number, array in enumerate(INPUTS.values()))
    assert found["eval_indices"].tolist() == list(range(5, 17)) and found["class_names"].tolist() == ["a", "b"]
    assert len(found["eval_images"]) == 12 and found["eval_images"].dtype == np.uint8
    assert not found.keys() & {"eval_ids", "previews_given", "warnings"}


def test_what_only_some_samples_have(tmp_path):
    previews = [Image.new("L", (4, 4), number) for number in range(12)]
    found = written(tmp_path / "d.npz", ids=list("abcdefghijkl"), previews=previews)
    assert found["eval_ids"].tolist() == list("abcdefghijkl") and found["previews_given"]
    assert found["eval_images"][:, 0, 0, 0].tolist() == list(range(12))


@pytest.mark.parametrize("inputs", [{}, {"x": np.ones((12, 2), np.float32)}])
def test_without_inputs_and_with_what_is_odd(tmp_path, inputs):
    found = written(tmp_path / "d.npz", inputs=inputs)
    assert found["input_names"].tolist() == list(inputs) and ("warnings" in found) == bool(inputs)
