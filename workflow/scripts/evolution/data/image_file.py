"""One image file as pixels, as a viewer shows it: turned as its EXIF says, and on white where it is transparent."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evolution.data.image_header import (
    FORMATS,
    ValueTypeError,
    channels_of,
    depth_fault,
    has_16_bits,
    orientation,
    page_count,
)

# What Pillow multiplies the grey values of a PNG of 2 or 4 bits by, but not the value that is transparent.
GREY_FACTORS = {"L;2": 85, "L;4": 17}


@dataclass(frozen=True)
class DecodedImage:
    """An image file's pixels, and what was done to get them.

    Attributes
    ----------
    pixels : uint8 array (1, H, W) or (3, H, W)
        One channel where the image is grey.
    turned : bool
        Whether EXIF's orientation turned or mirrored it.
    composited : bool
        Whether it has transparent pixels, which were composited on white.
    pages : int
        Pages or frames in the file, of which this is the first.
    brightest : int or None
        Of an image of 16 bits a channel its largest value, of 65535, which is 255 in `pixels`; None of others. Of
        colours only the high byte is known, and this is the largest value with it.
    """

    pixels: np.ndarray
    turned: bool
    composited: bool
    pages: int
    brightest: int | None = None


def decode(path: Path, size: int | None) -> DecodedImage:
    """Decode one image file.

    Parameters
    ----------
    path : path
    size : int or None
        Height and width to resize to; None keeps the image as it is.

    Raises
    ------
    Exception
        Of any kind, if the file is damaged or no image, and ValueTypeError for values that are neither of 8 nor of 16
        bits a channel.
    """
    from PIL import Image

    # From a stream: by its name Pillow would map an uncompressed TIFF into memory, and take the width for the height
    # where the image lies on its side.
    with open(path, "rb") as stream, Image.open(stream, formats=FORMATS) as image:
        deep = has_16_bits(image)
        if not deep and (fault := depth_fault(image)):
            raise ValueTypeError(fault)
        pages = page_count(image)
        layout = image.tile[0][3] if image.tile else None
        turn = orientation(image)
        image.load()
        # Pillow turns a TIFF when it decodes it.
        if turn != 1 and image.format != "TIFF":
            from PIL import ImageOps

            ImageOps.exif_transpose(image, in_place=True)
        key = image.info.get("transparency")
        if image.format == "PNG" and isinstance(key, int) and layout in GREY_FACTORS:
            image.info["transparency"] = key * GREY_FACTORS[layout]
        if deep and channels_of(image.mode) == 1:
            return _grey_of_16_bits(image, size, turn != 1, pages)
        shown, composited = _on_white(image)
        # Of colours of 16 bits, Pillow gives the high bytes.
        brightest = 256 * max(most for _, most in shown.getextrema()) + 255 if deep else None
        pixels = np.asarray(resized(shown, size))
    pixels = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return DecodedImage(pixels, turn != 1, composited, pages, brightest)


def _grey_of_16_bits(image, size: int | None, turned: bool, pages: int) -> DecodedImage:
    """A grey image of 16 bits, of which 65535 is white."""
    from PIL import Image

    values = np.asarray(image).astype(np.float32)
    scaled = resized(Image.fromarray(values / np.float32(257)), size)
    pixels = np.rint(np.asarray(scaled)).clip(0, 255).astype(np.uint8)
    return DecodedImage(pixels[None], turned, False, pages, int(values.max()))


def _on_white(image):
    """A Pillow image in mode L or RGB, composited on white where it is transparent, and whether it is anywhere.

    White is what viewers and printed pages have behind an image. Pillow does not tell the background that a PNG may
    name, and viewers do not show it. An opaque image keeps its values.
    """
    from PIL import Image

    mode = "L" if channels_of(image.mode) == 1 else "RGB"
    if not image.has_transparency_data:
        return image.convert(mode), False
    layers = image.convert("LA" if mode == "L" else "RGBA")
    alpha = layers.getchannel("A")
    least, most = alpha.getextrema()
    # Many programs leave a BMP's fourth channel empty, and viewers do not look at it.
    if least == 255 or (most == 0 and image.format == "BMP"):
        return image.convert(mode), False
    ground = Image.new(mode, image.size, "white")
    ground.paste(layers.convert(mode), mask=alpha)
    return ground, True


def resized(image, size: int | None):
    """A Pillow image resized to a square, by Pillow's bilinear filter, which averages when it shrinks."""
    from PIL import Image

    if size is None or image.size == (size, size):
        return image
    return image.resize((size, size), Image.Resampling.BILINEAR)
