"""Evaluation samples that a function of the user's returns: against what the function was written to return."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evolution.data.kinds import DataFacts
from evolution.data.own_items import UNNAMED
from evolution.data.own_samples import first_samples, load_samples
from evolution.errors import DataError

HEAD = """
import numpy as np
import torch

X = np.random.default_rng(0).random((40, 1, 4, 4), np.float32)
Y = np.arange(40) % 4
"""


def write(tmp_path, body, head=HEAD):
    file = tmp_path / "data.py"
    file.write_text(head + body)
    return file


def taken(file, most=100, seed=1):
    return load_samples(file, "f", most=most, seed=seed)


X = np.random.default_rng(0).random((40, 1, 4, 4), np.float32)
Y = np.arange(40) % 4


@pytest.mark.parametrize(
    "body",
    [
        "def f(): return X, Y",
        "def f(): return [torch.from_numpy(X), list(map(int, Y))]",
        "def f(): return {'inputs': torch.from_numpy(X), 'labels': torch.from_numpy(Y)}",
        "def f(): return torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))",
        "def f(): return [{'input': x, 'label': y} for x, y in zip(X, Y)]",
        "def f(): return [(x, torch.tensor(y)) for x, y in zip(X, Y)]",
        "def f(): return {'inputs': {'input': X}, 'labels': Y}",
        "def f(): return ((x, y) for x, y in zip(X, Y))",
        "def f(): return list(zip(X.astype('float64'), map(int, Y)))",
    ],
)
def test_all_that_may_be_returned(tmp_path, body):
    file = write(tmp_path, body)
    samples = taken(file)
    assert list(samples.inputs) == [UNNAMED]
    np.testing.assert_array_equal(samples.inputs[UNNAMED], X)
    assert samples.inputs[UNNAMED].dtype == np.float32 and samples.targets.values.dtype == np.int64
    np.testing.assert_array_equal(samples.targets.values, Y)
    assert samples.targets.names == tuple("0123") and samples.ids is None and samples.previews is None
    inputs, facts = first_samples(file, "f", count=3, seed=1)
    np.testing.assert_array_equal(inputs[UNNAMED], X[:3])
    assert facts == DataFacts("images", "classes", tuple("0123"), (), (1, 4, 4))


def test_inputs_by_name_with_all_that_is_optional(tmp_path):
    body = """
def f():
    tokens = np.arange(120).reshape(40, 3)
    return {"inputs": {"ids": tokens, "mask": tokens > 5}, "labels": Y, "ids": [f"s{n}" for n in range(40)],
            "previews": ["text"] * 40, "class_names": ["a", "b", "c", "d", "e"]}
"""
    samples = taken(write(tmp_path, body))
    assert {name: array.dtype for name, array in samples.inputs.items()} == {"ids": np.int64, "mask": np.bool_}
    assert samples.ids[3] == "s3" and samples.targets.names == tuple("abcde")
    # Previews that are texts can be read.
    assert samples.texts == ["text"] * 40 and samples.previews is None


def test_items_with_all_that_is_optional(tmp_path):
    body = """
def f():
    return [{"x": X[n], "labels": torch.tensor(Y[n]), "id": n, "preview": "t"} for n in range(40)]
"""
    samples = taken(write(tmp_path, body))
    assert list(samples.inputs) == ["x"] and samples.ids[:2] == ["0", "1"] and samples.texts == ["t"] * 40


@pytest.mark.parametrize("more", ["", "    classes = list('wxyz')\n    targets = Y\n"])
def test_a_draw_is_even_over_the_classes_and_the_seeds(tmp_path, more):
    body = f"""
class D(torch.utils.data.Dataset):
{more}
    def __len__(self): return 40
    def __getitem__(self, index):
        with open(__file__ + ".read", "a") as stream:
            print(index, file=stream)
        return X[index], int(Y[index])
