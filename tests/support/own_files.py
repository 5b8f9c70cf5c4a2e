"""Images of noise for tests: in folders, in .npz archives and in memory."""

from pathlib import Path

import numpy as np
from PIL import Image

from evolution.data.images import Part

# Settings that suit ten images to follow, so that a config has no other faults than those of its data.
SMALL = {"embedding": {"method": "pca"}, "metrics": {"clusters": 3, "neighbors": 3}}


def small_config(name):
    """A config of ten images to train on and ten to follow."""
    return {"dataset": {"name": name, "train_size": 10, "eval_size": 10}, **SMALL}


def noise(count, *shape, seed=0):
    """uint8 array (count, *shape)."""
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def random_part(class_sizes, channels=1, seed=0):
    """A part of a data set: so many images of 4 x 3 pixels of each class, the classes mixed."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(len(class_sizes)), class_sizes))
    images = random.integers(0, 256, (len(labels), channels, 4, 3), dtype=np.uint8)
    return Part(images, labels)


def write_images(folder, count=6, shape=(8, 8), seed=0, suffix=".png"):
    """Images 0.png, 1.png, ... in a folder; returned as an array (count, *shape)."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    images = noise(count, *shape, seed=seed)
    for index, image in enumerate(images):
        Image.fromarray(image).save(Path(folder) / f"{index}{suffix}")
    return images


def write_classes(folder, names=("cat", "dog"), **more):
    """A folder of images for each class; each class's array by its name."""
    return {name: write_images(Path(folder) / name, seed=seed, **more) for seed, name in enumerate(names)}


def write_npz(path, **arrays):
    """An archive of 12 images of 3 classes, with `arrays` in place of its own; None leaves one out."""
    arrays = {"images": noise(12, 8, 8), "labels": np.arange(12) % 3} | arrays
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return str(path)
