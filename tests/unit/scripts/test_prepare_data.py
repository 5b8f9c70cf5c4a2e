import logging

import numpy as np
import pytest

import prepare_data
from evolution.data import builtin, sampling
from evolution.data.builtin import Part, Source
from evolution.errors import UserError


def part(class_sizes, channels=1, seed=0):
    """Random images, the classes mixed, with so many of each class."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(len(class_sizes)), class_sizes))
    images = random.integers(0, 256, (len(labels), channels, 4, 3), dtype=np.uint8)
    return Part(images, labels)


def one_part(*class_sizes):
    return Source(tuple("abcdefghij"[: len(class_sizes)]), part(class_sizes))


def draw(source, train_size, eval_size, seed=0):
    return sampling.sample(source, train_size, eval_size, np.random.default_rng(seed))


@pytest.fixture
def two_parts(monkeypatch):
    """A source with a train and a test part, by the name of "two_parts"."""
    source = Source(("cat", "dog"), part([30, 40], channels=3), part([9, 12], channels=3, seed=1))
    monkeypatch.setitem(builtin.LOADERS, "two_parts", lambda root: source)
    return source


def prepare(path, name="two_parts", train_size=20, eval_size=10, seed=17):
    prepare_data.prepare_data(name, "data", train_size, eval_size, seed, path)
    with np.load(path) as archive:
        return dict(archive)


def test_classes_are_balanced():
    source = one_part(30, 40, 50)
    train, evaluation = draw(source, 60, 15)
    assert np.bincount(source.train.labels[train]).tolist() == [20, 20, 20]
    assert np.bincount(source.train.labels[evaluation]).tolist() == [5, 5, 5]


def test_first_classes_get_what_is_left_over():
    source = one_part(30, 40, 50)
    train, evaluation = draw(source, 62, 16)
    assert np.bincount(source.train.labels[train]).tolist() == [21, 21, 20]
    assert np.bincount(source.train.labels[evaluation]).tolist() == [6, 5, 5]


@pytest.mark.parametrize("seed", range(3))
def test_one_part_is_split_without_overlap(seed):
    train, evaluation = draw(one_part(30, 30), 40, 20, seed)
    assert sorted([*train, *evaluation]) == list(range(60)), "all 60 images are used, none twice"


def test_indices_are_sorted():
    train, evaluation = draw(one_part(30, 40), 20, 10)
    assert (np.diff(train) > 0).all() and (np.diff(evaluation) > 0).all()
    assert train.dtype == evaluation.dtype == np.int64


def test_one_size_leaves_the_other_sample_as_it_is():
    source = one_part(30, 40)
    train, evaluation = draw(source, 20, 10)
    np.testing.assert_array_equal(draw(source, 40, 10)[1], evaluation)
    np.testing.assert_array_equal(draw(source, 20, 20)[0], train)
    assert set(train) < set(draw(source, 40, 10)[0])


def test_every_image_is_drawn_equally_often():
    source = one_part(10, 20)
    drawn = np.zeros(30)
    for seed in range(2000):
        drawn[draw(source, 4, 4, seed)[1]] += 1
    expected = np.where(source.train.labels == 0, 2 / 10, 2 / 20) * 2000
    deviation = np.sqrt(expected * (1 - expected / 2000))
    assert (np.abs(drawn - expected) < 4.5 * deviation).all()


def test_everything_there_is_can_be_asked_for():
    train, evaluation = draw(one_part(30, 40), 50, 10)
    assert len(train) == 50 and len(evaluation) == 10


def test_too_many_for_one_part():
    with pytest.raises(UserError) as error:
        draw(one_part(40, 30, 50), 84, 9)
    message = str(error.value)
    assert "30 images of class 'b', and 31 are asked for" in message
    assert "dataset.train_size (84) or dataset.eval_size (9)" in message
    assert "30 per class, 90 in all" in message


@pytest.mark.parametrize(
    ("sizes", "wrong", "right", "there_is"),
    [
        ((62, 18), "dataset.train_size (62)", "eval_size", "30 per class, 60 in all"),
        ((60, 20), "dataset.eval_size (20)", "train_size", "9 per class, 18 in all"),
    ],
)
def test_too_many_for_two_parts(two_parts, sizes, wrong, right, there_is):
    draw(two_parts, 60, 18)
    with pytest.raises(UserError) as error:
        draw(two_parts, *sizes)
    assert wrong in str(error.value) and there_is in str(error.value)
    assert right not in str(error.value)


@pytest.mark.parametrize(("sizes", "key"), [((1, 10), "dataset.train_size is 1"), ((10, 0), "dataset.eval_size is 0")])
def test_too_few(sizes, key):
    with pytest.raises(UserError, match=f"{key}; raise it to 2"):
        draw(one_part(30, 30), *sizes)


def test_pixel_statistics():
    images = np.random.default_rng(0).integers(0, 256, (50, 3, 4, 5), dtype=np.uint8)
    images[:, 1] //= 3
    images[:, 2] = 7
    mean, std = sampling.pixel_statistics(images)
    scaled = images / 255
    np.testing.assert_allclose(mean, scaled.mean(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(std[:2], scaled.std(axis=(0, 2, 3))[:2], rtol=1e-6)
    assert std[2] == 1, "a channel that never changes is not divided by 0"
    assert mean.dtype == std.dtype == np.float32


def test_dataset_of_two_parts(two_parts, tmp_path):
    data = prepare(tmp_path / "dataset.npz")
    for role, source in (("train", two_parts.train), ("eval", two_parts.test)):
        indices = data[f"{role}_indices"]
        np.testing.assert_array_equal(data[f"{role}_images"], source.images[indices])
        np.testing.assert_array_equal(data[f"{role}_labels"], source.labels[indices])
        assert data[f"{role}_images"].dtype == np.uint8
        assert data[f"{role}_labels"].dtype == indices.dtype == np.int64
    assert np.bincount(data["train_labels"]).tolist() == [10, 10]
    assert np.bincount(data["eval_labels"]).tolist() == [5, 5]
    assert data["class_names"].tolist() == ["cat", "dog"] and data["class_names"].dtype.kind == "U"
    np.testing.assert_allclose(data["mean"], (data["train_images"] / 255).mean(axis=(0, 2, 3)), rtol=1e-6)
    assert data["mean"].shape == data["std"].shape == (3,)


def test_dataset_of_digits(tmp_path):
    from sklearn.datasets import load_digits

    truth = load_digits()
    data = prepare(tmp_path / "dataset.npz", "digits", 1000, 300)
    assert not set(data["train_indices"]) & set(data["eval_indices"])
    for role, size in (("train", 1000), ("eval", 300)):
        indices = data[f"{role}_indices"]
        assert np.bincount(data[f"{role}_labels"]).tolist() == [size // 10] * 10
        np.testing.assert_array_equal(data[f"{role}_labels"], truth.target[indices])
        np.testing.assert_array_equal(np.rint(data[f"{role}_images"][:, 0] / 255 * 16), truth.images[indices])


def test_same_seed_gives_the_same_bytes(two_parts, tmp_path):
    for name, seed in (("first.npz", 17), ("again.npz", 17), ("other.npz", 18)):
        prepare(tmp_path / name, seed=seed)
    first, again, other = ((tmp_path / name).read_bytes() for name in ("first.npz", "again.npz", "other.npz"))
    assert first == again
    assert first != other


def test_nothing_is_written_on_error(two_parts, tmp_path):
    with pytest.raises(UserError):
        prepare(tmp_path / "dataset.npz", train_size=1000)
    assert list(tmp_path.iterdir()) == []


def test_log(two_parts, tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="evolution"):
        prepare(tmp_path / "dataset.npz", train_size=21)
    assert "two_parts: 70 images, and 21 more to evaluate on" in caplog.messages
    assert "train: 21 images, 10 of each class, and one more of the first 1: cat" in caplog.messages
    assert "eval: 10 images, 5 of each class" in caplog.messages


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ([40, 0, 0], "The data set has 0 images of class 'b', and 4 are asked for"),
        ([40, 1, 40], "The data set has 1 images of class 'b', and 4 are asked for"),
        ([0, 0, 0], "The data set has 0 images of class 'a'"),
    ],
    ids=["one class only", "a class with one sample", "no images"],
)
def test_classes_that_are_all_but_empty(sizes, said):
    with pytest.raises(UserError) as error:
        draw(one_part(*sizes), 9, 3)
    assert said in str(error.value)
    assert "Lower dataset.train_size (9) or dataset.eval_size (3)" in str(error.value)


def test_class_names_in_other_scripts(monkeypatch, tmp_path):
    names = ("кошка", "犬", "<script>alert(1)</script>", "e\u0301te\u0301", "نص")
    source = Source(names, part([8] * 5))
    monkeypatch.setitem(builtin.LOADERS, "foreign", lambda root: source)
    assert prepare(tmp_path / "dataset.npz", "foreign", 20, 10)["class_names"].tolist() == list(names)