def f(): return D()
"""
    file = write(tmp_path, body)
    samples = taken(file, most=10)
    read = set(map(int, Path(f"{file}.read").read_text().split()))
    # Where a Dataset says its labels, a few of them are compared, and of the rest only the drawn samples are read.
    probes = set(np.linspace(0, 39, 20).astype(int).tolist()) if more else set(range(40))
    assert read == probes | set(samples.indices.tolist())
    assert np.bincount(samples.targets.values).tolist() == [3, 3, 2, 2]
    assert (np.diff(samples.indices) > 0).all()
    np.testing.assert_array_equal(samples.inputs[UNNAMED], X[samples.indices])
    np.testing.assert_array_equal(samples.targets.values, Y[samples.indices])
    assert samples.indices.tolist() == taken(file, most=10).indices.tolist()
    assert samples.indices.tolist() != taken(file, most=10, seed=2).indices.tolist()
    assert samples.targets.names == tuple("wxyz" if more else "0123")


def test_small_classes_are_taken_whole(tmp_path):
    body = "def f(): return X, np.array([0] * 2 + [1] * 20 + [2] * 18)"
    assert np.bincount(taken(write(tmp_path, body), most=20).targets.values).tolist() == [2, 9, 9]


def test_random_numbers_are_the_seeds(tmp_path):
    body = "def f(): return torch.rand(20, 3), np.arange(20) % 2"
    file = write(tmp_path, body)
    one, same, other = (taken(file, seed=seed).inputs[UNNAMED] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def g(): pass", r"^dataset.name: \S*data\.py has no f; its functions are g$"),
        ("def f(): return X[:9], Y[:9]", "returned 9 samples; at least 10"),
        ("f = X, Y", "data.py:f is no function; its functions are none"),
        ("def f(path): return X, Y", r"failed: TypeError: f\(\) missing 1 required"),
        ("def f(: pass", r"^dataset.name: \S*data\.py is not Python: invalid syntax, line 7$"),
        ("import sys\ndef f(): sys.exit(1)", r"failed: SystemExit: 1 \(data\.py, line 8\)"),
        ("def f(): pass", "returned None; return a torch Dataset"),
        ("def f(): return [(X[0], 0), (X[1], 1)]", "returned 2 samples; at least 10"),
        ("def f(): return X, Y[:9]", "arrays of different lengths: input 40, labels 9"),
        ("def f(): return {'labels': Y}", "a dict of labels; it must have inputs"),
        ("def f(): return {'inputs': X, 'labels': Y, 'weights': Y}", "weights, which is not known"),
        ("def f(): return {'inputs': 3, 'labels': Y}", "input is a single value"),
        ("def f(): return [[1.0] * (1 + n % 2) for n in range(20)], Y[:20]", "input has entries of several lengths"),
        ("def f(): return [([[1.0], [1, 2]], n % 2) for n in range(20)]", "input of a sample has rows of several"),
        ("def f(): return [(np.empty((0, 3)), n % 2) for n in range(20)]", r"of sample 0 is empty, of shape \(0, 3\)"),
        ("def f(): return [('a text', n % 2) for n in range(20)]", "input is <U6; a model takes numbers"),
        (
            "def f(): return [{'a' if n < 3 else 'b': 1, 'label': n % 2} for n in range(20)]",
            "sample 3 has the inputs b",
        ),
        ("def f(): return X.astype('float64') * 1e39, Y", "input of sample 0 holds values that are not"),
        ("def f(): return X, [None] + [1] * 39", "no label of sample 0, and labels of others"),
        ("def f(): return X, [{1}] * 40", r"the label \{1\}; labels are"),
        ("def f(): return X, Y + 1", "labels from 1 to 4, and none of 0; count labels from 0"),
        ("def f(): return X, Y * 10**9", "labels from 0 to 3000000000, and none of 1, 2, 3, ...; count"),
        ("def f(): return {'inputs': X, 'labels': Y, 'class_names': ['a', '', 'c', 'd']}", "has a class called ''"),
        ("def f(): return {'inputs': X, 'labels': Y, 'class_names': list('abca')}", "two classes called 'a'"),
        (
            "def f(): return {'inputs': X, 'labels': Y, 'ids': [0.5] * 40}",
            "the id 0.5; an id is a text or a whole number, and all samples have one or none do",
        ),
        ("def f(): return {'inputs': X, 'labels': Y, 'ids': [None] + list('a' * 39)}", "the id None; an id is a text"),
        ("def f(): return {'inputs': X, 'labels': Y, 'previews': [3] * 40}", r"preview of sample 0 is \(\); it is"),
        ("def f(): return X, Y - 1", "label -1; labels are whole numbers from 0"),
        ("def f(): return X, Y.astype(float)", r"floats without a fraction \(0.0, 1.0, 2.0 and 1 more\), which may be"),
        ("def f(): return X, Y * 0", "samples of one class"),
        (
            "def f(): return X, np.eye(4)[Y] * 2",
            r"the labels \[2.0, 0.0, 0.0, 0.0\] of sample 0; a row of several labels",
        ),
        ("def f(): return X, np.zeros((40, 2, 2))", r"a label of shape \(2, 2\); a label is one value"),
        ("def f(): return {'inputs': X, 'labels': Y, 'class_names': ['a']}", "1 names of classes, and the label 3"),
        ("def f(): return {'inputs': X, 'labels': Y, 'ids': [1] * 40}", "the id '1' to two samples"),
        (
            "def f(): return np.where(X > 2, X, np.nan).astype('float32'), Y",
            "input of sample 0 holds values that are not",
        ),
        ("def f(): return (X * 255).astype('uint8'), Y", "is uint8, from 0 to 255"),
        ("def f(): return [(x[:, : 1 + (n > 5)], 1) for n, x in enumerate(X)]", "samples of one class"),
        ("def f(): return [(x[:, : 1 + (n > 5)], n % 2) for n, x in enumerate(X)]", r"of sample 6 is \(1, 2, 4\)"),
        ("def f(): return [(x, y, 1) for x, y in zip(X, Y)]", "an item is a tuple of 3"),
        ("def f(): return [{'label': 1}] * 20", "an item has label; it must have inputs"),
        ("def f(): return torch.utils.data.DataLoader(X)", "returned a DataLoader; return its Dataset"),
        ("def f(): return 3", "returned an int; return a torch Dataset"),
        ("def f():\n    raise KeyError('x')", r"failed: KeyError: 'x' \(data\.py, line 8\)"),
        ("def f(): return [(torch.rand(3), int(torch.randint(0, 2, ()))) for _ in range(0)]", "returned 0 samples"),
    ],
)
def test_what_cannot_be_used(tmp_path, body, said):
    with pytest.raises(DataError, match=said if said.startswith("^") else rf"^dataset\.name: .*(?:{said})"):
        taken(write(tmp_path, body))


def test_labels_that_change(tmp_path):
    body = """
