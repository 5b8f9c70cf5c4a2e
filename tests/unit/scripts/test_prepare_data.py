"""The dataset.npz of a run: from built-in data, from the user's own, the same bytes for the same seed, and the log."""

import logging
import os

import numpy as np
import PIL.Image
import pytest

from evolution.data.builtin import LOADERS
from evolution.data.dataset_warnings import dataset_warnings
from evolution.data.images import LabelledImages, load_own
from evolution.data.targets import load_targets
from evolution.errors import DataError, UserError
from prepare_data import prepare_data
from support.image_files import deep_png
from support.own_files import noise, random_part, write_classes, write_npz

TWO_PARTS = LabelledImages(("cat", "dog"), random_part([30, 40], channels=3), random_part([9, 12], channels=3, seed=1))
SETTINGS = {"train_size": 20, "eval_size": 10, "image_size": None, "normalize": "auto", "seed": 17}


def prepare(path, name="two parts", *, source=TWO_PARTS, **more):
    """The arrays of the dataset.npz of a data set; `source` is the one that "two parts" names."""
    loaders = {**LOADERS, "two parts": lambda root: source}
    prepare_data(
        name=name,
        root="unused",
        output=path,
        loaders=loaders,
        **SETTINGS | more,
    )
    with np.load(path) as archive:
        return dict(archive)


def test_dataset_of_two_parts(tmp_path):
    data = prepare(tmp_path / "dataset.npz")
    for role, source in (("train", TWO_PARTS.train), ("eval", TWO_PARTS.test)):
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
    data = prepare(tmp_path / "dataset.npz", "digits", train_size=1000, eval_size=300)
    assert not set(data["train_indices"]) & set(data["eval_indices"])
    for role, size in (("train", 1000), ("eval", 300)):
        indices = data[f"{role}_indices"]
        assert np.bincount(data[f"{role}_labels"]).tolist() == [size // 10] * 10
        np.testing.assert_array_equal(data[f"{role}_labels"], truth.target[indices])
        np.testing.assert_array_equal(np.rint(data[f"{role}_images"][:, 0] / 255 * 16), truth.images[indices])


def test_same_seed_gives_the_same_bytes(tmp_path):
    for name, seed in (("first.npz", 17), ("again.npz", 17), ("other.npz", 18)):
        prepare(tmp_path / name, seed=seed)
    first, again, other = ((tmp_path / name).read_bytes() for name in ("first.npz", "again.npz", "other.npz"))
    assert first == again
    assert first != other


def test_nothing_is_written_on_error(tmp_path):
    with pytest.raises(DataError, match="The data set has 30 images of class 'cat', and 500 are asked for"):
        prepare(tmp_path / "dataset.npz", train_size=1000)
    assert list(tmp_path.iterdir()) == []


def test_the_log_counts_the_images(tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="evolution"):
        prepare(tmp_path / "dataset.npz", train_size=21)
    assert "two parts: 70 images, and 21 more to evaluate on" in caplog.messages
    assert "train: 21 images, 10 of each class, and one more of the first 1: cat" in caplog.messages
    assert "eval: 10 images, 5 of each class" in caplog.messages


def test_class_names_in_other_scripts(tmp_path):
    names = ("кошка", "犬", "<script>alert(1)</script>", "e\u0301te\u0301", "نص")
    data = prepare(tmp_path / "dataset.npz", source=LabelledImages(names, random_part([8] * 5)))
    assert data["class_names"].tolist() == list(names)


def test_an_output_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"dataset\.npz cannot be written"):
        prepare(tmp_path / "file" / "dataset.npz")


def test_built_in_data_sets_are_resized_too(tmp_path):
    data = prepare(tmp_path / "d.npz", "digits", image_size=12)
    assert data["train_images"].shape == (20, 1, 12, 12) and data["eval_images"].shape == (10, 1, 12, 12)


