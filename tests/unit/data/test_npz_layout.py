"""Which array of an archive holds what: own names, those of public sets, and kinds that are found or said."""

from pathlib import Path

import numpy as np
import pytest

from evolution.data.npz_layout import find_layout
from evolution.errors import DataError
from support.own_files import noise

LABELS = np.arange(12) % 3
TOKENS = np.arange(1, 73).reshape(12, 6)
FLOATS = np.random.default_rng(0).normal(size=(12, 6))
CUBE = np.random.default_rng(0).normal(size=(12, 3, 20))


def write(path, **arrays):
    np.savez(path / "a.npz", **arrays)
    return path / "a.npz"


def refused(path, *, kind="auto", target="auto", **arrays):
    with pytest.raises(DataError) as error:
        find_layout(write(path, **arrays), kind=kind, target=target)
    assert error.value.key == "dataset.name" and str(path / "a.npz") in error.value.problem
    return error.value.problem.replace(str(path / "a.npz"), "a.npz")


@pytest.mark.parametrize(
    ("arrays", "wanted", "kind", "shape"),
    [
        ({"images": noise(12, 8, 9)}, "auto", "images", (1, 8, 9)),
        ({"tokens": TOKENS}, "auto", "tokens", (6,)),
        ({"rows": FLOATS}, "auto", "table", (6,)),
        ({"rows": TOKENS}, "table", "table", (6,)),
        ({"signals": FLOATS}, "auto", "signals", (1, 6)),
        ({"signals": CUBE}, "auto", "signals", (3, 20)),
        ({"inputs": noise(12, 8, 9)}, "auto", "images", (1, 8, 9)),
        ({"inputs": noise(12, 8, 9, 3)}, "auto", "images", (3, 8, 9)),
        ({"inputs": noise(12, 9, 9) / 255}, "auto", "images", (1, 9, 9)),
        ({"inputs": TOKENS, "vocabulary": np.array(["a"] * 73)}, "auto", "tokens", (6,)),
        ({"inputs": TOKENS, "attention_mask": TOKENS > 3}, "auto", "tokens", (6,)),
        ({"inputs": FLOATS, "column_names": np.array(list("abcdef"))}, "auto", "table", (6,)),
        ({"inputs": TOKENS}, "tokens", "tokens", (6,)),
        ({"inputs": TOKENS}, "table", "table", (6,)),
        ({"inputs": FLOATS}, "signals", "signals", (1, 6)),
        ({"inputs": CUBE}, "signals", "signals", (3, 20)),
        ({"x_train": FLOATS}, "table", "table", (6,)),
        ({"train_rows": FLOATS}, "auto", "table", (6,)),
        # Two that are samples, and the kind says which.
        ({"images": noise(12, 8, 9), "tokens": TOKENS}, "tokens", "tokens", (6,)),
    ],
)
def test_kinds_are_found_or_said(tmp_path, arrays, wanted, kind, shape):
    layout = find_layout(write(tmp_path, **arrays), kind=wanted, target="none")
    assert (layout.kind, layout.sample_shape) == (kind, shape)
    assert layout.evaluation is None and layout.parts == (layout.train,)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (TOKENS, "which may be tokens or table; say which: dataset: {kind: tokens} or dataset: {kind: table}"),
        (noise(12, 64), "dataset: {kind: table}; if they are images: inputs.reshape(-1, 8, 8)"),
        (FLOATS, "which may be table or signals; say which: dataset: {kind: table} or dataset: {kind: signals}"),
        (CUBE, "which may be images or signals; say which: dataset: {kind: images} or dataset: {kind: signals}"),
        (FLOATS[:, 0], "inputs[:, None] for one column"),
    ],
)
def test_two_meanings_are_refused_with_the_line_to_write(tmp_path, array, said):
    assert said in refused(tmp_path, inputs=array, labels=LABELS)


def test_a_public_image_set_has_parts_under_its_names(tmp_path):
    """As MedMNIST writes it: labels in a column, a validation part and a test part."""
    arrays = {
        f"{part}_{what}": value
        for part, count in (("train", 30), ("val", 12), ("test", 20))
        for what, value in (("images", noise(count, 28, 28)), ("labels", noise(count, 1) % 2))
    }
    layout = find_layout(write(tmp_path, **arrays))
    assert (layout.train.inputs, layout.train.labels) == ("train_images", "train_labels")
    assert (layout.evaluation.inputs, layout.evaluation.labels) == ("test_images", "test_labels")
    assert layout.said == (
        "train_images to train on, and test_images to evaluate on",
        "not read, as test_images is there to evaluate on: val_images",
    )
    without_test = {name: array for name, array in arrays.items() if "test" not in name}
    assert find_layout(write(tmp_path, **without_test)).evaluation.inputs == "val_images"
    # A test part whose labels are kept back is none to evaluate on.
    del arrays["test_labels"]
    layout = find_layout(write(tmp_path, **arrays))
    assert layout.evaluation.inputs == "val_images"
    assert layout.said[-1] == "not read, as it has no labels: test_images"