class D(torch.utils.data.Dataset):
    def __len__(self): return 40
    def __getitem__(self, index): return X[index], int(torch.randint(0, 4, ()))
def f(): return D()
"""
    with pytest.raises(DataError, match=r"another label of sample [0-9]+ when it is asked a second time"):
        taken(write(tmp_path, body))


def test_inputs_that_change(tmp_path):
    body = """
class D(torch.utils.data.Dataset):
    def __len__(self): return 40
    def __getitem__(self, index): return X[index] + np.random.normal(), int(Y[index])
def f(): return D()
"""
    with pytest.raises(
        DataError, match="another input of sample 0 when it is asked a second time, as random transforms"
    ):
        taken(write(tmp_path, body))


def test_whole_numbers_among_fractions(tmp_path):
    body = "def f(): return [([1, 2], 0), ([0.5, 1.7], 1)] * 6"
    found = taken(write(tmp_path, body)).inputs[UNNAMED]
    assert found.dtype == np.float32 and found[:2].tolist() == [[1, 2], [0.5, np.float32(1.7)]]


def test_columns_of_a_table_are_taken_by_position(tmp_path):
    pd = pytest.importorskip("pandas")
    body = """
import pandas as pd
def f():
    table = pd.DataFrame({"x": np.arange(20.0), "y": np.arange(20) % 2}).sort_values("x", ascending=False)
    return {"inputs": table[["x"]], "labels": table["y"], "ids": table["x"].astype(str), "class_names": ["a", "b"]}