def test_only_images_that_are_drawn_are_decoded(tmp_path, monkeypatch):
    write_classes(tmp_path / "images", count=50)
    opened, open_image = [], PIL.Image.open

    def counted(path, **options):
        opened.append(path)
        return open_image(path, **options)

    monkeypatch.setattr(PIL.Image, "open", counted)
    prepare(tmp_path / "d.npz", f"image_folder:{tmp_path / 'images'}", train_size=8)
    assert len(opened) == len(set(opened)) == 18


def test_the_samples_of_a_folder(tmp_path):
    written = write_classes(tmp_path / "images", count=20)
    name = f"image_folder:{tmp_path / 'images'}"
    data = prepare(tmp_path / "d.npz", name)
    files = load_own(name).train.images.paths
    assert data["class_names"].tolist() == ["cat", "dog"]
    for role in ("train", "eval"):
        for image, label, index in zip(*(data[f"{role}_{what}"] for what in ("images", "labels", "indices"))):
            class_name, file = files[index].split(os.sep)
            assert ["cat", "dog"][label] == class_name
            np.testing.assert_array_equal(image[0], written[class_name][int(file.removesuffix(".png"))])


def test_the_log_says_what_was_decoded(tmp_path, caplog):
    write_classes(tmp_path / "images")
    with caplog.at_level(logging.INFO, logger="evolution"):
        prepare(tmp_path / "d.npz", f"image_folder:{tmp_path / 'images'}", train_size=4, eval_size=4)
    assert "8 images decoded: grey, one channel" in caplog.messages
    assert "images of 1 x 8 x 8 (channels, height, width)" in caplog.messages


def test_normalisation_reaches_the_file(tmp_path):
    images = prepare(tmp_path / "a.npz")["train_images"] / 255
    for normalize, mean, std in (
        ("auto", images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))),
        ("none", [0, 0, 0], [1, 1, 1]),
        ({"mean": [0.5, 0.4, 0.3], "std": 0.25}, [0.5, 0.4, 0.3], [0.25] * 3),
    ):
        data = prepare(tmp_path / "b.npz", normalize=normalize)
        np.testing.assert_allclose(data["mean"], mean, rtol=1e-6)
        np.testing.assert_allclose(data["std"], std, rtol=1e-6)
        assert data["mean"].dtype == data["std"].dtype == np.float32
    with pytest.raises(DataError, match=r"^dataset\.normalize\.mean: \[0\.1, 0\.2\] has 2 numbers"):
        prepare(tmp_path / "c.npz", normalize={"mean": [0.1, 0.2], "std": 1})
    assert not (tmp_path / "c.npz").exists()


def test_no_warnings_no_array(tmp_path):
    write_classes(tmp_path / "images", count=20)
    data = prepare(tmp_path / "d.npz", f"image_folder:{tmp_path / 'images'}")
    arrays = [f"{role}_{what}" for role in ("train", "eval") for what in ("images", "labels", "indices")]
    assert list(data) == [*arrays, "class_names", "mean", "std"]
    assert dataset_warnings(tmp_path / "d.npz") == []


def test_warnings_are_in_the_file_and_in_the_log(tmp_path, caplog):
    """One of the source, one of the files that were drawn and one of their pixels; each names no absolute path."""
    write_classes(tmp_path / "pets", count=15)
    for number in range(15):
        pages = [PIL.Image.fromarray(page) for page in noise(2, 8, 8, seed=number)]
        flat = PIL.Image.new("L", (8, 8), number)
        pages[0].save(tmp_path / "pets" / "cat" / f"{number}.tif", save_all=True, append_images=pages[1:])
        (tmp_path / "pets" / "cat" / f"{number}.png").unlink()
        flat.save(tmp_path / "pets" / "dog" / f"{number}.png")
    (tmp_path / "pets" / "dog" / "a.gif").touch()
    with caplog.at_level(logging.WARNING, logger="evolution"):
        data = prepare(tmp_path / "d.npz", f"image_folder:{tmp_path / 'pets'}")
    found = dataset_warnings(tmp_path / "d.npz")
    assert found == data["warnings"].tolist() == [said.removeprefix("Warning: ") for said in caplog.messages]
    assert data["warnings"].ndim == 1 and data["warnings"].dtype.kind == "U"
    for words in ("1 .gif", "15 of the 30 image files", "of dog are."):
        assert any(words in each for each in found)
    assert len(found) == 3 and not any(str(tmp_path) in each for each in found)


