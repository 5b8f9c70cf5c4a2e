"""Loading a user's own images in the job that draws the samples, and resizing any."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evolution.data import image_folder, npz_archive, own_source
from evolution.data.contents import FOLDER
from evolution.errors import UserError

log = logging.getLogger("evolution")

SHOWN = 3  # of many faulty files, so many are named

# Pillow's modes of more than 8 bits.
DEEP = ("I", "F")


@dataclass(frozen=True)
class ImageFiles:
    """Images that are decoded when they are drawn, and not before.

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


def load_npz_parts(path: Path) -> tuple[tuple[str, ...], list[tuple[np.ndarray, np.ndarray]]]:
    """Class names, and (images uint8 (N, C, H, W), labels int64 (N,)) of each part of an archive."""
    found = npz_archive.read_labels(path)
    parts = [(npz_archive.read_images(path, "images"), found.labels)]
    if found.eval_labels is not None:
        parts.append((npz_archive.read_images(path, "eval_images"), found.eval_labels))
    return found.class_names, parts


def load_folder_parts(path: Path) -> tuple[tuple[str, ...], list[tuple[ImageFiles, np.ndarray]]]:
    """Class names, and (files, labels int64 (N,)) of each part, in the order of torchvision's ImageFolder."""
    found = own_source.contents(f"{FOLDER}:{path}")
    parts = []
    for folder in image_folder.part_folders(path):
        if folder is None:
            continue
        log.info("images of %s", folder)
        files, labels = [], []
        for label, name in enumerate(found.class_names):
            found_files = [entry.path[len(str(folder)) + 1 :] for entry in image_folder.image_files(folder, name)]
            files += sorted(found_files, key=os.path.split)
            labels += [label] * len(found_files)
        parts.append((ImageFiles(folder, files), np.array(labels, np.int64)))
    return found.class_names, parts


def draw_images(drawn: list[tuple[np.ndarray | ImageFiles, np.ndarray]], size: int | None) -> list[np.ndarray]:
    """The drawn images of each part.

    Parameters
    ----------
    drawn : list of (images, int array (n,))
        Images uint8 (N, C, H, W) or files, and which of them.
    size : int or None
        Height and width to resize to; None keeps the images as they are.

    Returns
    -------
    list of uint8 arrays (n, C, size, size)
        Files have one channel where all that are drawn are grey, else three.

    Raises
    ------
    UserError
        If files cannot be read, or differ in size and `size` is None.
    """
    if not isinstance(drawn[0][0], ImageFiles):
        return [resize_images(images[indices], size) for images, indices in drawn]
    decoded, faults = [], []
    for files, indices in drawn:
        pixels = []
        for index in indices:
            try:
                pixels.append(decode(files.root / files.paths[index], size))
            except Exception as error:  # Damaged bytes make Pillow raise anything.
                reason = " ".join(str(error).replace(str(files.root / files.paths[index]), "").split())
                faults.append(f"{files.root / files.paths[index]} ({reason or type(error).__name__})")
        decoded.append(pixels)
    total = sum(len(indices) for _, indices in drawn)
    if faults:
        more = f", and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise UserError(
            f"{len(faults)} of the {total} images that were drawn cannot be read: {'; '.join(faults[:SHOWN])}{more}. "
            "Put whole images in their place, or remove the files; then give the same command again."
        )
    _require_one_size(decoded, drawn)
    channels = max(image.shape[0] for pixels in decoded for image in pixels)
    log.info("%d images decoded: %s", total, "grey, one channel" if channels == 1 else "colour, three channels")
    # A grey image in colour has three equal channels.
    return [np.stack([np.broadcast_to(image, (channels, *image.shape[1:])) for image in pixels]) for pixels in decoded]


def decode(path: Path, size: int | None) -> np.ndarray:
    """One image file, uint8 (1, H, W) or (3, H, W); transparency is left out, as torchvision's ImageFolder does."""
    from PIL import Image

    with Image.open(path, formats=image_folder.FORMATS) as image:
        if image.mode.startswith(DEEP):
            raise ValueError(f"more than 8 bits a pixel, Pillow's mode {image.mode}; save it with 8")
        image = image.convert("L" if image_folder.channels_of(image.mode) == 1 else "RGB")
        pixels = np.asarray(_resized(image, size))
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _resized(image, size: int | None):
    """The image on a square of that side, by Pillow's bilinear filter, which averages over what it shrinks."""
    from PIL import Image

    if size is None or image.size == (size, size):
        return image
    return image.resize((size, size), Image.Resampling.BILINEAR)


def resize_images(images: np.ndarray, size: int | None) -> np.ndarray:
    """Resize images, uint8 (N, C, H, W), to a square of that side; None leaves them as they are."""
    from PIL import Image

    if size is None or images.shape[2:] == (size, size):
        return np.ascontiguousarray(images)
    resized = np.empty((*images.shape[:2], size, size), np.uint8)
    for place, channels in enumerate(images):
        for channel, plane in enumerate(channels):
            resized[place, channel] = _resized(Image.fromarray(np.ascontiguousarray(plane)), size)
    return resized


def _require_one_size(decoded: list[list[np.ndarray]], drawn: list[tuple[ImageFiles, np.ndarray]]) -> None:
    first: dict[tuple[int, int], Path] = {}
    counts: dict[tuple[int, int], int] = {}
    for pixels, (files, indices) in zip(decoded, drawn):
        for image, index in zip(pixels, indices):
            first.setdefault(image.shape[1:], files.root / files.paths[index])
            counts[image.shape[1:]] = counts.get(image.shape[1:], 0) + 1
    if len(counts) > 1:
        common = sorted(counts, key=lambda size: (-counts[size], size))
        shown = [f"{size[1]} x {size[0]} ({counts[size]}, as {first[size]})" for size in common[:SHOWN]]
        more = f" and {len(common) - SHOWN} more" if len(common) > SHOWN else ""
        raise UserError(
            f"The images that were drawn are of {len(common)} sizes, and must be of one: {', '.join(shown)}{more}. Set "
            f"dataset.image_size, to {max(common[0])} for instance, to have all resized to a square of that side."
        )
