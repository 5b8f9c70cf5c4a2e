"""The pixels of a user's own .npz archive as bytes, and what was lost on the way or scaled."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evolution.data.contents import unusable
from evolution.data.npz_advice import pixel_advice
from evolution.data.npz_archive import WITH_ALPHA, image_axes, read_array
from evolution.data.npz_layout import Layout

log = logging.getLogger("evolution")

# Pixels that were scaled to [0, 1] in float32 may lie this much above 1.
TOLERANCE = 1e-6

# Pixels that begin this close to -1 were scaled to -1..1; bytes that were averaged come as close to 255 as this.
NEARLY, HALF_BYTES = 1e-3, 128

# Brighter pixels than this use all of 16 bits, and no 12 or 14 of them.
HALF_OF_16_BITS = 2**15

# The ranges of numbers that pixels are stored in: whole numbers of bytes, averaged bytes, -1 to 1, 0 to 1.
WHOLE_BYTES, BYTES, SIGNED, UNIT = "whole bytes", "bytes", "-1 to 1", "0 to 1"

# Images that are converted at a time, so that conversion takes little memory.
CHUNK = 1000

# Images whose values are counted at a time.
COUNTED = 100

# With so many different values left, rounding is not what spoils an image.
ENOUGH_LEVELS = 32

# Values are counted at this precision, of the range that they use.
FINE = 2**16 - 1

# Rounding that moves pixels by more than this share of their standard deviation changes what a network can learn.
WORST_ROUNDING = 0.05


# Images that are looked at one by one, and the share of their pixels that are left out as the brightest.
LOOKED_AT, BRIGHTEST = 50, 0.01

# With more images than this share spoiled by rounding, so is most that a network can learn from.
MOST_SPOILED = 0.5


@dataclass(frozen=True)
class ArchiveImages:
    """An archive's images.

    Attributes
    ----------
    train : uint8 array (N, C, H, W)
    evaluation : uint8 array (M, C, H, W) or None
        None where the archive has one part only.
    warnings : tuple of str
        What is odd and possible, a sentence or two each.
    composited : int
        Images with transparent pixels, which were composited on white.
    """

    train: np.ndarray
    evaluation: np.ndarray | None
    warnings: tuple[str, ...]
    composited: int = 0


def read_images(layout: Layout) -> ArchiveImages:
    """Read an archive's images.

    Floats from 0 to 1, or from -1 to 1, are scaled to 0..255 and rounded; the log says how far rounding moved a pixel
    at most. Floats and whole numbers of any type that are bytes stay what they are. Booleans, and whole numbers that
    are 0 and 1 alone, become 0 and 255. Transparent pixels are composited on white.

    Parameters
    ----------
    layout : Layout
        Of an archive of images.

    Raises
    ------
    DataError
        If the archive cannot be read, a float is not finite, the range of the pixels has more than one meaning, scaling
        to bytes would leave too few of the values, or one array holds 0 and 1 alone and the other does not.
    """
    path, names = layout.path, [part.inputs for part in layout.parts]
    arrays = {name: read_array(path, name) for name in names}
    axes = {name: image_axes(path, name, array.shape) for name, array in arrays.items()}
    arrays = _scaled_bits(path, _bytes_of_whole_numbers(path, arrays))
    warnings: list[str] = []
    _scale_floats(arrays)
    for name, array in arrays.items():
        if array.dtype != np.uint8:
            _check_range(path, arrays, name)
            arrays[name] = _as_bytes(path, arrays, name, warnings)
    composited = 0
    parts = []
    for name in names:
        images = _channels_second(arrays[name], axes[name])
        if images.shape[1] == WITH_ALPHA:
            images, transparent = _on_white(images)
            composited += transparent
            log.info("%s has a fourth channel, transparency: composited on white, %d images of it", name, transparent)
        parts.append(images)
    return ArchiveImages(parts[0], parts[1] if parts[1:] else None, tuple(warnings), composited)


def _on_white(images: np.ndarray) -> tuple[np.ndarray, int]:
    """uint8 images (N, 4, H, W) composited on white, (N, 3, H, W), and how many of them have transparent pixels."""
    opaque, transparent = np.empty((len(images), 3, *images.shape[2:]), np.uint8), 0
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK].astype(np.float64)
        alpha = part[:, 3:] / 255
        opaque[start : start + CHUNK] = np.rint(part[:, :3] * alpha + 255 * (1 - alpha))
        transparent += int((alpha < 1).any(axis=(1, 2, 3)).sum())
    return opaque, transparent


def _bytes_of_whole_numbers(path: Path, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays, those of wider whole numbers that are all from 0 to 255 as uint8, those of 16 bits from 0 to 1."""
    wide = {name: array for name, array in arrays.items() if array.dtype.kind in "iu" and array.dtype != np.uint8}
    if all(array.dtype.newbyteorder("=") == np.uint16 and array.max() > HALF_OF_16_BITS for array in wide.values()):
        for name, array in wide.items():
            log.info("%s: uint16 up to %d, taken as 16 bits: 65535 is white", name, array.max())
        return {name: array / np.float32(65535) if name in wide else array for name, array in arrays.items()}
    for name, array in wide.items():
        if array.min() < 0 or array.max() > 255:
            raise unusable(
                f"{path}: {name} is of type {array.dtype}; whole numbers must be from 0 to 255{pixel_advice(wide)}"
            )
        log.info("%s: %s of whole numbers from %d to %d, taken as bytes", name, array.dtype, array.min(), array.max())
    return {name: array.astype(np.uint8) if name in wide else array for name, array in arrays.items()}