def test_images_are_named_by_their_places_in_the_archive(tmp_path):
    images, labels = noise(40, 8, 8), np.arange(40) % 2
    images[3], images[35] = 7, 9
    more = {"eval_images": images[10:20], "eval_labels": labels[:10]}
    path = write_npz(tmp_path / "a.npz", images=images, labels=labels, **more)
    prepare(tmp_path / "d.npz", f"npz:{path}", train_size=40, eval_size=10)
    empty, shared = dataset_warnings(tmp_path / "d.npz")
    assert "(as images[3])" in empty
    assert "(as eval_images[0] and images[10])" in shared and "10 of the 10 evaluation images (100 %)" in shared


def test_built_in_data_are_not_warned_of(tmp_path):
    part = random_part([30, 40], channels=3)
    data = prepare(tmp_path / "a.npz", source=LabelledImages(("cat", "dog"), part, part))
    assert "warnings" not in data


def test_images_with_nothing_in_them_are_refused(tmp_path):
    """White shapes on a transparent ground, and colour of 16 bits: what was all black or all white before."""
    for name in ("a", "b"):
        (tmp_path / "icons" / name).mkdir(parents=True)
        (tmp_path / "camera" / name).mkdir(parents=True)
        for number in range(20):
            white = np.full((8, 8, 4), 255, np.uint8)
            white[..., 3] = noise(1, 8, 8, seed=number)[0]
            PIL.Image.fromarray(white).save(tmp_path / "icons" / name / f"{number}.png")
            deep = deep_png(noise(1, 8, 8, 3, seed=number)[0])
            (tmp_path / "camera" / name / f"{number}.png").write_bytes(deep)
    with pytest.raises(DataError, match=r"30 of them have transparent pixels, .* alpha channel"):
        prepare(tmp_path / "d.npz", f"image_folder:{tmp_path / 'icons'}")
    with pytest.raises(
        DataError, match=r"30 of the images that were drawn have 16 bits a channel and no value above 255 "
    ):
        prepare(tmp_path / "d.npz", f"image_folder:{tmp_path / 'camera'}")
    with pytest.raises(DataError, match=r"npz:.*: in all 12 images that were drawn, every pixel .* value \(3\)"):
        path = write_npz(tmp_path / "a.npz", images=np.full((12, 8, 8), 3, np.uint8))
        prepare(tmp_path / "d.npz", f"npz:{path}", train_size=6, eval_size=6)


IMAGES = noise(60, 8, 8)
HELD = np.random.default_rng(1).random((60, 3)) < 0.4
AMOUNT = np.random.default_rng(2).normal(40, 9, 60)


def prepare_archive(path, arrays, **more):
    np.savez(path / "mine.npz", **arrays)
    return prepare(path / "d.npz", f"npz:{path / 'mine.npz'}", **more)


def test_images_of_other_targets(tmp_path):
    """The pixels are drawn and normalised as ever, and the target is read as all readers do."""
    for arrays, target in (({"labels": HELD}, "labels"), ({"labels": AMOUNT}, "number"), ({}, "none")):
        data = prepare_archive(tmp_path, {"images": IMAGES, "attribute_age": AMOUNT, **arrays})
        found = load_targets(tmp_path / "d.npz")
        chosen = data["eval_indices"]
        assert (found.kind, found.target, found.count) == ("images", target, 10)
        np.testing.assert_array_equal(found.attributes["age"], AMOUNT[chosen])
        np.testing.assert_array_equal(data["eval_images"][:, 0], IMAGES[chosen])
        assert not set(chosen) & set(data["train_indices"]) and {"mean", "std", "train_images"} <= set(data)
        if arrays:
            np.testing.assert_array_equal(found.values, arrays["labels"][chosen])
            np.testing.assert_array_equal(data["train_labels"], arrays["labels"][data["train_indices"]])
        if target == "number":
            own = AMOUNT[data["train_indices"]]
            np.testing.assert_allclose(found.scale, [own.mean(), own.std()])


