"""MNIST's files as they are published, but small; for tests."""

import gzip

import numpy as np

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
