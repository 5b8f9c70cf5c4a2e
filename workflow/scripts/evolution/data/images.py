"""A data set's images in memory or in files: the user's own are loaded, samples are drawn and resized."""

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from evolution.data import image_folder, npz_pixels, npz_samples, own_source
from evolution.data.contents import NPZ
from evolution.data.folder_parts import folder_parts, part_kind, parts_in_names
from evolution.data.image_file import DecodedImage, decode, resized
from evolution.data.image_header import ValueTypeError
from evolution.data.kinds import AUTO, CLASSES, IMAGES, NONE
from evolution.data.listing import files_below
from evolution.data.npz_layout import find_layout
from evolution.data.npz_pixels import HALF_OF_16_BITS
from evolution.data.npz_targets import read_targets
from evolution.data.sample_source import SampleSource
from evolution.errors import DataError

log = logging.getLogger("evolution")

# What to do about files that cannot be read.
DAMAGED = "Put whole images in the place of damaged ones, or remove the files."
OTHER_VALUES = "Save images of other values as it says, or remove the files."

# A message names at most so many faulty files or sizes of images.
MOST_NAMED = 3


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

    def short_path(self, index: int) -> str:
        """The path of one file from the folder above the classes, for what is written to results."""
        return os.path.join(self.root.name, self.paths[index])


@dataclass(frozen=True)
class Part:
    """Images in the source's own order.

    Attributes
    ----------
    images : uint8 array (N, C, H, W) or ImageFiles
    labels : array or None
        Of classes int64 (N,), of other targets as `evolution.data.targets.Targets` has them.
    attributes : dict of str to array (N,)
        Further columns, as there.
    """

    images: np.ndarray | ImageFiles
    labels: np.ndarray | None
    attributes: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def values(self) -> np.ndarray | None:
        """The labels, as samples that are no images call them."""
        return self.labels


@dataclass(frozen=True)
class LabelledImages:
    """A data set to draw samples from.

    Attributes
    ----------
    class_names : tuple of str
        Of the classes or of the labels; empty for a number.
    train : Part
    test : Part or None
        None where there is one part only.
    warnings : tuple of str
        What is odd and possible in it, a sentence or two each.
    target : str
        See `evolution.data.kinds`.
    target_name : str
        What the target is called; empty where nobody says.
    composited : int
        Images with transparent pixels, which were composited on white.
    arrays : tuple of str
        What the images of both parts are called.
    """

    class_names: tuple[str, ...]
    train: Part
    test: Part | None = None
    warnings: tuple[str, ...] = ()
    target: str = CLASSES
    target_name: str = ""
    composited: int = 0
    arrays: tuple[str, str] = ("images", "eval_images")

    @property
    def names(self) -> tuple[str, ...]:
        """The classes or labels, as data sets that are no images call them."""
        return self.class_names

    def unlabelled(self) -> "LabelledImages":
        """The same images without their classes."""
        parts = [None if part is None else replace(part, labels=None) for part in (self.train, self.test)]
        return replace(self, class_names=(), train=parts[0], test=parts[1], target=NONE)


@dataclass(frozen=True)
class DrawnImages:
    """Images that were drawn.

    Attributes
    ----------
    parts : list of uint8 arrays (n, C, H, W)
    composited : int
        Image files with transparent pixels, which were composited on white.
    warnings : tuple of str
        What is odd and possible, a sentence or two each.
    """

    parts: list[np.ndarray]
    composited: int = 0
    warnings: tuple[str, ...] = ()


def load_own(name: str, *, kind: str = AUTO, target: str = AUTO) -> LabelledImages | SampleSource:
    """Load the user's own samples; see docs/your-own-data.md.

    Parameters
    ----------
    name : str
        `npz:FILE` or `image_folder:FOLDER`.
    kind, target : str
        As dataset.kind and dataset.target say.

    Raises
    ------
    DataError
        If the samples cannot be used.
    """
    data, path = own_source.own_path(name)
    if data == NPZ:
        return _load_archive(path, kind, target)
    own_source.require_said(str(path), kind, target)
    return _load_folder(name, path, labelled=target != NONE)


def _load_archive(path: Path, kind: str, target: str) -> LabelledImages | SampleSource:
    layout = find_layout(path, kind=kind, target=target)
    targets = read_targets(layout, target=target)
    for sentence in (*layout.said, *targets.said):
        log.info("%s: %s", path.name, sentence)
    if layout.kind != IMAGES:
        return npz_samples.read_samples(layout, targets)
    images = npz_pixels.read_images(layout)
    parts = [
        None if found is None else Part(pixels, found.values, found.attributes)
        for pixels, found in ((images.train, targets.train), (images.evaluation, targets.evaluation))
    ]
    return LabelledImages(
        targets.names,
        parts[0],
        parts[1],
        images.warnings,
        target=targets.target,
        target_name=targets.name,
        composited=images.composited,
        arrays=(layout.train.inputs, layout.parts[-1].inputs),
    )


