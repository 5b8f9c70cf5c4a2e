"""A data set's images in memory or in files: the user's own are loaded, samples are drawn and resized."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evolution.data import image_folder, npz_archive, own_source
from evolution.data.contents import NPZ
from evolution.errors import DataError

log = logging.getLogger("evolution")

# A message names at most so many faulty files or sizes of images.
MOST_NAMED = 3

# The beginnings of Pillow's names of modes with more than 8 bits.
DEEP = ("I", "F")


@dataclass(frozen=True)
class ImageFiles:
    """Image files, which are decoded only when they are drawn.

    Attributes
    ----------
    root : Path
    paths : list of str (N,)
        Relative to `root`.
    """

    root: Path
    paths: list[str]

    def __len__(self) -> int:
        return len(self.paths)

    def path(self, index: int) -> Path:
        """The whole path of one file."""
        return self.root / self.paths[index]


@dataclass(frozen=True)
class Part:
    """Images, uint8 (N, C, H, W) or files, and labels, int64 (N,), in the source's own order."""

    images: np.ndarray | ImageFiles
    labels: np.ndarray


@dataclass(frozen=True)
class LabelledImages:
    """A data set to draw samples from. Where it has one part only, `test` is None."""

    class_names: tuple[str, ...]
    train: Part
    test: Part | None = None


def load_own(name: str) -> LabelledImages:
    """Load the user's own images; see docs/your-own-data.md.

    Parameters
    ----------
    name : str
        `npz:FILE` or `image_folder:FOLDER`.

    Raises
    ------
    DataError
        If the images cannot be used.
    """
    kind, path = own_source.own_path(name)
    return _load_archive(path) if kind == NPZ else _load_folder(name, path)


def _load_archive(path: Path) -> LabelledImages:
    found = npz_archive.read_labels(path)
    train = Part(npz_archive.read_images(path, "images"), found.labels)
    if found.eval_labels is None:
        return LabelledImages(found.class_names, train)
    return LabelledImages(
        found.class_names, train, Part(npz_archive.read_images(path, "eval_images"), found.eval_labels)
    )


def _load_folder(name: str, path: Path) -> LabelledImages:
    """The files of each part, in the order of torchvision's ImageFolder."""
    class_names = own_source.read_contents(name).class_names
    parts = []
    for folder in image_folder.part_folders(path):
        if folder is None:
            continue
        log.info("images of %s", folder)
        files, labels = [], []
        for label, class_name in enumerate(class_names):
            entries = image_folder.image_files(folder, class_name)
            found = [entry.path[len(str(folder)) + 1 :] for entry in entries]
            files += sorted(found, key=os.path.split)
            labels += [label] * len(found)
        parts.append(Part(ImageFiles(folder, files), np.array(labels, np.int64)))
    return LabelledImages(class_names, *parts)


def draw_images(drawn: list[tuple[np.ndarray | ImageFiles, np.ndarray]], size: int | None) -> list[np.ndarray]:
    """The drawn images of each part.

    Parameters
    ----------
    drawn : list of (images, int array (n,))
        A part's images, uint8 (N, C, H, W) or files, and the positions of those that are drawn.
    size : int or None
        Height and width to resize to; None keeps the images as they are.

    Returns
    -------
    list of uint8 arrays (n, C, size, size)
        Files have one channel where all that are drawn are grey, else three.

    Raises
    ------
    DataError
        If files cannot be read, or differ in size and `size` is None.
    """
    if not isinstance(drawn[0][0], ImageFiles):
        return [resize_images(images[indices], size) for images, indices in drawn]
    decoded, faults = [], []
    for files, indices in drawn:
        pixels = []
        for index in indices:
            path = files.path(index)
            try:
                pixels.append(decode(path, size))
            except Exception as error:  # Damaged bytes make Pillow raise anything.
                reason = " ".join(str(error).replace(str(path), "").split())
                faults.append(f"{path} ({reason or type(error).__name__})")
        decoded.append(pixels)
    total = sum(len(indices) for _, indices in drawn)
    if faults:
        more = f", and {len(faults) - MOST_NAMED} more" if len(faults) > MOST_NAMED else ""
        raise DataError(
            f"{len(faults)} of the {total} images that were drawn cannot be read: {'; '.join(faults[:MOST_NAMED])}"
            f"{more}. Put whole images in their place, or remove the files; then give the same command again."
        )
    _require_one_size(decoded, drawn)
    channels = max(image.shape[0] for pixels in decoded for image in pixels)
    log.info("%d images decoded: %s", total, "grey, one channel" if channels == 1 else "colour, three channels")
    # A grey image among colour ones gets three equal channels.
    return [np.stack([np.broadcast_to(image, (channels, *image.shape[1:])) for image in pixels]) for pixels in decoded]


def decode(path: Path, size: int | None) -> np.ndarray:
    """One image file, uint8 (1, H, W) or (3, H, W); transparency is left out, as torchvision's ImageFolder does.

    Parameters
    ----------
    path : path
    size : int or None
        Height and width to resize to; None keeps the image as it is.

    Raises
    ------
    Exception
        Of any kind, if the file is damaged or no image, and ValueError for more than 8 bits a pixel.
    """
    from PIL import Image

    with Image.open(path, formats=image_folder.FORMATS) as image:
        if image.mode.startswith(DEEP):
            raise ValueError(f"more than 8 bits a pixel, Pillow's mode {image.mode}; save it with 8")
        image = image.convert("L" if image_folder.channels_of(image.mode) == 1 else "RGB")
        pixels = np.asarray(_resized(image, size))
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def resize_images(images: np.ndarray, size: int | None) -> np.ndarray:
    """Resize images to a square.

    Parameters
    ----------
    images : uint8 array (N, C, H, W)
    size : int or None
        Height and width of the square; None keeps the images as they are.

    Returns
    -------
    uint8 array (N, C, size, size)
        C-contiguous.
    """
    from PIL import Image

    if size is None or images.shape[2:] == (size, size):
        return np.ascontiguousarray(images)
    resized = np.empty((*images.shape[:2], size, size), np.uint8)
    for index, channels in enumerate(images):
        for channel, plane in enumerate(channels):
            resized[index, channel] = _resized(Image.fromarray(np.ascontiguousarray(plane)), size)
    return resized


def _resized(image, size: int | None):
    """A Pillow image resized to a square, by Pillow's bilinear filter, which averages when it shrinks."""
    from PIL import Image

    if size is None or image.size == (size, size):
        return image
    return image.resize((size, size), Image.Resampling.BILINEAR)


def _require_one_size(decoded: list[list[np.ndarray]], drawn: list[tuple[ImageFiles, np.ndarray]]) -> None:
    """Check that all decoded images have one height and width; the error counts the sizes, each with an example."""
    first: dict[tuple[int, int], Path] = {}
    counts: dict[tuple[int, int], int] = {}
    for pixels, (files, indices) in zip(decoded, drawn):
        for image, index in zip(pixels, indices):
            first.setdefault(image.shape[1:], files.path(index))
            counts[image.shape[1:]] = counts.get(image.shape[1:], 0) + 1
    if len(counts) > 1:
        common = sorted(counts, key=lambda size: (-counts[size], size))
        shown = [f"{size[1]} x {size[0]} ({counts[size]}, as {first[size]})" for size in common[:MOST_NAMED]]
        more = f" and {len(common) - MOST_NAMED} more" if len(common) > MOST_NAMED else ""
        raise DataError(
            f"The images that were drawn are of {len(common)} sizes, and must be of one: {', '.join(shown)}{more}. Set "
            f"dataset.image_size, to {max(common[0])} for instance, to have all resized to a square of that side."
        )
