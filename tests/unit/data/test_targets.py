"""What is read of a dataset.npz against what was written with NumPy."""

import numpy as np
import pytest

from evolution.data.kinds import CLASSES, IMAGES, KINDS, NONE, TARGETS
from evolution.data.targets import load_targets
from evolution.errors import UserError
from support.samples import SAMPLES, write_samples


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_read(tmp_path, kind, target):
    path = write_samples(tmp_path / "d.npz", kind=kind, target=target)
    found = load_targets(path)
    with np.load(path) as archive:
        assert (found.values is None) == ("eval_labels" not in archive.files) == (target == NONE)
        if target != NONE:
            np.testing.assert_array_equal(found.values, archive["eval_labels"])
        np.testing.assert_array_equal(found.attributes["age"], archive["attribute_0"])
    assert (found.kind, found.target, found.count) == (kind, target, SAMPLES)
    assert list(found.attributes) == ["age", "writer"] and found.attributes["writer"][5] == "writer 1"


def test_a_file_that_says_nothing_holds_images_of_classes(dataset):
    found = load_targets(dataset)
    assert (found.kind, found.target, found.name, found.attributes) == (IMAGES, CLASSES, "", {})
    assert found.names == ("class 0", "class 1", "class 2", "class 3") and found.values.dtype == np.int64


def test_values_of_another_kind_are_refused(tmp_path):
    path = write_samples(tmp_path / "d.npz", target="number")
    with np.load(path) as archive:
        arrays = dict(archive)
    np.savez(path, **arrays | {"target": np.array("classes")})
    with pytest.raises(UserError, match="eval_labels float64"):
        load_targets(path)


def test_labels_that_nobody_named_are_called_labels(tmp_path):
    path = write_samples(tmp_path / "d.npz", target="labels", names=("0", "1", "2"))
    assert load_targets(path).names == ("label 0", "label 1", "label 2")
    assert load_targets(write_samples(tmp_path / "c.npz", names=("0", "1", "2"))).names == ("0", "1", "2")