def _load_folder(name: str, path: Path, *, labelled: bool) -> LabelledImages:
    """The files of each part, in the order of torchvision's ImageFolder; without labels all files below the folder."""
    class_names = own_source.read_contents(name, target=CLASSES if labelled else NONE).class_names
    found, parts, unread, inner = folder_parts(path, with_classes=labelled), [], [], {}
    if found.unused:
        log.info("%s: not read, as other parts are: %s", path, ", ".join(found.unused))
    for folder in filter(None, (found.train, found.evaluation)):
        log.info("images of %s", folder)
        files, labels = [], []
        for label, class_name in enumerate(class_names if labelled else ("",)):
            images = []
            for entry in files_below(folder, class_name):
                short = entry.path[len(str(folder)) + 1 :]
                if image_folder.is_image(entry.name):
                    image_folder.require_target(entry)
                    images.append(short)
                else:
                    unread.append(os.path.join(folder.name, short))
            inner[class_name] = {short.split(os.sep)[1] for short in images if short.count(os.sep) > 1}
            files += sorted(images, key=os.path.split)
            labels += [label] * len(images)
        parts.append(Part(ImageFiles(folder, files), np.array(labels, np.int64) if labelled else None))
    return LabelledImages(
        class_names,
        parts[0],
        parts[1] if parts[1:] else None,
        (*_unread(unread), *(_parts_in_classes(inner) if labelled else ())),
        target=CLASSES if labelled else NONE,
    )


def _unread(paths: list[str]) -> Iterable[str]:
    """A warning about files that look like images and are not read, if there are any."""
    if unread := image_folder.unread_images(paths):
        counts = ", ".join(f"{len(files)} {extension}" for extension, files in unread.items())
        first = next(iter(unread.values()))[0]
        yield (
            f"Files in the folders of the classes look like images and are not read: {counts} (as {first}). Convert "
            "them to .png or .jpg, or remove them."
        )


def _parts_in_classes(inner: dict[str, set[str]]) -> Iterable[str]:
    """A warning about classes whose folders hold parts; `inner` is each class's folders within."""
    same = {frozenset(folders) for folders in inner.values()}
    if len(inner) > 1 and len(same) == 1 and len(folders := sorted(same.pop())) > 1 and not parts_in_names(folders):
        yield (
            f"All classes ({', '.join(list(inner)[:MOST_NAMED])}) hold the same folders "
            f"({', '.join(folders[:MOST_NAMED])}). If these are the classes, the folders above them are no classes but "
            "groups or parts: put the classes first."
        )
    for class_name, folders in inner.items():
        if folders and part_kind(class_name):
            yield (
                f"The class {class_name} is called as a part of a data set is, and holds folders "
                f"({', '.join(sorted(folders)[:MOST_NAMED])}). If these are the classes, move the folders next to "
                f"{class_name} away; or name {class_name} itself as the data set."
            )
        if both := parts_in_names(sorted(folders)):
            yield (
                f"The class {class_name} has folders called {both[0]} and {both[1]}, which look like parts. All its "
                "images are taken as one part; for two, put the classes within the parts: train/CLASS, val/CLASS."
            )
            return


