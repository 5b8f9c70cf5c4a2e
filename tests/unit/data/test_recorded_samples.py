"""What lies next to the times of a recording, as samples."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from evolution.data.network_input import token_mask
from evolution.data.recorded_samples import load_recorded_samples
from evolution.errors import DataError
from evolution.sources.array_file import ids_digest
from support.recordings import CLASSES, SAMPLES, write_recording


@pytest.fixture
def folder(tmp_path):
    return write_recording(tmp_path / "rec")


IDS = [f"s{number}" for number in range(SAMPLES)]


def load(folder, class_count=None, most=1000, ids=IDS, **more):
    digest = None if ids is None else ids_digest(ids)
    return load_recorded_samples(str(folder), class_count=class_count, ids=digest, most=most, seed=3, **more)


def test_all_samples(folder):
    samples = load(folder)
    assert (
        np.array_equal(samples.targets.values, np.arange(SAMPLES) % CLASSES)
        and samples.targets.values.dtype == np.int64
    )
    assert samples.ids == [f"s{number}" for number in range(SAMPLES)]
    assert samples.targets.names == tuple("01234") and samples.previews is None
    assert np.array_equal(samples.inputs[""], np.load(folder / "inputs.npy"))


def test_some_are_drawn_with_all_that_belongs_to_them(folder):
    previews = np.random.default_rng(0).integers(0, 255, (SAMPLES, 4, 5, 3)).astype(np.uint8)
    np.save(folder / "previews.npy", previews)
    samples = load(folder, most=20)
    assert np.bincount(samples.targets.values).tolist() == [4] * CLASSES
    assert samples.ids == [f"s{index}" for index in samples.indices]
    assert np.array_equal(samples.inputs[""], np.load(folder / "inputs.npy")[samples.indices])
    for index, preview in zip(samples.indices, samples.previews):
        assert np.array_equal(np.asarray(preview), previews[index])


def test_names_from_a_file_or_from_the_outputs(folder):
    (folder / "class_names.txt").write_text("a\nb\nc\nd\ne\nf\n", encoding="utf-8")
    assert load(folder).targets.names == tuple("abcdef")
    np.save(folder / "class_names.npy", np.array(list("ABCDE")))
    assert load(folder).targets.names == tuple("ABCDE")
    (folder / "class_names.npy").unlink()
    (folder / "class_names.txt").unlink()
    assert load(folder, class_count=7).targets.names == tuple("0123456")


def test_ids_of_a_time_where_the_recording_has_none(folder):
    (folder / "ids.npy").rename(folder / "100" / "ids.npy")
    assert load(folder).ids == IDS
    (folder / "100" / "ids.npy").unlink()
    assert load(folder, ids=None).ids is None
    numbers = list(map(str, range(SAMPLES)))
    save_file({"x": torch.zeros(SAMPLES, 2), "ids": torch.arange(SAMPLES)}, folder / "0" / "x.safetensors")
    assert load(folder, ids=numbers).ids == numbers
    with pytest.raises(DataError, match="has other ids than when the workflow was planned; give the same command"):
        load(folder)


def test_ids_of_a_time_that_is_left_out_are_not_those_of_the_run(folder):
    (folder / "ids.npy").rename(folder / "100" / "ids.npy")
    np.save(folder / "0" / "ids.npy", np.arange(SAMPLES))
    assert load(folder).ids == IDS
    assert load(folder, ids=None).ids is None


def test_an_array_that_is_none_of_the_samples_is_not_read(folder):
    (folder / "notes.npy").write_text("no array")
    (folder / "notes.safetensors").write_text("no array")
    assert load(folder).ids == IDS


def test_whole_numbers_are_tokens_and_images_of_bytes_are_not(folder):
    np.save(folder / "inputs.npy", np.arange(SAMPLES * 4).reshape(SAMPLES, 4))
    assert load(folder).inputs[""].dtype == np.int64
    np.save(folder / "inputs.npy", np.zeros((SAMPLES, 4, 4), np.uint8))
    assert load(folder).inputs[""].dtype == np.float32


def test_labels_beyond_the_outputs(folder):
    with pytest.raises(DataError, match=r"labels\.npy has the label 4, and the predictions have 3 outputs"):
        load(folder, class_count=3)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("labels", np.arange(SAMPLES) - 1, r"labels\.npy has the label -1; count classes from 0"),
        ("labels", np.zeros(SAMPLES, int), "samples of one class"),
        ("labels", np.arange(SAMPLES) // 20 * 2, "none of 1, 3; .*class_names.npy or class_names.txt"),
        ("ids", np.array(["a"] * SAMPLES), "gives the id 'a' to two samples"),
        ("inputs", np.full((SAMPLES, 2), np.nan), r"inputs\.npy holds values that are not finite"),
    ],
)
def test_faults_are_said_at_the_key_of_the_recording(folder, name, array, message):
    np.save(folder / f"{name}.npy", array)
    ids = array.tolist() if name == "ids" else IDS
    with pytest.raises(DataError, match=message) as error:
        load(folder, ids=ids)
    assert error.value.key == "recording.path"


def test_ids_that_come_with_the_labels(folder):
    labels = torch.from_numpy(np.load(folder / "labels.npy"))
    (folder / "labels.npy").unlink()
    (folder / "ids.npy").unlink()
    save_file({"labels": labels, "ids": torch.arange(100, 100 + len(labels))}, folder / "labels.safetensors")
    ids = [str(number) for number in range(100, 100 + len(labels))]
    samples = load(folder, ids=ids)
    assert samples.ids == ids and samples.targets.values.tolist() == labels.tolist()


def test_no_labels(folder):
    (folder / "labels.npy").unlink()
    samples = load(folder, count=SAMPLES, most=20, target="none")
    assert (samples.targets.target, samples.targets.values, samples.targets.names) == ("none", None, ())
    assert len(samples.indices) == 20 == samples.targets.count
    assert np.array_equal(samples.inputs[""], np.load(folder / "inputs.npy")[samples.indices])


def test_labels_in_a_column_are_those_of_a_row(folder):
    np.save(folder / "labels.npy", np.arange(SAMPLES)[:, None] % CLASSES)
    targets = load(folder, class_count=7, target="classes").targets
    assert targets.target == "classes" and targets.names == tuple("0123456")
    assert np.array_equal(targets.values, np.arange(SAMPLES) % CLASSES)


@pytest.mark.parametrize("labels", [np.linspace(-1, 1, SAMPLES), np.arange(SAMPLES)])
def test_a_number_each(folder, labels):
    np.save(folder / "labels.npy", labels)
    samples = load(folder, most=20, target="number")
    np.testing.assert_array_equal(samples.targets.values, labels[samples.indices])
    assert samples.targets.values.dtype == np.float64


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
def test_several_labels(folder, dtype):
    held = np.random.default_rng(0).random((SAMPLES, 3)) < 0.5
    np.save(folder / "labels.npy", held.astype(dtype))
    (folder / "class_names.txt").write_text("a\nb\nc\n", encoding="utf-8")
    samples = load(folder, target="labels")
    assert samples.targets.names == tuple("abc")
    np.testing.assert_array_equal(samples.targets.values, held)


def test_columns_and_texts(folder):
    lines = ["age,writer", *(f"{index},w{index % 3}" for index in range(SAMPLES))]
    (folder / "attributes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "texts.txt").write_text("".join(f"text {index}\n" for index in range(SAMPLES)), encoding="utf-8")
    samples = load(folder, most=20)
    np.testing.assert_array_equal(samples.targets.attributes["age"], samples.indices)
    assert samples.targets.attributes["writer"].tolist() == [f"w{index % 3}" for index in samples.indices]
    assert samples.texts == [f"text {index}" for index in samples.indices]
    (folder / "texts.txt").write_text("one\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"texts\.txt has 1 lines, and there are 60 samples; give each a line"):
        load(folder)


def test_what_planning_takes_samples_for(folder):
    np.save(folder / "inputs.npy", np.arange(SAMPLES * 4).reshape(SAMPLES, 4) + 1)
    assert load(folder, kind="tokens").targets.kind == "tokens"
    found = load(folder, kind="table")
    assert found.targets.kind == "table" and found.inputs[""].dtype == np.float32
    np.save(folder / "inputs.npy", np.array([[1.0, np.nan]] * SAMPLES))
    with pytest.raises(DataError, match=r"not finite .*, the first in column 1; leave the file out"):
        load(folder, kind="table")
    np.save(folder / "inputs.npy", np.zeros((SAMPLES, 4), int))
    with pytest.raises(DataError, match=r"60 of 60 samples are padding throughout, the token 0 alone \(as s0\)"):
        load(folder, kind="tokens")


def test_rows_with_a_single_1_are_classes_unless_labels_are_asked_for(folder):
    classes = np.arange(SAMPLES) % 3
    np.save(folder / "labels.npy", np.eye(4, dtype=bool)[classes])
    for target in ("auto", "classes"):
        found = load(folder, target=target).targets
        assert (found.target, found.names) == ("classes", tuple("0123"))
        np.testing.assert_array_equal(found.values, classes)
    # The outputs may be of more classes.
    assert load(folder, class_count=6, target="classes").targets.names == tuple("012345")
    found = load(folder, target="labels").targets
    assert found.target == "labels" and found.values.shape == (SAMPLES, 4)


def test_a_mask_says_which_tokens_there_are(folder):
    tokens = np.random.default_rng(0).integers(0, 5, (SAMPLES, 6))
    mask = np.arange(6) < 1 + np.arange(SAMPLES)[:, None] % 6
    np.save(folder / "inputs.npy", tokens)
    np.save(folder / "attention_mask.npy", mask.astype(np.int64))
    samples = load(folder, most=20)
    assert samples.targets.kind == "tokens"
    np.testing.assert_array_equal(token_mask(samples.inputs, "tokens"), mask[samples.indices])
    np.testing.assert_array_equal(samples.inputs[""], tokens[samples.indices])
    assert list(load(folder, kind="table").inputs) == [""]
