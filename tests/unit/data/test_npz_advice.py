"""Advice on arrays that cannot be read: it is carried out here, and nothing may be lost."""

import numpy as np
import pytest

from evolution.data.images import load_own
from evolution.data.npz_advice import label_advice, label_shape_advice, pixel_advice
from support.own_files import noise, write_npz

BYTES = noise(12, 8, 8)
LABELS = np.arange(12) % 3


@pytest.mark.parametrize(
    ("images", "formula"),
    [
        (BYTES.astype(np.int64), "images.astype('uint8')"),
        (BYTES.astype(np.float32), "images.astype('uint8')"),
        (BYTES.astype(np.uint16) * 257, "images / images.max()"),
        (BYTES * 0.9, "images / 255"),
        (BYTES / 100, "images / images.max()"),
        (BYTES.astype(np.int64) // 255, "images / images.max()"),
        (BYTES / 127.5 - 1, "(images + 1) / 2"),
        ((BYTES - BYTES.mean()) / BYTES.std(), "(images - images.min()) / (images.max() - images.min())"),
        (BYTES.astype(np.int16) - 1000, "(images - images.min()) / (images.max() - images.min())"),
    ],
    ids=["int64", "whole floats", "uint16", "averaged bytes", "above 1", "0 and 1", "-1..1", "whitened", "Hounsfield"],
)
def test_pixels_keep_their_order_and_their_number_of_values(tmp_path, images, formula):
    advice = pixel_advice({"images": images})
    assert advice.startswith("; its values are from ") and advice.endswith(formula)
    mended = eval(formula, {"images": images})
    # It is read then, and no two pixels that differed much are the same.
    read = load_own(f"npz:{write_npz(tmp_path / 'a.npz', images=mended)}").train.images[:, 0]
    truth = (images.astype(float) - images.min()) / (images.max() - images.min())
    order = np.argsort(truth, axis=None)
    assert (np.diff(read.ravel()[order].astype(int)) >= 0).all()
    assert len(np.unique(read)) >= min(len(np.unique(images)), 200)


def test_both_arrays_have_one_scale():
    wide = {"images": BYTES.astype(int), "eval_images": BYTES.astype(int) * 2}
    assert pixel_advice(wide).endswith("images / images.max(), and eval_images by the same numbers")
    kept = {"images": BYTES.astype(int), "eval_images": BYTES.astype(float)}
    assert pixel_advice(kept).endswith("this keeps them: images.astype('uint8'), eval_images.astype('uint8')")


@pytest.mark.parametrize(
    "images", [np.full((2, 3, 3), np.nan), np.zeros((2, 3, 3), complex), np.full((2, 3, 3), "x"), np.zeros((0, 3, 3))]
)
def test_no_advice_is_better_than_a_wrong_one(images):
    assert pixel_advice({"images": images}) == ""


def test_nothing_can_be_made_of_one_negative_value():
    advice = pixel_advice({"images": np.full((2, 3, 3), -4)})
    assert advice == "; its values are from -4 to -4: there is nothing to see in them"


@pytest.mark.parametrize(
    "labels",
    [LABELS / 2, LABELS.astype(np.float32), LABELS > 0, LABELS - 1, LABELS + 1, np.array(list("bca") * 4)],
    ids=["halves", "whole floats", "truth values", "from -1", "from 1", "names"],
)
def test_labels_keep_their_classes_and_their_names(tmp_path, labels):
    advice = label_advice({"labels": labels})
    formula, names = advice.removeprefix(". This keeps all of them: ").split(", and save ")
    names = names.removesuffix(" to keep what they stood for").removeprefix("class_names=")
    scope = {"np": np, "labels": labels}
    exec(formula, scope)
    source = load_own(f"npz:{write_npz(tmp_path / 'a.npz', labels=scope['labels'], class_names=eval(names, scope))}")
    assert [source.class_names[label] for label in source.train.labels] == labels.astype(str).tolist()


@pytest.mark.parametrize("names", [("labels", "eval_labels"), ("train_labels", "test_labels"), ("y_train", "y_test")])
def test_the_labels_of_both_parts_are_numbered_alike(names):
    labels, eval_labels = np.array([2.5, 0.5, 1.5]), np.array([1.5, 2.5])
    parts = dict(zip(names, (labels, eval_labels)))
    advice = label_advice(parts, named=True)
    assert "class_names" not in advice
    scope = {"np": np, **parts}
    exec(advice.removeprefix(". This keeps all of them: "), scope)
    assert scope[names[0]].tolist() == [2, 0, 1] and scope[names[1]].tolist() == [1, 2]


def test_images_without_a_label_are_named():
    labels = np.array([0.0, 1.0, np.nan])
    assert label_advice({"labels": labels}) == "; labels has nan at position 2: leave samples without a label out"


@pytest.mark.parametrize(
    ("labels", "formula"),
    [
        (LABELS[:, None], "labels.ravel()"),
        (np.eye(3)[LABELS], "labels.argmax(axis=1)"),
        (np.eye(3, dtype=np.uint8)[LABELS] * 255, "labels.argmax(axis=1)"),
        (LABELS[None], "labels.ravel()"),
    ],
)
def test_labels_of_two_dimensions(labels, formula):
    advice = label_shape_advice("labels", labels, 12)
    assert advice.endswith(formula)
    np.testing.assert_array_equal(eval(formula, {"labels": labels}), LABELS)


def test_labels_whose_shape_is_not_clear():
    for labels in (np.ones((12, 3)), LABELS[:11], np.zeros((4, 3, 2)), np.zeros((12, 2)), np.array(1)):
        assert label_shape_advice("labels", labels, 12) == ""


def test_a_class_that_none_is_trained_on_is_not_made_another():
    advice = label_advice({"labels": np.array([10, 20, 30]), "eval_labels": np.array([10, 15])})
    assert "searchsorted" not in advice and "eval_labels has 15, which labels lack" in advice
    advice = label_advice({"y_train": np.array([10, 20, 30]), "y_val": np.array([10, 15])})
    assert "searchsorted" not in advice and "y_val has 15, which y_train lack" in advice