def test_a_name_of_the_classes_of_images_is_kept(tmp_path):
    arrays = {"images": IMAGES, "labels": np.arange(60) % 3}
    plain = prepare_archive(tmp_path, arrays)
    named = prepare_archive(tmp_path, {**arrays, "target_name": np.array("diagnosis")})
    found = load_targets(tmp_path / "d.npz")
    assert (found.name, found.target, found.names) == ("diagnosis", "classes", ("0", "1", "2"))
    for name, array in plain.items():
        np.testing.assert_array_equal(named[name], array)


def test_a_number_that_is_the_same_for_all_images_of_a_part_is_refused(tmp_path):
    """A training part without a deviation would standardise the number to infinity."""
    constant = np.full(60, 2.5)
    for labels, eval_labels, name in ((constant, AMOUNT, "images"), (AMOUNT, constant, "eval_images")):
        arrays = {
            "images": IMAGES,
            "labels": labels,
            "eval_images": noise(60, 8, 8, seed=1),
            "eval_labels": eval_labels,
        }
        with pytest.raises(DataError, match=rf"the number to predict is 2\.5 for all \d+ images of {name} that"):
            prepare_archive(tmp_path, arrays)


def test_images_of_classes_have_no_further_arrays(tmp_path):
    data = prepare_archive(tmp_path, {"images": IMAGES, "labels": np.arange(60) % 3})
    assert set(data) == {
        *("train_images", "train_labels", "train_indices", "eval_images", "eval_labels", "eval_indices"),
        *("class_names", "mean", "std"),
    }


def test_rows_of_an_archive(tmp_path, caplog):
    rows = np.random.default_rng(3).normal(5, 2, (60, 4))
    with caplog.at_level(logging.INFO, logger="evolution"):
        data = prepare_archive(tmp_path, {"rows": rows, "labels": np.arange(60) % 3 + 1}, train_size=21, eval_size=12)
    found = load_targets(tmp_path / "d.npz")
    assert (found.kind, found.target, found.names) == ("table", "classes", ("1", "2", "3"))
    assert np.bincount(data["train_labels"]).tolist() == [7, 7, 7]
    own = rows[data["train_indices"]]
    expected = (rows[data["eval_indices"]] - own.mean(axis=0)) / own.std(axis=0)
    np.testing.assert_allclose(data["inputs_0"], expected, rtol=1e-5, atol=1e-6)
    assert "mine.npz: labels has 3 values from 1 to 3: taken as the classes 1, 2, 3" in caplog.messages
    assert "train: 21 samples, 7 of each class" in caplog.messages
    first = (tmp_path / "d.npz").read_bytes()
    prepare_archive(tmp_path, {"rows": rows, "labels": np.arange(60) % 3 + 1}, train_size=21, eval_size=12)
    assert (tmp_path / "d.npz").read_bytes() == first


def test_a_data_set_without_its_classes(tmp_path):
    write_classes(tmp_path / "images", count=20)
    for name, source in (("two parts", TWO_PARTS), (f"image_folder:{tmp_path / 'images'}", TWO_PARTS)):
        data = prepare(tmp_path / "d.npz", name, source=source, target="none")
        found = load_targets(tmp_path / "d.npz")
        assert (found.target, found.names, found.values) == ("none", (), None) and "eval_labels" not in data
    with pytest.raises(DataError, match=r"two parts holds images, and dataset\.kind is table"):
        prepare(tmp_path / "d.npz", kind="table")
    with pytest.raises(DataError, match=r"holds images with classes, and dataset\.target is number"):
        prepare(tmp_path / "d.npz", f"image_folder:{tmp_path / 'images'}", target="number")