"""
    samples = taken(write(tmp_path, body))
    assert pd and samples.inputs[UNNAMED][:, 0].tolist() == list(range(19, -1, -1))
    assert samples.ids[0] == "19.0" and samples.targets.values[:2].tolist() == [1, 0]


@pytest.mark.parametrize("names", ["{'a': 1, 'b': 0, 'c': 2, 'd': 3}", "{'a', 'b', 'c', 'd'}", "'abcd'"])
def test_names_of_classes_in_no_order(tmp_path, names):
    body = f"def f(): return {{'inputs': X, 'labels': Y, 'class_names': {names}}}"
    with pytest.raises(DataError, match="give a list, in the order of the labels"):
        taken(write(tmp_path, body))


def test_switches_among_whole_numbers(tmp_path):
    body = "def f(): return [([True, False], 0), ([3, 4], 1)] * 6"
    found = taken(write(tmp_path, body)).inputs[UNNAMED]
    assert found.dtype == np.int64 and found[:2].tolist() == [[1, 0], [3, 4]]


def test_an_input_of_that_name_among_others_keeps_it(tmp_path):
    body = "def f(): return [{'input': x, 'mask': x > 0.5, 'label': y} for x, y in zip(X, Y)]"
    assert list(taken(write(tmp_path, body)).inputs) == ["input", "mask"]


def test_a_preview_for_some(tmp_path):
    body = "def f(): return [dict(x=X[n], label=n % 2, preview='a' if n else None) for n in range(20)]"
    previews = taken(write(tmp_path, body)).previews
    assert previews[0] is None and previews[1].size == (64, 64)


def test_labels_that_are_left_aside_may_be_missing(tmp_path):
    file = write(tmp_path, "def f(): return X, np.where(Y == 0, np.nan, 1.5)")
    found = load_samples(file, "f", most=10, seed=1, target="none")
    assert (found.targets.target, found.targets.values, found.targets.count) == ("none", None, 10)


def test_pictures_of_samples_that_can_be_read_are_looked_at(tmp_path):
    body = "def f(): return {'inputs': X, 'labels': Y, 'texts': [f'a {n}' for n in range(40)], 'previews': %s}"
    found = taken(write(tmp_path, body % "np.full((40, 9, 7), 50, np.uint8)"))
    assert found.texts[3] == "a 3" and np.asarray(found.previews[3]).tolist() == [[50] * 7] * 9
    found = taken(write(tmp_path, body % "['b'] * 40"))
    assert found.texts[3] == "a 3" and found.previews is None


def test_pictures_are_not_held(tmp_path):
    """Thumbnails are: pictures of all samples may be larger than memory."""
    body = """
import weakref
PICTURES, HELD = [], []

def picture():
    made = np.zeros((8, 8), np.uint8)
    PICTURES.append(weakref.ref(made))
    HELD.append(sum(each() is not None for each in PICTURES))
    open(__file__ + ".held", "w").write(str(max(HELD)))
    return made

class D:
    targets = Y
    def __len__(self): return 40
    def __getitem__(self, index): return {"x": X[index], "label": Y[index], "preview": picture()}
def f(): return D()
"""
    file = write(tmp_path, body)
    assert len(taken(file).previews) == 40
    assert int(Path(f"{file}.held").read_text()) < 4


def test_labels_that_a_dataset_transforms(tmp_path):
    """`targets` and `classes` are then not those of the items."""
    body = """
class D(torch.utils.data.Dataset):
    targets, classes = list(map(int, Y)), list("abcd")
    def __len__(self): return 40
    def __getitem__(self, index): return X[index], self.targets[index] // 2
def f(): return D()
"""
    file = write(tmp_path, body)
    samples = taken(file)
    assert samples.targets.values.tolist() == (Y // 2).tolist() and samples.targets.names == ("0", "1")
    assert first_samples(file, "f", count=3, seed=1)[1].names == ("0", "1")


@pytest.mark.parametrize("targets", ["['text'] * 40", "[[1, 2]] * 40", "[0]", "None"])
def test_targets_that_are_no_labels(tmp_path, targets):
    body = f"""
class D(torch.utils.data.Dataset):
    targets = {targets}
    def __len__(self): return 40
    def __getitem__(self, index): return X[index], int(Y[index])
def f(): return D()
"""
    assert taken(write(tmp_path, body)).targets.values.tolist() == Y.tolist()


def test_a_part_of_a_dataset_keeps_the_names_of_its_classes(tmp_path):
    body = """
class D(torch.utils.data.Dataset):
    targets, classes = torch.from_numpy(Y), list("abcde")
    def __len__(self): return 40
    def __getitem__(self, index):
        return X[index], int(Y[index])
def f():
    return torch.utils.data.Subset(torch.utils.data.Subset(D(), range(1, 40)), [38, 3, 0] + list(range(4, 20)))
"""
    samples = taken(write(tmp_path, body))
    assert samples.targets.names == tuple("abcde")
    assert samples.targets.values.tolist() == Y[[39, 4, 1, *range(5, 21)]].tolist()
    np.testing.assert_array_equal(samples.inputs[UNNAMED][:3], X[[39, 4, 1]])


@pytest.mark.parametrize("length", ["", "    def __len__(self): return 40\n"])
def test_a_dataset_that_is_only_iterated(tmp_path, length):
    body = f"""