def test_arrays_of_training_and_test_by_letters(tmp_path):
    images, labels = noise(20, 28, 28), np.arange(20) % 10
    for x, y in (("x", "y"), ("X", "y"), ("X", "Y")):
        path = write(
            tmp_path,
            **{f"{x}_train": images, f"{y}_train": labels, f"{x}_test": images[:12], f"{y}_test": labels[:12]},
        )
        layout = find_layout(path)
        assert (layout.train.inputs, layout.train.labels) == (f"{x}_train", f"{y}_train")
        assert (layout.evaluation.inputs, layout.evaluation.labels) == (f"{x}_test", f"{y}_test")
        assert layout.kind == "images"


def test_own_names_come_before_those_of_public_sets(tmp_path):
    path = write(tmp_path, images=noise(12, 8, 8), labels=LABELS, x_train=FLOATS, train_images=noise(12, 9, 9))
    assert find_layout(path).train.inputs == "images"


def test_without_labels(tmp_path):
    layout = find_layout(write(tmp_path, rows=FLOATS))
    assert layout.train.labels is None and "there are no labels" in layout.said
    # Labels are left out where the config says that there are none.
    layout = find_layout(
        write(tmp_path, rows=FLOATS, labels=LABELS, eval_rows=FLOATS, eval_labels=LABELS), target="none"
    )
    assert layout.train.labels is layout.evaluation.labels is None
    assert "not read, as dataset.target is none: labels, eval_labels" in layout.said
    assert find_layout(write(tmp_path, rows=FLOATS, y=LABELS), target="none").train.labels is None


def test_further_arrays_of_each_part(tmp_path):
    texts = np.array(["a"] * 12)
    layout = find_layout(
        write(
            tmp_path,
            **{"tokens": TOKENS, "attention_mask": TOKENS > 0, "texts": texts, "attribute_age": FLOATS[:, 0]},
            **{"eval_tokens": TOKENS, "eval_attention_mask": TOKENS > 0, "eval_attribute_age": FLOATS[:, 0]},
        )
    )
    assert (layout.train.mask, layout.train.texts) == ("attention_mask", "texts")
    assert layout.train.attributes == {"age": "attribute_age"}
    assert layout.evaluation.mask == "eval_attention_mask" and layout.evaluation.texts is None
    assert layout.evaluation.attributes == {"age": "eval_attribute_age"}


RAGGED = np.empty(12, object)
RAGGED[:] = [np.arange(5 + index) for index in range(12)]
RECORDS = np.zeros(12, [("age", float), ("height", float)])


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({}, "has none of the arrays images, tokens, rows, signals, inputs; it has nothing. Samples are one of these"),
        (
            {"X": FLOATS, "y": LABELS},
            "it has X (float64 (12, 6)), y (int64 (12,)). If X holds the samples, save it as what it is: "
            "np.savez_compressed(file, rows=X, labels=y) or np.savez_compressed(file, signals=X, labels=y)",
        ),
        ({"x": FLOATS, "labels": LABELS, "age": LABELS}, "np.savez_compressed(file, rows=x, labels=labels) or"),
        ({"data": TOKENS}, "(file, rows=data) or np.savez_compressed(file, tokens=data)"),
        (
            {"data": CUBE, "names": np.array(["a"] * 12)},
            "what it is: np.savez_compressed(file, signals=data, labels=names)",
        ),
        ({"data": noise(12, 8, 8, 3)}, "save it as what it is: np.savez_compressed(file, images=data)"),
        ({"images": noise(12, 8, 8), "rows": FLOATS}, "a.npz has images and rows, and each sample is one of them"),
        ({"train_images": noise(12, 8, 8), "x_train": FLOATS}, "has train_images and x_train, of which one is"),
        ({"rows": FLOATS, "y": LABELS}, "If y holds the labels, save it as labels"),
        (
            {"x_train": noise(12, 8, 8), "labels": LABELS},
            "has no array y_train; it has x_train, labels. If labels holds",
        ),
        ({"rows": FLOATS, "labels": LABELS, "eval_rows": FLOATS}, "has eval_rows without eval_labels"),
        ({"rows": FLOATS, "labels": LABELS, "eval_labels": LABELS}, "has eval_labels without eval_rows"),
        ({"rows": FLOATS, "eval_rows": FLOATS, "eval_labels": LABELS}, "has eval_labels and no labels of rows"),
        ({"rows": FLOATS, "eval_rows": FLOATS[:, :5]}, "rows are (6,) and eval_rows (5,); make them alike"),
        ({"rows": FLOATS.astype(str)}, "rows is <U32 of shape (12, 6); rows of a table are numbers (N, columns)"),
        ({"rows": CUBE}, "rows is float64 of shape (12, 3, 20); rows of a table are numbers (N, columns)"),
        ({"tokens": TOKENS > 3}, "tokens is bool of shape (12, 6); tokens are whole numbers (N, length)"),
        ({"signals": FLOATS[:, :0]}, "signals is float64 of shape (12, 0); signals are numbers"),
        (
            {"signals": RAGGED},
            "if they are of several lengths, pad them to one first: longest = max(map(len, signals))",
        ),
        ({"rows": RECORDS}, "rows holds records of age, height; save it as one array of numbers"),
        ({"rows": FLOATS, "attribute_age": np.arange(11)}, "attribute_age has shape (11,) and rows (12, 6)"),
        ({"tokens": TOKENS, "texts": np.array(["a"] * 3)}, "texts has shape (3,) and tokens (12, 6)"),
        ({"tokens": TOKENS, "attention_mask": TOKENS[:, 1:]}, "attention_mask has shape (12, 5) and tokens (12, 6)"),
        (
            {"tokens": TOKENS, "attention_mask": TOKENS > 3, "eval_tokens": TOKENS},
            "has attention_mask and no eval_attention_mask, so the padding of one part would count as text",
        ),
        ({"rows": FLOATS[:9]}, "rows has 9 rows; at least 10 are needed"),
        (
            {"rows": FLOATS, "eval_rows": FLOATS, "attribute_age": np.arange(12)},
            "the column 'age' is there of one part alone; add eval_attribute_age",
        ),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, arrays, said):
    assert said in refused(tmp_path, **arrays)