def test_warnings_on_images_without_classes(tmp_path):
    images = IMAGES.copy()
    images[:30] = images[0]
    images[30:] = 7
    images[40] = noise(8, 8)
    data = prepare_archive(tmp_path, {"images": images}, train_size=40, eval_size=20)
    assert any("How well they are predicted says nothing" in warning for warning in data["warnings"])


def test_a_public_archive_of_images_with_several_labels(tmp_path):
    """As MedMNIST has chests: colour, 14 labels a sample, rows without any, and a column a part."""
    random = np.random.default_rng(0)
    parts = {}
    for part, count in (("train", 80), ("val", 20), ("test", 30)):
        parts[f"{part}_images"] = random.integers(0, 256, (count, 28, 28, 3), dtype=np.uint8)
        parts[f"{part}_labels"] = (random.random((count, 14)) < 0.2).astype(np.uint8)
        parts[f"{part}_labels"][:2] = [[0], [1]]
    data = prepare_archive(tmp_path, parts, train_size=60, eval_size=20)
    found = load_targets(tmp_path / "d.npz")
    chosen = data["eval_indices"]
    assert (found.kind, found.target, len(found.names)) == ("images", "labels", 14)
    np.testing.assert_array_equal(found.values, parts["test_labels"][chosen].astype(bool))
    np.testing.assert_array_equal(data["eval_images"], parts["test_images"][chosen].transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(
        data["train_images"], parts["train_images"][data["train_indices"]].transpose(0, 3, 1, 2)
    )


def test_a_public_archive_of_images_with_labels_in_a_column(tmp_path):
    parts = {}
    for part, count in (("train", 60), ("val", 20)):
        parts[f"{part}_images"] = noise(count, 28, 28, seed=count)
        parts[f"{part}_labels"] = (np.arange(count) % 4)[:, None].astype(np.uint8)
    data = prepare_archive(tmp_path, parts)
    np.testing.assert_array_equal(data["eval_images"][:, 0], parts["val_images"][data["eval_indices"]])
    np.testing.assert_array_equal(data["eval_labels"], data["eval_indices"] % 4)
    assert data["class_names"].tolist() == list("0123")


def test_public_archives_by_letters(tmp_path):
    """As Keras has digits, prices of houses and reviews: images, rows and tokens with the padding first."""
    images, labels = noise(60, 28, 28), np.arange(60) % 10
    letters = {"x_train": images, "y_train": labels, "x_test": images[::-1][:20], "y_test": labels[::-1][:20]}
    for scaled in (images, images.astype(np.float32) / 255, images.astype(np.float64)):
        data = prepare_archive(tmp_path, letters | {"x_train": scaled, "x_test": scaled[::-1][:20]}, train_size=50)
        np.testing.assert_array_equal(data["train_images"][:, 0], images[data["train_indices"]])
        np.testing.assert_array_equal(data["eval_labels"], labels[::-1][data["eval_indices"]])
    rows = np.random.default_rng(0).normal(size=(60, 13))
    houses = {"x_train": rows, "y_train": AMOUNT, "x_test": rows[:20], "y_test": AMOUNT[:20]}
    with pytest.raises(DataError, match=r"say which: dataset: \{kind: table\} or dataset: \{kind: signals\}"):
        prepare_archive(tmp_path, houses)
    data = prepare_archive(tmp_path, houses, kind="table")
    np.testing.assert_array_equal(data["eval_rows"], rows[:20][data["eval_indices"]])
    tokens = np.random.default_rng(1).integers(1, 50, (60, 8))
    padded = np.where(np.arange(8) < (np.arange(60) % 5)[:, None], 0, tokens)
    reviews = {"x_train": padded, "y_train": labels % 2, "x_test": padded[:20], "y_test": labels[:20] % 2}
    data = prepare_archive(tmp_path, reviews, kind="tokens")
    for shown, index in zip(data["inputs_0"], data["eval_indices"]):
        own = padded[index][padded[index] > 0]
        assert shown.tolist() == [*own, *[0] * (8 - len(own))]
    assert data["vocabulary_size"] == padded.max() + 1
