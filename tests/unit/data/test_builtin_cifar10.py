"""CIFAR-10 from its folder or its archive, and from damaged ones."""

import hashlib
import io
import pickle
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from evolution.data.builtin import CLASS_NAMES, load_source
from evolution.errors import DataError
from support.published_files import listing


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    """A CIFAR-10 of 10 images a batch under tmp_path, and its images and labels.

    torchvision only loads files with the md5 sums of the published ones, so its table gets those of these files.
    """
    from torchvision.datasets import CIFAR10

    random = np.random.default_rng(0)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()

    def write(name, content):
        (folder / name).write_bytes(pickle.dumps(content))
        return [name, hashlib.md5((folder / name).read_bytes()).hexdigest()]

    images = random.integers(0, 256, (60, 3, 32, 32), dtype=np.uint8)
    labels = random.integers(0, 10, 60)
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    sums = []
    for name, rows in zip(names, np.split(np.arange(60), 6), strict=True):
        # A row holds the red, then the green, then the blue plane.
        sums.append(write(name, {"data": images[rows].reshape(10, 3072), "labels": labels[rows].tolist()}))
    meta, md5 = write("batches.meta", {"label_names": list(CLASS_NAMES["cifar10"])})
    monkeypatch.setattr(CIFAR10, "train_list", sums[:5])
    monkeypatch.setattr(CIFAR10, "test_list", sums[5:])
    monkeypatch.setattr(CIFAR10, "meta", {"filename": meta, "key": "label_names", "md5": md5})
    return images, labels


def pack_cifar(root):
    """Put the folder into the archive in which it is published."""
    with tarfile.open(root / "cifar-10-python.tar.gz", "w:gz") as archive:
        archive.add(root / "cifar-10-batches-py", arcname="cifar-10-batches-py")
    shutil.rmtree(root / "cifar-10-batches-py")


def test_cifar10_from_folder(cifar, tmp_path, no_network):
    images, labels = cifar
    source = load_source("cifar10", tmp_path)
    np.testing.assert_array_equal(source.train.images, images[:50])
    np.testing.assert_array_equal(source.train.labels, labels[:50])
    np.testing.assert_array_equal(source.test.images, images[50:])
    np.testing.assert_array_equal(source.test.labels, labels[50:])
    assert source.train.images.dtype == np.uint8 and source.train.labels.dtype == np.int64


def test_cifar10_from_archive(cifar, tmp_path, no_network):
    pack_cifar(tmp_path)
    source = load_source("cifar10", tmp_path)
    np.testing.assert_array_equal(source.train.images, cifar[0][:50])
    np.testing.assert_array_equal(source.test.images, cifar[0][50:])
    assert listing(tmp_path) == ["cifar-10-python.tar.gz"]


def test_missing_cifar10_is_named(tmp_path, no_network):
    with pytest.raises(DataError, match="Network is unreachable") as error:
        load_source("cifar10", tmp_path / "data")
    assert f"Place cifar-10-python.tar.gz in the folder {tmp_path / 'data'} " in str(error.value)


def test_damaged_cifar10_batch_is_named(cifar, tmp_path, no_network):
    folder = tmp_path / "cifar-10-batches-py"
    (folder / "data_batch_3").write_bytes(b"damaged")
    (folder / "batches.meta").unlink()
    with pytest.raises(DataError) as error:
        load_source("cifar10", tmp_path)
    assert str(error.value).startswith(f"{folder} cannot be read (missing or not whole: data_batch_3, batches.meta)")


@pytest.mark.parametrize("content", [b"no archive", "half", "empty"])
def test_damaged_cifar10_archive_is_named(content, cifar, tmp_path, no_network):
    pack_cifar(tmp_path)
    path = tmp_path / "cifar-10-python.tar.gz"
    if content == "half":
        content = path.read_bytes()[: path.stat().st_size // 2]
    if content == "empty":
        stream = io.BytesIO()
        tarfile.open(fileobj=stream, mode="w:gz").close()
        content = stream.getvalue()
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        load_source("cifar10", tmp_path)
    assert str(error.value).startswith(f"{path} cannot be read (")


def test_a_pickle_that_is_not_the_published_one_is_never_opened(cifar, tmp_path, no_network):
    """CIFAR-10 comes as pickles, which could run anything: only those with the published md5 sums are read."""

    class Attack:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    (tmp_path / "cifar-10-batches-py" / "data_batch_2").write_bytes(pickle.dumps(Attack()))
    with pytest.raises(DataError, match="missing or not whole: data_batch_2"):
        load_source("cifar10", tmp_path)
    assert not (tmp_path / "ran").exists()
