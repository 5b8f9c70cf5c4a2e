"""Drawing samples: balanced, without overlap, each size on its own; and the messages where there are too few images."""

import numpy as np
import pytest

from evolution.data.images import LabelledImages
from evolution.data.sample_source import SamplePart, SampleSource
from evolution.data.sampling import pixel_statistics, sample
from evolution.errors import DataError
from support.own_files import random_part


def one_part(*class_sizes):
    return LabelledImages(tuple("abcdefghij"[: len(class_sizes)]), random_part(class_sizes))


def draw(source, train_size, eval_size, seed=0):
    return sample(source, train_size=train_size, eval_size=eval_size, random=np.random.default_rng(seed))


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
    with pytest.raises(DataError) as error:
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
def test_too_many_for_two_parts(sizes, wrong, right, there_is):
    two_parts = LabelledImages(("cat", "dog"), random_part([30, 40]), random_part([9, 12], seed=1))
    draw(two_parts, 60, 18)
    with pytest.raises(DataError) as error:
        draw(two_parts, *sizes)
    assert wrong in str(error.value) and there_is in str(error.value)
    assert right not in str(error.value)


@pytest.mark.parametrize(("sizes", "key"), [((1, 10), "dataset.train_size"), ((10, 0), "dataset.eval_size")])
def test_too_few(sizes, key):
    with pytest.raises(DataError, match=f"^{key}: {min(sizes)} is too few; raise it to 2 or more") as error:
        draw(one_part(30, 30), *sizes)
    assert error.value.key == key


def source_of(target, values, test=None):
    parts = [SamplePart(np.zeros((len(each), 2)), each) for each in (values, test) if each is not None]
    return SampleSource("table", target, ("a", "b", "c"), parts[0], parts[1] if parts[1:] else None)


@pytest.mark.parametrize("target", ["number", "labels", "none"])
def test_sources_without_classes_are_split_without_overlap(target):
    held = np.random.default_rng(0).random((60, 3)) < 0.3
    source = source_of(target, held if target == "labels" else np.arange(60.0))
    train, evaluation = draw(source, 40, 20)
    assert sorted([*train, *evaluation]) == list(range(60))
    train, evaluation = draw(source, 20, 10)
    assert (np.diff(train) > 0).all() and (np.diff(evaluation) > 0).all() and len(train) == 20
    # One size leaves the other sample as it is, and another seed draws others.
    np.testing.assert_array_equal(draw(source, 40, 10)[1], evaluation)
    assert draw(source, 20, 10, seed=1)[1].tolist() != evaluation.tolist()
    with pytest.raises(DataError, match=r"has 60 samples, and 61 are asked for. Lower dataset.train_size \(41\)"):
        draw(source, 41, 20)


def test_two_parts_without_classes():
    source = source_of("number", np.arange(40.0), np.arange(15.0))
    train, evaluation = draw(source, 40, 15)
    assert train.tolist() == list(range(40)) and evaluation.tolist() == list(range(15))
    with pytest.raises(DataError, match=r"has 15 samples, and 16 are asked for. Lower dataset.eval_size \(16\)"):
        draw(source, 40, 16)


def test_each_label_keeps_its_share():
    """Rare and frequent labels, some of them together: chance alone would be off by several samples."""
    random = np.random.default_rng(0)
    held = random.random((1000, 3)) < [0.5, 0.1, 0.02]
    held[:, 1] |= held[:, 2] & (random.random(1000) < 0.5)
    source = source_of("labels", held)
    for seed in range(20):
        train, evaluation = draw(source, 400, 200, seed)
        for drawn in (train, evaluation):
            off = np.abs(held[drawn].sum(axis=0) - held.mean(axis=0) * len(drawn))
            assert off[2] <= 2 and off[1] <= 3 and off[0] <= 6


def test_every_sample_without_a_class_is_drawn_equally_often():
    held = np.arange(30)[:, None] % [2, 3, 5] == 0
    for source in (source_of("labels", held), source_of("none", np.arange(30.0))):
        drawn = np.zeros(30)
        for seed in range(2000):
            drawn[draw(source, 4, 4, seed)[1]] += 1
        expected = 4 / 30 * 2000
        assert (np.abs(drawn - expected) < 4.5 * np.sqrt(expected)).all()


def test_pixel_statistics():
    images = np.random.default_rng(0).integers(0, 256, (50, 3, 4, 5), dtype=np.uint8)
    images[:, 1] //= 3
    images[:, 2] = 7
    mean, std = pixel_statistics(images)
    scaled = images / 255
    np.testing.assert_allclose(mean, scaled.mean(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(std[:2], scaled.std(axis=(0, 2, 3))[:2], rtol=1e-6)
    assert std[2] == 1, "a channel that never changes is not divided by 0"
    assert mean.dtype == std.dtype == np.float32


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
    with pytest.raises(DataError) as error:
        draw(one_part(*sizes), 9, 3)
    assert said in str(error.value)
    assert "Lower dataset.train_size (9) or dataset.eval_size (3)" in str(error.value)