class D(torch.utils.data.IterableDataset):
    classes = list("wxyz")
{length}
    def __iter__(self): return iter(zip(X, Y))
def f(): return D()
"""
    samples = taken(write(tmp_path, body), most=10)
    assert np.bincount(samples.targets.values).tolist() == [3, 3, 2, 2] and samples.targets.names == tuple("wxyz")
    np.testing.assert_array_equal(samples.inputs[UNNAMED], X[samples.indices])


def test_items_are_not_kept(tmp_path):
    """Neither of an iterated Dataset, nor of one with an index: only the arrays grow."""
    for form in ("(item(n) for n in range(40))", "type('D', (), dict(__len__=lambda s: 40, __getitem__=ITEM))()"):
        body = f"""
class Input:
    alive = most = 0
    def __init__(self, values):
        self.values = values
        Input.alive += 1
        Input.most = max(Input.most, Input.alive)
    def __array__(self, dtype=None, copy=None): return self.values
    def __del__(self): Input.alive -= 1
def item(n):
    return {{"x": Input(X[n]), "label": int(Y[n]), "id": Input.most if n == 39 else f"s{{n}}"}}
ITEM = lambda self, n: item(n)
def f(): return {form}
"""
        assert int(taken(write(tmp_path, body)).ids[39]) <= 3


def test_what_is_taken_is_in_the_log(tmp_path, caplog):
    caplog.set_level("INFO")
    file = write(tmp_path, "def f(): return X, Y")
    taken(file, most=100)
    assert "All 40 samples are taken; dataset.eval_size is 100" in caplog.text
    taken(file, most=12)
    assert "12 of 40 samples, drawn at random" in caplog.text


def test_what_the_file_imports_from_its_folder(tmp_path):
    (tmp_path / "neighbour_of_data.py").write_text("SCALE = 2\n")
    file = write(tmp_path, "from neighbour_of_data import SCALE\ndef f(): return X * SCALE, Y")
    np.testing.assert_array_equal(taken(file).inputs[UNNAMED], X * 2)
    (tmp_path / "neighbour_of_data.py").write_text("SCALE = 3\n")
    np.testing.assert_array_equal(taken(file).inputs[UNNAMED], X * np.float32(3))


@pytest.mark.parametrize("body", ["def f(): return X[:9], Y[:9]", "def f(): return X, Y + 1", "def f(): return 3"])
def test_planning_says_the_same(tmp_path, body):
    file = write(tmp_path, body)
    with pytest.raises(DataError) as error:
        taken(file)
    with pytest.raises(DataError) as planned:
        first_samples(file, "f", count=3, seed=1)
    assert str(planned.value) == str(error.value)


def test_an_image_folder_of_torchvision(tmp_path):
    """As in docs/your-own-data.md; each image has one colour, so that the truth is known by hand."""
    for number in range(12):
        folder = tmp_path / "photos" / ["cat", "dog"][number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 10), (number, 2 * number, 255)).save(folder / f"{number:02d}.png")
    body = """
from torchvision import transforms
from torchvision.datasets import ImageFolder

def f():
    steps = [transforms.Resize(8), transforms.CenterCrop(8), transforms.ToTensor()]
    steps.append(transforms.Normalize([0, 0, 1], [1, 2, 1]))
    return ImageFolder("FOLDER", transforms.Compose(steps))
""".replace("FOLDER", str(tmp_path / "photos"))
    samples = taken(write(tmp_path, body))
    assert samples.targets.names == ("cat", "dog") and samples.targets.values.tolist() == [0] * 6 + [1] * 6
    numbers = np.array([*range(0, 12, 2), *range(1, 12, 2)])
    expected = np.stack([numbers / 255, numbers / 255, numbers * 0], 1)[:, :, None, None]
    assert samples.inputs[UNNAMED].shape == (12, 3, 8, 8)
    np.testing.assert_allclose(samples.inputs[UNNAMED], np.broadcast_to(expected, (12, 3, 8, 8)), atol=1e-6)


ITEMS = """
def f():
    return [
        dict(input=torch.full((6,), n / 3), label=n / 7, text=f"text {n}", attributes={"age": n, "who": "ab"[n % 2]})
        for n in range(20)
    ]