def test_a_kind_that_the_name_contradicts(tmp_path):
    message = refused(tmp_path, kind="table", images=noise(12, 64), labels=LABELS)
    assert message == "a.npz has images, and dataset.kind is table; call the array rows, or leave dataset.kind out"


def test_the_advice_on_signals_of_several_lengths_can_be_followed(tmp_path):
    message = refused(tmp_path, signals=RAGGED)
    names = {"np": np, "signals": RAGGED}
    first, formula = message.split("pad them to one first: ")[1].split("; ", 1)
    exec(first, names)
    padded = eval(formula, names)
    assert padded.shape == (12, 16) and padded[3, :8].tolist() == list(range(8)) and not padded[3, 8:].any()
    assert find_layout(write(tmp_path, signals=padded)).sample_shape == (1, 16)


def test_the_advice_on_records_can_be_followed(tmp_path):
    from numpy.lib import recfunctions  # noqa: F401 - np.lib.recfunctions

    records = np.array([(age, 2.5) for age in range(12)], RECORDS.dtype)
    formula, names = refused(tmp_path, rows=records).split("numbers: ")[1].split(", with column_names=")
    rows = eval(formula, {"np": np, "rows": records})
    assert rows[3].tolist() == [3, 2.5] and eval(names, {"np": np, "rows": records}).tolist() == ["age", "height"]


def test_the_path_is_part_of_every_message(tmp_path):
    with pytest.raises(DataError, match=r"none\.npz does not exist"):
        find_layout(Path(tmp_path / "none.npz"))


def test_previews_are_those_of_the_samples_that_are_looked_at(tmp_path):
    previews = {"previews": noise(12, 5, 5), "labels": np.arange(12) % 3}
    found = find_layout(write(tmp_path, rows=FLOATS, **previews))
    assert found.train.previews == "previews" and found.said == ()
    parts = {"eval_rows": FLOATS, "eval_labels": np.arange(12) % 3}
    found = find_layout(write(tmp_path, rows=FLOATS, **previews, **parts))
    assert found.said == ("not read, as samples of eval_rows are looked at: previews",)
    found = find_layout(write(tmp_path, rows=FLOATS, **previews, **parts, eval_previews=noise(12, 5, 5, 3)))
    assert (found.train.previews, found.evaluation.previews) == (None, "eval_previews")
    found = find_layout(write(tmp_path, images=noise(12, 8, 8), **previews))
    assert found.train.previews is None
    assert found.said == ("not read, as images are looked at themselves: previews",)
    said = refused(tmp_path, rows=FLOATS, **previews | {"previews": noise(5, 5, 5)})
    assert "previews has shape (5, 5, 5) and rows" in said
    assert find_layout(write(tmp_path, rows=FLOATS, previews=noise(12, 5, 5))).said == ("there are no labels",)