def draw_images(drawn: list[tuple[np.ndarray | ImageFiles, np.ndarray]], size: int | None) -> DrawnImages:
    """The drawn images of each part.

    Parameters
    ----------
    drawn : list of (images, int array (n,))
        A part's images, uint8 (N, C, H, W) or files, and the positions of those that are drawn.
    size : int or None
        Height and width to resize to; None keeps the images as they are.

    Returns
    -------
    DrawnImages
        Of (n, C, size, size) each. Files have one channel where all that are drawn are grey, else three.

    Raises
    ------
    DataError
        If files cannot be read, or differ in size and `size` is None.
    """
    if not isinstance(drawn[0][0], ImageFiles):
        return DrawnImages([resize_images(images[indices], size) for images, indices in drawn])
    decoded, faults, reasons, remedies = [], [], set(), set()
    for files, indices in drawn:
        images = []
        for index in indices:
            path = files.path(index)
            try:
                images.append(decode(path, size))
            except Exception as error:  # Damaged bytes make Pillow raise anything.
                reason = " ".join(str(error).replace(str(path), "").split())
                reason = reason or type(error).__name__
                faults.append(f"{path} ({'the same' if reason in reasons else reason})")
                reasons.add(reason)
                remedies.add(OTHER_VALUES if isinstance(error, ValueTypeError) else DAMAGED)
        decoded.append(images)
    total = sum(len(indices) for _, indices in drawn)
    if faults:
        more = f", and {len(faults) - MOST_NAMED} more" if len(faults) > MOST_NAMED else ""
        raise DataError(
            f"{len(faults)} of the {total} images that were drawn cannot be read: {'; '.join(faults[:MOST_NAMED])}"
            f"{more}. {' '.join(sorted(remedies))} Then give the same command again."
        )
    _require_one_size(decoded, drawn)
    _require_all_16_bits(decoded, drawn)
    brightest = max(int(image.pixels.max()) for images in decoded for image in images)
    # Masks of 0 and 1 would be shown black.
    scale = np.uint8(255 if brightest == 1 else 1)
    if brightest == 1:
        log.info("images of 0 and 1 alone scaled to 0 and 255")
    channels = max(image.pixels.shape[0] for images in decoded for image in images)
    log.info("%d images decoded: %s", total, "grey, one channel" if channels == 1 else "colour, three channels")
    # A grey image among colour ones gets three equal channels.
    parts = [
        np.stack([np.broadcast_to(image.pixels, (channels, *image.pixels.shape[1:])) for image in images]) * scale
        for images in decoded
    ]
    named = [
        (files.short_path(index), image)
        for images, (files, indices) in zip(decoded, drawn)
        for image, index in zip(images, indices)
    ]
    turned = [name for name, image in named if image.turned]
    composited = [name for name, image in named if image.composited]
    if turned:
        log.info("images turned as their EXIF orientation says: %d (as %s)", len(turned), turned[0])
    if composited:
        log.info("images whose transparent pixels were composited on white: %d (as %s)", len(composited), composited[0])
    return DrawnImages(parts, len(composited), tuple(_pages(named)))


def _pages(named: list[tuple[str, DecodedImage]]) -> Iterable[str]:
    """A warning about files with more than one image in them, if there are any."""
    if several := [name for name, image in named if image.pages > 1]:
        most = max(image.pages for _, image in named)
        yield (
            f"{len(several)} of the {len(named)} image files that were drawn hold more than one page or frame, up to "
            f"{most} (as {several[0]}). The first of each is used; save the others as files of their own if they count."
        )


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
    shrunk = np.empty((*images.shape[:2], size, size), np.uint8)
    for index, channels in enumerate(images):
        for channel, plane in enumerate(channels):
            shrunk[index, channel] = resized(Image.fromarray(np.ascontiguousarray(plane)), size)
    return shrunk


def _require_all_16_bits(decoded: list[list[DecodedImage]], drawn: list[tuple[ImageFiles, np.ndarray]]) -> None:
    """Refuse images of 16 bits a channel that do not use them: white may be any of the values then."""
    deep = [
        (image.brightest, files.path(index))
        for images, (files, indices) in zip(decoded, drawn)
        for image, index in zip(images, indices)
        if image.brightest is not None
    ]
    if not deep:
        return
    brightest, path = max(deep, key=lambda each: each[0])
    if brightest <= HALF_OF_16_BITS:
        raise DataError(
            f"{len(deep)} of the images that were drawn have 16 bits a channel and no value above {brightest} (in "
            f"{path}), so it is not plain which value is white: more than 8 bits a channel are read where all 16 are "
            f"used. Scale the values before you save the images with 8 bits: np.rint(image * (255 / {brightest or 1}))"
            ".astype('uint8'), by one number for all. Then give the same command again."
        )
    log.info("images of 16 bits a channel, of which 65535 is white: %d (as %s)", len(deep), path)


def _require_one_size(decoded: list[list[DecodedImage]], drawn: list[tuple[ImageFiles, np.ndarray]]) -> None:
    """Check that all decoded images have one height and width; the error counts the sizes, each with an example."""
    first: dict[tuple[int, int], Path] = {}
    counts: dict[tuple[int, int], int] = {}
    for images, (files, indices) in zip(decoded, drawn):
        for image, index in zip(images, indices):
            shape = image.pixels.shape[1:]
            first.setdefault(shape, files.path(index))
            counts[shape] = counts.get(shape, 0) + 1
    if len(counts) > 1:
        common = sorted(counts, key=lambda size: (-counts[size], size))
        shown = [f"{size[1]} x {size[0]} ({counts[size]}, as {first[size]})" for size in common[:MOST_NAMED]]
        more = f" and {len(common) - MOST_NAMED} more" if len(common) > MOST_NAMED else ""
        raise DataError(
            f"The images that were drawn are of {len(common)} sizes, and must be of one: {', '.join(shown)}{more}. Set "
            f"dataset.image_size, to {max(common[0])} for instance, to have all resized to a square of that side."
        )