"""


def test_items_with_a_number_a_text_and_further_columns(tmp_path):
    file = write(tmp_path, ITEMS)
    samples = taken(file, most=12)
    targets = samples.targets
    assert (targets.kind, targets.target, targets.count) == ("table", "number", 12)
    np.testing.assert_allclose(targets.values, samples.indices / 7)
    np.testing.assert_array_equal(targets.attributes["age"], samples.indices)
    assert targets.attributes["who"].tolist() == ["ab"[index % 2] for index in samples.indices]
    assert samples.texts == [f"text {index}" for index in samples.indices]
    assert first_samples(file, "f", count=1, seed=1)[1] == DataFacts("table", "number", (), ("age", "who"), (6,))


@pytest.mark.parametrize(
    "body",
    [
        "def f(): return X[:, 0, 0]",
        "def f(): return torch.from_numpy(X[:, 0, 0])",
        "def f(): return X[:, 0, 0], None",
        "def f(): return {'inputs': X[:, 0, 0]}",
        "def f(): return [{'input': x[0, 0]} for x in X]",
        "def f(): return ((x[0, 0], None) for x in X)",
    ],
)
def test_without_labels(tmp_path, body):
    samples = taken(write(tmp_path, body), most=12)
    assert (samples.targets.target, samples.targets.values, samples.targets.names) == ("none", None, ())
    np.testing.assert_array_equal(samples.inputs[UNNAMED], X[samples.indices, 0, 0])


def test_several_labels_from_a_dataset(tmp_path):
    body = """
HELD = np.random.default_rng(0).random((40, 3)) < 0.5
class D(torch.utils.data.Dataset):
    targets, classes, target_name = HELD, list("uvw"), "topic"
    def __len__(self): return 40
    def __getitem__(self, index): return X[index], torch.from_numpy(HELD[index])
def f(): return D()
"""
    samples = taken(write(tmp_path, body))
    np.testing.assert_array_equal(samples.targets.values, np.random.default_rng(0).random((40, 3)) < 0.5)
    assert (samples.targets.target, samples.targets.names, samples.targets.name) == ("labels", tuple("uvw"), "topic")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "def f(): return {'inputs': X, 'labels': Y, 'attributes': {'age': range(39)}}",
            "arrays of different lengths: input 40, labels 40, attribute 'age' 39",
        ),
        ("def f(): return {'inputs': X, 'labels': Y, 'texts': ['a'] * 3}", "input 40, labels 40, texts 3"),
        ("def f(): return {'inputs': X, 'labels': Y, 'attributes': [1] * 40}", "attributes as a list; give a dict"),
        (
            "def f(): return [{'x': X[n], 'label': n % 2, 'attributes': {'ab'[n > 2]: 1}} for n in range(20)]",
            "a sample has the attributes b, and another one a; give all samples the same",
        ),
        (
            "def f(): return {'inputs': np.where(np.arange(120).reshape(40, 3) == 50, np.nan, 1.0), 'labels': Y, "
            "'column_names': ['a', 'b', 'c']}",
            r"sample 16 holds values that are not finite \(NaN or infinite\), in column 'c'; fill it in, or leave the",
        ),
        (
            "def f(): return np.where(np.arange(120).reshape(40, 3) == 4, np.inf, 1.0), Y",
            "sample 1 .* in column 1; fill",
        ),
        (
            "def f(): return {'inputs': X[:, 0, 0], 'labels': Y, 'column_names': ['a']}",
            "1 names of columns, and rows of 4",
        ),
        ("def f(): return {'inputs': X[:, 0, 0], 'labels': Y, 'column_names': 'abcd'}", "in the order of the columns"),
        (
            "def f(): return {'inputs': np.ones((40, 3), int) * 5, 'labels': Y, 'vocabulary': ['', 'a', 'b']}",
            "sample 0 holds the token 5, and the vocabulary has 3 words",
        ),
        ("def f(): return np.arange(120).reshape(40, 3) * (np.arange(40) != 7)[:, None], Y", r"padding .* \(as 7\)"),
        (
            "def f(): return [(np.zeros((2, 30 + n)), n % 2) for n in range(20)]",
            r"input of sample 1 is \(2, 31\), and of sample 0 \(2, 30\); bring all to one shape",
        ),
        ("def f(): return X, ['a', 3] * 20", "labels of several types"),
        ("def f(): return X, [0.5, float('nan')] * 20", "label nan of sample 1"),
    ],
)
def test_bad_input_of_each_kind(tmp_path, body, said):
    with pytest.raises(DataError, match=rf"^dataset\.name: .*(?:{said})"):
        taken(write(tmp_path, body))