def _scale_floats(arrays: dict[str, np.ndarray]) -> None:
    """Bring floats from -1 to 1, or from 0 to 255, to what is read, in place; those from 0 to 1 stay as they are."""
    floats = {name: array for name, array in arrays.items() if array.dtype.kind == "f"}
    ranges = {name: _range(array) for name, array in floats.items()}
    if len(set(ranges.values())) != 1:
        return
    (found,) = set(ranges.values())
    if found == UNIT or found is None:
        return
    for name, array in floats.items():
        if found == SIGNED:
            log.info("%s: %s from %g to %g, scaled to 0 to 1 from -1 to 1", name, array.dtype, array.min(), array.max())
            arrays[name] = (array.astype(np.float64) + 1) / 2
        else:
            moved = 0.0 if found == WHOLE_BYTES else float(np.abs(array - np.rint(array)).max())
            log.info(
                "%s: %s from %g to %g, taken as bytes; rounding moves a pixel by at most %.2f of 255",
                name, array.dtype, array.min(), array.max(), moved,
            )  # fmt: skip
            arrays[name] = np.rint(array).astype(np.uint8)


def _range(images: np.ndarray) -> str | None:
    """The range that floats are in, where it has one meaning."""
    low, high = float(images.min()), float(images.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        return None
    if low >= -TOLERANCE and high <= 1 + TOLERANCE:
        return UNIT
    if low >= 0 and high <= 255:
        if all((images[start : start + CHUNK] % 1 == 0).all() for start in range(0, len(images), CHUNK)):
            return WHOLE_BYTES
        return BYTES if high > HALF_BYTES else None
    return SIGNED if abs(low + 1) <= NEARLY and high <= 1 + TOLERANCE else None


def _channels_second(images: np.ndarray, axes: str) -> np.ndarray:
    if axes == "NHW":
        return images[:, None]
    return images if axes == "NCHW" else images.transpose(0, 3, 1, 2)


def _scaled_bits(path: Path, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays, those of truth values or of 0 and 1 alone as uint8 of 0 and 255."""
    largest = {name: int(array.max()) for name, array in arrays.items() if array.dtype == np.uint8}
    bits = [name for name, array in arrays.items() if array.dtype.kind == "b" or largest.get(name, 2) <= 1]
    ones = [name for name in bits if largest.get(name) == 1]
    others = [name for name in arrays if name not in bits]
    if ones and others:
        # Whichever of the two is meant, the network would see one part 255 times as bright as the other.
        raise unusable(
            f"{path}: {ones[0]} holds 0 and 1 alone, and {others[0]} more than that. Both must use one range: save "
            f"{ones[0]} * 255 if 1 is white, or {ones[0]} with the range of {others[0]}"
        )
    scaled = dict(arrays)
    for name in bits:
        if arrays[name].dtype.kind == "b" or ones:
            scaled[name] = arrays[name].astype(np.uint8) * np.uint8(255)
            log.info("%s: %s of 0 and 1 scaled to 0 and 255", name, arrays[name].dtype)
    return scaled


def _check_range(path: Path, arrays: dict[str, np.ndarray], name: str) -> None:
    """Check that floats are finite and from 0 to 1."""
    images = arrays[name]
    low, high = float(images.min()), float(images.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = next(index for index, image in enumerate(images) if not np.isfinite(image).all())
        raise unusable(
            f"{path}: {name} holds values that are not finite, first in image {bad}; replace them: "
            f"np.nan_to_num({name})"
        )
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        floats = {each: array for each, array in arrays.items() if array.dtype.kind == "f"}
        raise unusable(
            f"{path}: {name} is of type {images.dtype}; floats must be from 0 to 1, from -1 to 1, or from 0 to 255"
            f"{pixel_advice(floats) or f', and these are from {low:g} to {high:g}'}"
        )


def _as_bytes(path: Path, arrays: dict[str, np.ndarray], name: str, warnings: list[str]) -> np.ndarray:
    """Floats in [0, 1] as uint8, converted in chunks, so that large data do not take several times their memory."""
    images = arrays[name]
    scaled, moved, squares = np.empty(images.shape, np.uint8), 0.0, 0.0
    for start in range(0, len(images), CHUNK):
        part = np.clip(images[start : start + CHUNK].astype(np.float64), 0, 1)
        scaled[start : start + CHUNK] = np.rint(part * 255)
        error = scaled[start : start + CHUNK] / 255 - part
        moved = max(moved, float(np.abs(error).max()))
        squares += float(np.square(error).sum())
    log.info(
        "%s: %s in [0, 1] scaled to whole numbers from 0 to 255; rounding moves a pixel by at most %.4f of that range",
        name, images.dtype, moved,
    )  # fmt: skip
    left = _levels_left(scaled)
    if left < ENOUGH_LEVELS:
        _check_levels(path, arrays, name, left, np.sqrt(squares / images.size), warnings)
    elif (share := _spoiled_images(images, scaled)) > MOST_SPOILED:
        warnings.append(
            f"{path.name}: in {share:.0%} of {name} all pixels but a few bright ones are dark. Scaling 0 to 1 to whole "
            f"numbers from 0 to 255 moves them by more than {WORST_ROUNDING:.0%} of their standard deviation. If they "
            "count, cut off the bright ones before you scale, such as with np.clip."
        )
    return scaled


def _spoiled_images(images: np.ndarray, scaled: np.ndarray) -> float:
    """The share of images that rounding moves far, their brightest pixels left out; estimated from some of them."""
    some = np.linspace(0, len(images) - 1, min(len(images), LOOKED_AT)).astype(int)
    values = images[some].reshape(len(some), -1).astype(np.float64)
    errors = scaled[some].reshape(len(some), -1) / 255 - values
    kept = values <= np.quantile(values, 1 - BRIGHTEST, axis=1, keepdims=True)
    deviation, rounding = values.std(1, where=kept), np.sqrt(np.square(errors).mean(1, where=kept))
    return float(((deviation > 0) & (rounding > WORST_ROUNDING * deviation)).mean())


def _levels_left(scaled: np.ndarray) -> int:
    """The number of different bytes, or `ENOUGH_LEVELS` and more as soon as there are so many."""
    seen = np.zeros(256, bool)
    for start in range(0, len(scaled), COUNTED):
        seen[scaled[start : start + COUNTED]] = True
        if seen.sum() >= ENOUGH_LEVELS:
            break
    return int(seen.sum())


def _check_levels(
    path: Path, arrays: dict[str, np.ndarray], name: str, left: int, rounding: float, warnings: list[str]
) -> None:
    """Refuse floats of which scaling to bytes leaves too few values, or warn; `rounding` is the root mean square."""
    images = arrays[name]
    low, high = float(images.min()), float(images.max())
    if high <= low:
        return
    counts, total, squares = np.zeros(FINE + 1, bool), 0.0, 0.0
    for start in range(0, len(images), COUNTED):
        part = (images[start : start + COUNTED].astype(np.float64) - low) / (high - low)
        counts[np.rint(part * FINE).astype(np.int64)] = True
        total += float(part.sum())
        squares += float(np.square(part).sum())
    before, mean = int(counts.sum()), total / images.size
    if before < 2 * left:
        return
    deviation = np.sqrt(max(squares / images.size - mean**2, 0.0)) * (high - low)
    share = rounding / deviation if deviation else np.inf
    are = "is" if left == 1 else "are"
    found = (
        f"of {before} different values of {name}, from {low:g} to {high:g}, only {left} {are} left where 0 to 1 "
        f"is scaled to whole numbers from 0 to 255; rounding moves the pixels by {100 * share:.0f} % of their standard "
        "deviation"
    )
    first = next(iter(arrays))
    if name == first:
        narrow = f"({{0}} - {name}.min()) / ({name}.max() - {name}.min())"
        scale = f"{{0}} / {name}.max()" if low < high / 2 else narrow
        remedy = "Scale by the range that is used: " + ", and ".join(map(scale.format, arrays))
    else:
        remedy = f"Bring {name} to the range that {first} have"
    if share > WORST_ROUNDING:
        raise unusable(f"{path}: {found}. {remedy}")
    warnings.append(f"{path.name}: {found}. {remedy}.")
