"""What is known of the samples, against the workflow's own reading and by hand."""

import numpy as np
import pytest

from activation_reader.errors import ReaderError
from activation_reader.samples import Samples
from evolution.data.targets import load_targets
from support.samples import write_samples


@pytest.mark.parametrize("target", ["classes", "number", "labels", "none"])
@pytest.mark.parametrize("attributes", [True, False])
def test_samples_of_any_target(tmp_path, target, attributes):
    write_samples(tmp_path / "dataset.npz", target=target, attributes=attributes)
    samples, wanted = Samples(tmp_path), load_targets(tmp_path / "dataset.npz")
    assert (samples.target, samples.count, samples.class_names()) == (target, 60, list(wanted.names))
    if target == "none":
        assert samples.labels() is None
    else:
        np.testing.assert_array_equal(samples.labels(), wanted.values, strict=True)
    assert list(samples.attributes()) == (["age", "writer"] if attributes else [])
    for name, column in samples.attributes().items():
        np.testing.assert_array_equal(column, wanted.attributes[name], strict=True)
    np.testing.assert_array_equal(samples.ids(), np.arange(60) * 2)
    assert samples.images().shape == (60, 1, 16, 16)


def change(path, **arrays):
    with np.load(path) as archive:
        np.savez(path, **{**archive, **arrays})


def test_ids_and_labels_that_nobody_named(tmp_path):
    write_samples(tmp_path / "dataset.npz", target="labels", names=("0", "1", "2"))
    change(tmp_path / "dataset.npz", eval_ids=np.array([f"id {number}" for number in range(60)]))
    samples = Samples(tmp_path)
    assert samples.ids()[7] == "id 7"
    assert samples.class_names() == ["label 0", "label 1", "label 2"]
    assert samples.class_names() == list(load_targets(tmp_path / "dataset.npz").names)


def test_images_of_classes_say_no_target(tmp_path):
    np.savez(tmp_path / "dataset.npz", eval_labels=[1, 0], eval_indices=[5, 9], class_names=["cat", "dog"])
    samples = Samples(tmp_path)
    assert samples.target == "classes" and samples.labels().tolist() == [1, 0] and samples.ids().tolist() == [5, 9]


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ReaderError, match=r"dataset\.npz is not there"):
        Samples(tmp_path)
    (tmp_path / "dataset.npz").write_bytes(b"?")
    with pytest.raises(ReaderError, match=r"dataset\.npz cannot be read"):
        Samples(tmp_path)
    np.savez(tmp_path / "dataset.npz", eval_indices=[3])
    with pytest.raises(
        ReaderError, match=r"dataset\.npz has no array eval_labels: .*Give the workflow's command again"
    ):
        Samples(tmp_path).labels()
    np.savez(tmp_path / "dataset.npz", eval_indices=np.array([{}]))
    with pytest.raises(ReaderError, match=r"dataset\.npz cannot be read"):
        Samples(tmp_path)
