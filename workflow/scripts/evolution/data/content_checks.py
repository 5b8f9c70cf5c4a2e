"""Whether drawn images hold what their owner believes: images that are empty, copied, dark or mixed up are found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evolution.data.contents import listed
from evolution.data.folder_parts import parts_in_names
from evolution.data.identical_images import identical_images, many_copies
from evolution.errors import DataError

# Of 255: images that are nowhere brighter than this look black, and such a range looks like one tone.
DARK, NARROW = 64, 32

# Means of the two parts that lie so far apart, of 255, or largest values of which one is so many times the other.
FAR_MEANS, FAR_RANGES = 64, 4

# Pixels of an image that are looked at first.
PROBES = 32


@dataclass(frozen=True)
class CheckedPart:
    """The images of one part that were drawn.

    Attributes
    ----------
    images : uint8 array (n, C, H, W)
    labels : int64 array (n,) or None
        None where the images have no classes.
    place : callable
        Takes a position in `images`, and says where the image comes from: its file, or its position in an array.
    """

    images: np.ndarray
    labels: np.ndarray | None
    place: Callable[[int], str]

    @cached_property
    def flat(self) -> np.ndarray:
        """bool array (n,): whether each channel of the image has one value everywhere."""
        count, channels = self.images.shape[:2]
        planes = self.images.reshape(count, channels, -1)
        # A few pixels tell of nearly all images that they have something in them.
        few = planes[:, :, np.linspace(0, planes.shape[2] - 1, PROBES).astype(int)]
        flat = (few == few[:, :, :1]).all(axis=(1, 2))
        candidates = np.flatnonzero(flat)
        flat[candidates] = (planes[candidates] == planes[candidates][:, :, :1]).all(axis=(1, 2))
        return flat

    @cached_property
    def range(self) -> tuple[int, int]:
        """The smallest and the largest value of all pixels."""
        return int(self.images.min()), int(self.images.max())


def require_content(train: CheckedPart, evaluation: CheckedPart, *, source: str, composited: int) -> None:
    """Refuse images that are all the same, of one colour most often.

    Parameters
    ----------
    train, evaluation : CheckedPart
    source : str
        The data set's name in the config.
    composited : int
        How many of the images have transparent pixels, which were composited on white.

    Raises
    ------
    DataError
    """
    first = train.images[0]
    if any((image != first).any() for part in (train, evaluation) for image in part.images):
        return
    colour = ", ".join(map(str, first[:, 0, 0]))
    same = f"every pixel has the same value ({colour})" if train.flat[0] else "the pixels are those of the first"
    hint = (
        f"{composited} of them have transparent pixels, which were composited on white: if the images are white "
        "themselves, their shape lies in the alpha channel. Save them on a ground of another colour"
        if composited and (first == 255).all()
        else f"Look at the first, {train.place(0)}, and at how it was saved: values that were scaled wrongly, or cut "
        "to 8 bits, become all the same"
    )
    raise DataError(
        f"{source}: in all {len(train.images) + len(evaluation.images)} images that were drawn, {same}, so "
        f"there is nothing to learn. {hint}.",
        key="dataset.name",
    )


def content_warnings(
    train: CheckedPart,
    evaluation: CheckedPart,
    *,
    class_names: tuple[str, ...],
    shape: tuple[int, int],
    composited: int,
) -> list[str]:
    """What is odd and possible in the images that were drawn.

    Parameters
    ----------
    train, evaluation : CheckedPart
    class_names : tuple of str (K,)
    shape : (int, int)
        Height and width of the images in their source, before they were resized.
    composited : int
        How many of the images have transparent pixels, which were composited on white.

    Returns
    -------
    list of str
        A plain sentence or two each.
    """
    train_numbers, eval_numbers = identical_images(train.images, evaluation.images)
    # Images of one colour are reported once: they do not count as copies of each other.
    train_numbers[train.flat] = -1 - np.arange(train.flat.sum())
    eval_numbers[evaluation.flat] = -1 - len(train_numbers) - np.arange(evaluation.flat.sum())
    return [
        *_of_names(class_names),
        *_of_shape(shape),
        *_without_variation(train, evaluation, class_names, composited),
        *_of_brightness(train, evaluation),
        *many_copies(train_numbers, train.place, "images", alike=", pixel for pixel"),
        *_other_labels([(train, train_numbers), (evaluation, eval_numbers)], class_names),
        *_in_both_parts(train, train_numbers, evaluation, eval_numbers),
    ]


def _of_names(class_names: tuple[str, ...]) -> Iterator[str]:
    if both := parts_in_names(class_names):
        yield (
            f"The classes {both[0]} and {both[1]} are called as parts of a data set are. If they are parts, the "
            "network learns to tell the parts apart, and not what is in the images."
        )


def _of_shape(shape: tuple[int, int]) -> Iterator[str]:
    if 1 not in shape:
        return
    pixels = max(shape)
    side = round(pixels**0.5)
    remedy = f"; if these are rows of {side} x {side} pixels, save images.reshape(-1, {side}, {side})"
    yield (
        f"The images are {shape[0]} high and {shape[1]} wide. A network for images sees lines in them"
        f"{remedy if side > 1 and side * side == pixels else ''}."
    )


def _without_variation(
    train: CheckedPart, evaluation: CheckedPart, class_names: tuple[str, ...], composited: int
) -> Iterator[str]:
    count, total = sum(int(part.flat.sum()) for part in (train, evaluation)), len(train.images) + len(evaluation.images)
    if not count:
        return
    part = train if train.flat.any() else evaluation
    whole = []
    if train.labels is not None:
        flat_labels = np.concatenate([part.labels[part.flat] for part in (train, evaluation)])
        all_labels = np.concatenate([train.labels, evaluation.labels])
        flat, present = (np.bincount(labels, minlength=len(class_names)) for labels in (flat_labels, all_labels))
        whole = [name for name, one, all_of_it in zip(class_names, flat, present) if one == all_of_it > 0]
    classes = f" All images of {listed(whole, more='more classes')} are." if whole else ""
    white = f" {composited} images have transparent pixels, which were composited on white." if composited else ""
    yield (
        f"{count} of the {total} images that were drawn ({_percent(count, total)}) are of one colour, without anything "
        f"in them (as {part.place(int(np.flatnonzero(part.flat)[0]))}).{classes}{white}"
    )


def _of_brightness(train: CheckedPart, evaluation: CheckedPart) -> Iterator[str]:
    (low, high), (eval_low, eval_high) = train.range, evaluation.range
    means = [part.images.sum(dtype=np.uint64) / part.images.size for part in (train, evaluation)]
    small, large = sorted((high, eval_high))
    if abs(means[0] - means[1]) > FAR_MEANS or small * FAR_RANGES <= large:
        yield (
            f"Training and evaluation images differ much in brightness: means of {means[0]:.0f} and {means[1]:.0f}, "
            f"largest values of {high} and {eval_high}, of 255. Were they scaled or inverted in different ways?"
        )
    elif max(high, eval_high) < DARK:
        yield (
            f"No pixel is brighter than {max(high, eval_high)} of 255, so the images are shown nearly black. Scale "
            "them by the range that they use before they are saved."
        )
    elif max(high, eval_high) - min(low, eval_low) < NARROW:
        yield (
            f"All pixels lie between {min(low, eval_low)} and {max(high, eval_high)} of 255, so the images are shown "
            "nearly in one tone. Scale them by the range that they use before they are saved."
        )


def _other_labels(parts: list[tuple[CheckedPart, np.ndarray]], class_names: tuple[str, ...]) -> Iterator[str]:
    """Images of one part that are the same, pixel for pixel, and have different labels."""
    count, example = 0, ""
    for part, numbers in parts:
        if part.labels is None or len(np.unique(numbers)) == len(numbers):
            continue
        # Each image with its label once: an image that is there twice then has two labels.
        pairs = np.unique(numbers * len(class_names) + part.labels)
        images, labels = np.unique(pairs // len(class_names), return_counts=True)
        mixed = np.flatnonzero(np.isin(numbers, images[labels > 1]))
        count += len(mixed)
        if len(mixed) and not example:
            first = mixed[0]
            other = next(i for i in mixed if numbers[i] == numbers[first] and part.labels[i] != part.labels[first])
            places = [f"{part.place(int(i))} is {class_names[part.labels[i]]}" for i in (first, other)]
            example = ", and ".join(places)
    if count:
        yield (
            f"{count} images have a copy, pixel for pixel, that has another label ({example}). Labels or files are "
            "mixed up, or the images do not show the class."
        )


def _in_both_parts(
    train: CheckedPart, train_numbers: np.ndarray, evaluation: CheckedPart, eval_numbers: np.ndarray
) -> Iterator[str]:
    """Evaluation images that are training images too."""
    shared = np.flatnonzero(np.isin(eval_numbers, train_numbers))
    if not len(shared):
        return
    other, predicted = 0, "How well they are predicted"
    if train.labels is not None:
        known = set(zip(train_numbers.tolist(), train.labels.tolist()))
        other = sum((int(eval_numbers[i]), int(evaluation.labels[i])) not in known for i in shared)
        predicted = "Accuracy on them"
    total, first = len(eval_numbers), int(shared[0])
    twin = int(np.flatnonzero(train_numbers == eval_numbers[first])[0])
    mixed = f" {other} of them {'has' if other == 1 else 'have'} another label there." if other else ""
    yield (
        f"{len(shared)} of the {total} evaluation images ({_percent(len(shared), total)}) are training images too, "
        f"pixel for pixel (as {evaluation.place(first)} and {train.place(twin)}).{mixed} {predicted} says nothing "
        "about new images; remove the copies."
    )


def _percent(count: int, total: int) -> str:
    share = 100 * count / total
    if share < 1:
        return "less than 1 %"
    return "more than 99 %" if 99 < share < 100 else f"{share:.0f} %"
