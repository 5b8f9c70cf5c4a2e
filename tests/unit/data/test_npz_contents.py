"""A user's own .npz: every form that is read, and the messages of the forms that are refused."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from evolution.config.resolve import resolve
from evolution.data.catalogue import class_sizes, image_shape
from evolution.data.contents import Contents
from evolution.data.images import load_own
from evolution.data.npz_contents import read_contents, read_shape
from evolution.errors import ConfigError, DataError
from support.own_files import noise, small_config, write_npz


def load(path):
    return load_own(f"npz:{path}")


@pytest.mark.parametrize(
    ("stored", "axes", "shape"),
    [
        ((12, 8, 9), lambda images: images[:, None], (1, 8, 9)),
        ((12, 1, 8, 9), lambda images: images, (1, 8, 9)),
        ((12, 3, 8, 9), lambda images: images, (3, 8, 9)),
        ((12, 8, 9, 1), lambda images: images.transpose(0, 3, 1, 2), (1, 8, 9)),
        ((12, 8, 9, 3), lambda images: images.transpose(0, 3, 1, 2), (3, 8, 9)),
    ],
)
def test_axes_are_found_out(tmp_path, stored, axes, shape):
    images = noise(*stored)
    path = write_npz(tmp_path / "a.npz", images=images)
    source = load(path)
    np.testing.assert_array_equal(source.train.images, axes(images))
    assert source.train.images.dtype == np.uint8 and source.train.labels.dtype == np.int64
    assert source.test is None and source.class_names == ("0", "1", "2")
    assert class_sizes(f"npz:{path}") == ((4, 4, 4), None)
    assert read_shape(Path(path)) == shape
    assert image_shape({"name": f"npz:{path}", "image_size": None}) == shape
    assert image_shape({"name": f"npz:{path}", "image_size": 16}) == (shape[0], 16, 16)


def test_two_parts_and_names(tmp_path):
    names, more = ["dog", "犬", "a b"], noise(6, 8, 8, seed=1)
    path = write_npz(
        tmp_path / "two parts.npz", class_names=np.array(names), eval_images=more, eval_labels=np.arange(6) % 3
    )
    source = load(path)
    assert source.class_names == tuple(names)
    np.testing.assert_array_equal(source.test.images, more[:, None])
    assert class_sizes(f"npz:{path}") == ((4, 4, 4), (2, 2, 2))
    assert read_contents(Path(path)) == Contents(tuple(names), (4, 4, 4), (2, 2, 2))
    assert source.test.labels.tolist() == [0, 1, 2] * 2


def test_labels_of_any_whole_type(tmp_path):
    for kind in (np.uint8, np.int16, np.uint64):
        source = load(write_npz(tmp_path / f"{kind.__name__}.npz", labels=(np.arange(12) % 3).astype(kind)))
        assert source.train.labels.dtype == np.int64 and source.train.labels.tolist() == [0, 1, 2] * 4


IMAGES, LABELS = noise(12, 8, 8), np.arange(12) % 3
FAULTS = {
    "no images": (
        {"images": None},
        "has none of the arrays images, tokens, rows, signals, inputs; it has labels (int64 (12,)). Samples are one",
    ),
    "labels of another name": ({"labels": None, "y": LABELS}, "has no array labels; it has images, y. If y holds the"),
    "ambiguous axes": ({"images": noise(12, 3, 8, 3)}, "in which channels may come second or last"),
    "two channels": ({"images": noise(12, 2, 8, 8)}, "must be 1, 3 or 4"),
    "images last": ({"images": noise(8, 9, 3, 12)}, "if the images come last: images.transpose(3, 0, 1, 2)"),
    "flat": ({"images": noise(12, 64)}, "(N, height, width, channels); rows of 8 x 8 pixels: images.reshape(-1, 8, 8)"),
    "flat and not square": ({"images": noise(12, 63)}, "images has shape (12, 63); images are (N, height, width)"),
    "no pixels": ({"images": noise(12, 0, 8)}, "images has shape (12, 0, 8)"),
    "complex pixels": ({"images": IMAGES * 1j}, "images is of type complex128; pixels must be whole numbers or floats"),
    "complex labels": ({"labels": LABELS * 1j}, "labels is of type complex128; labels are numbers or text"),
    "truth values of one class": ({"labels": LABELS >= 0}, "labels has no image of class 0 ('False'), of 2"),
    "too few labels": ({"labels": LABELS[:11]}, "labels has shape (11,) and images (12, 8, 8); labels must be (12,)"),
    "labels in a row": ({"labels": LABELS[None]}, "labels must be (12,), one for each image: labels.ravel()"),
    "columns of other numbers": (
        {"labels": np.eye(3)[LABELS] * 255},
        "columns of 0 and 1, and each row has one value that is not 0: labels.argmax(axis=1)",
    ),
    "a negative label": ({"labels": LABELS - 1}, "labels has -1; labels are whole numbers from 0. Leave out"),
    "a label past the names": ({"class_names": np.array(["a", "b"])}, "labels has 2, and class_names has 2 names"),
    "a name without images": ({"class_names": np.array(list("abcd"))}, "labels has no image of class 3 ('d'), of 4"),
    "one class": ({"labels": LABELS * 0}, "has 1 class, '0'; a classifier needs at least two"),
    "pickled images": ({"images": np.array([IMAGES[0], None], object)}, "images holds Python objects, a pickle"),
    "pickled names": ({"class_names": np.array(["a", "b", "c"], object)}, "class_names holds Python objects, a pickle"),
    "names as numbers": ({"class_names": np.arange(3)}, "class_names is of type int64 and shape (3,); must be text"),
    "names as bytes of another code": (
        {"class_names": np.array([b"\xe9", b"b", b"c"])},
        "class_names holds bytes that are no UTF-8",
    ),
    "too few images": ({"images": IMAGES[:9], "labels": LABELS[:9]}, "images has 9 images; at least 10 are needed"),
    "two of one name": ({"class_names": np.array(["a", "b", "a"])}, "has two classes called 'a'"),
    "an empty name": ({"class_names": np.array(["a", " ", "b"])}, "has a class called ' '"),
    "a name of two lines": ({"class_names": np.array(["a", "b\nc", "d"])}, "has a class called 'b\\nc'"),
    "one eval array": ({"eval_images": IMAGES}, "has eval_images without eval_labels"),
    "eval images of another size": (
        {"eval_images": noise(12, 9, 9), "eval_labels": LABELS},
        "images are (1, 8, 8) (channels, height, width) and eval_images (1, 9, 9)",
    ),
    "eval labels past the classes": (
        {"eval_images": IMAGES, "eval_labels": LABELS + 1},
        "labels has no image of class 3, of 4",
    ),
}


@pytest.mark.parametrize(("arrays", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_stops_the_config_and_names_the_file(tmp_path, arrays, said):
    path = write_npz(tmp_path / "mine.npz", **arrays)
    with pytest.raises(ConfigError) as error:
        resolve(small_config(f"npz:{path}"))
    (line,) = str(error.value).split("\n")
    assert line.startswith(f"dataset.name: npz:{path} cannot be used: {path}") and said in line
    # The job's message is the same, for an archive that was edited after planning.
    with pytest.raises(DataError) as error:
        load(path)
    assert line == f"dataset.name: npz:{path} cannot be used: {error.value.problem}"


def damaged(path, how):
    if how == "missing":
        return
    if how == "a folder":
        path.mkdir()
        return
    write_npz(path)
    content = path.read_bytes()
    if how == "an array":
        with path.open("wb") as stream:
            np.save(stream, IMAGES)
    elif how == "another archive":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "nothing")
    else:
        path.write_bytes({"empty": b"", "text": b"not a zip", "cut": content[: len(content) // 2]}[how])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("missing", "does not exist; a relative path starts from"),
        ("a folder", "is a folder, and npz: takes a file"),
        ("empty", "is not a whole .npz archive"),
        ("text", "is not a whole .npz archive (File is not a zip file)"),
        ("cut", "is not a whole .npz archive"),
        ("an array", "is not a whole .npz archive"),
        ("another archive", "is not a whole .npz archive"),
    ],
)
def test_files_that_are_no_archive(tmp_path, how, said):
    path = tmp_path / "mine.npz"
    damaged(path, how)
    with pytest.raises(ConfigError, match="cannot be used") as error:
        resolve(small_config(f"npz:{path}"))
    assert said in str(error.value)


def test_sizes_are_checked_against_the_archive(tmp_path):
    labels = np.repeat([0, 1, 2], [30, 1, 30])
    path = write_npz(
        tmp_path / "mine.npz", images=noise(61, 8, 8), labels=labels, class_names=np.array(["a", "rare", "c"])
    )
    with pytest.raises(ConfigError) as error:
        resolve(small_config(f"npz:{path}"))
    (line,) = str(error.value).split("\n")
    assert line.startswith("dataset.train_size: 10 and dataset.eval_size: 10 are more than npz:")
    assert "there are 1 per class (the smallest class is 'rare'), 3 in all" in line


def test_arrays_that_are_not_used_are_not_looked_at(tmp_path):
    notes = np.array({"author": "x"}, object)
    path = write_npz(tmp_path / "mine.npz", metadata=notes, names=np.array(["a", None], object), weights=np.ones(3))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("readme.txt", "more")
    assert class_sizes(f"npz:{path}") == ((4, 4, 4), None)
    np.testing.assert_array_equal(load(path).train.images[:, 0], IMAGES)


def test_the_advice_on_pickled_arrays_can_be_followed(tmp_path):
    names = np.array(["a", "b", "c"], object)
    with pytest.raises(DataError, match=r"class_names\.astype\(str\)"):
        load(write_npz(tmp_path / "a.npz", class_names=names))
    assert load(write_npz(tmp_path / "b.npz", class_names=names.astype(str))).class_names == ("a", "b", "c")
    images = np.empty(12, object)
    images[:] = list(IMAGES)
    with pytest.raises(DataError, match=r"np\.stack\(images\)"):
        load(write_npz(tmp_path / "c.npz", images=images))
    source = load(write_npz(tmp_path / "d.npz", images=np.stack(images)))
    np.testing.assert_array_equal(source.train.images[:, 0], IMAGES)
