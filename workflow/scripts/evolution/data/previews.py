"""What a person looks at in place of a sample: an image, a text that is drawn, or a tile with the sample's name."""

from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from evolution.data.contents import unusable

# Pixels of the longer side of a preview, and of a tile.
LARGEST, TILE = 64, 64

# Of a tile's text: pixels of its letters, of the distance from the edge, and between its lines.
LETTERS, MARGIN, SPACING = 9, 1, 1
# More than the narrowest letters that a tile has room for.
MOST_LETTERS = 300


def thumbnail(preview: object, name: str, where: str) -> Image.Image:
    """The preview of one sample as an image that is no larger than `LARGEST`, grey or of colours.

    Parameters
    ----------
    preview : object
        An image of Pillow; an array or tensor (H, W), (H, W, 3), (H, W, 1), (1, H, W) or (3, H, W), of whole numbers
        from 0 to 255, floats from 0 to 1, or booleans; or a text.
    name : str
        Of the sample, for messages.
    where : str
        Where it comes from, for messages.

    Raises
    ------
    DataError
        If the preview is none of these.
    """
    return _small(_picture(preview, name, where))


def previews_of(
    previews: list[Image.Image | None] | None, *, first_input: np.ndarray | None, names: list[str]
) -> np.ndarray:
    """The previews of samples, all of one size.

    Parameters
    ----------
    previews : list or None
        What `thumbnail` made of each sample's; None for a sample without one, which gets a tile with its name. None:
        `first_input` is shown where it is an image, and else the names are.
    first_input : array (N, ...) or None
        The first input of the model, where it is known.
    names : list of str (N,)
        The samples' ids.

    Returns
    -------
    uint8 array (N, C, H, W)
        One channel or three.
    """
    if previews is not None:
        pictures = [tile(name) if preview is None else preview for preview, name in zip(previews, names)]
    elif (images := _as_images(first_input)) is not None:
        pictures = list(_stretched(images))
    else:
        pictures = [tile(name) for name in names]
    colour = any(picture.mode != "L" for picture in pictures)
    size = tuple(max(picture.size[axis] for picture in pictures) for axis in (0, 1))
    made = np.empty((len(pictures), 3 if colour else 1, size[1], size[0]), np.uint8)
    for place, picture in enumerate(pictures):
        if picture.size != size:
            # Not stretched: it stays as it looks, on white.
            picture = ImageOps.pad(picture, size, Image.Resampling.BILINEAR, color="white")
        array = np.asarray(picture.convert("RGB" if colour else "L"))
        made[place] = array.transpose(2, 0, 1) if colour else array
    return made


def sample_previews(
    kind: str, inputs: np.ndarray, *, texts: np.ndarray | None = None, columns: tuple[str, ...] = ()
) -> np.ndarray:
    """What a person looks at in place of samples that are no images.

    Parameters
    ----------
    kind : str
        See `evolution.data.kinds`.
    inputs : array (N, ...)
        As the model is given them.
    texts : str array (N,) or None
        Of tokens.
    columns : tuple of str
        Of a table.

    Returns
    -------
    uint8 array (N, 1, H, W)
    """
    if texts is None:
        texts = [" ".join(f"{value:.3g}" for value in sample.reshape(-1)[:MOST_LETTERS]) for sample in inputs]
    return np.stack([np.asarray(tile(str(text)))[None] for text in texts])


def _as_images(inputs: np.ndarray | None) -> np.ndarray | None:
    """Inputs as images (N, C, H, W), if they are images (N, C, H, W) or (N, H, W, C) of one channel or three."""
    if inputs is None or inputs.dtype != np.float32 or inputs.ndim != 4:
        return None
    if inputs.shape[1] in (1, 3):
        return inputs
    return inputs.transpose(0, 3, 1, 2) if inputs.shape[3] in (1, 3) else None


def tile(text: str) -> Image.Image:
    """A text in a small image, with as many of its words as there is room for."""
    image = Image.new("L", (TILE, TILE), 255)
    font = _font()
    lines = list(_wrapped(text, font, TILE - 2 * MARGIN))
    # As Pillow spaces lines.
    height = font.getbbox("A")[3] + SPACING
    room = (TILE - 2 * MARGIN + SPACING) // height
    if len(lines) > room:
        last = lines[room - 1]
        while last and font.getlength(last + "…") > TILE - 2 * MARGIN:
            last = last[:-1]
        lines = [*lines[: room - 1], last + "…"]
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((MARGIN, MARGIN + number * height), line, fill=0, font=font)
    return image


@lru_cache
def _font() -> ImageFont.FreeTypeFont:
    """The font of the figures, which has Greek, Cyrillic and more; Pillow's own where matplotlib is not installed."""
    # The file is found without importing matplotlib, or the module of the figures' fonts: the samples would be taken
    # again when the look of a figure changes.
    found = find_spec("matplotlib")
    if found is not None and found.origin is not None:
        path = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if path.is_file():
            return ImageFont.truetype(path, LETTERS)
    return ImageFont.load_default(LETTERS)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> Iterator[str]:
    """A text in lines of so many pixels; a word that is longer is cut."""
    line = ""
    # No more letters than a tile has room for, of a text that may be a book.
    for word in text[:MOST_LETTERS].split():
        if line and font.getlength(f"{line} {word}") > width:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
        while font.getlength(line) > width and len(line) > 1:
            fitting = next(end for end in range(1, len(line)) if font.getlength(line[: end + 1]) > width)
            yield line[:fitting]
            line = line[fitting:]
    if line:
        yield line


def _stretched(images: np.ndarray) -> Iterator[Image.Image]:
    """Images as small ones, the darkest value of all of them black and the brightest white."""
    low, high = images.min(), images.max()
    scale = np.float32(255) / max(high - low, np.float32(1e-12))
    for image in images:
        picture = Image.fromarray(_channels_last(np.rint((image - low) * scale).astype(np.uint8)))
        yield _small(picture)


def _small(picture: Image.Image) -> Image.Image:
    """An image of at most `LARGEST` pixels, in its own proportions."""
    if max(picture.size) <= LARGEST:
        return picture
    return ImageOps.contain(picture, (LARGEST, LARGEST), Image.Resampling.BILINEAR)


def _channels_last(image: np.ndarray) -> np.ndarray:
    """(H, W) or (H, W, 3) of an image (1, H, W) or (3, H, W)."""
    return image[0] if image.shape[0] == 1 else image.transpose(1, 2, 0)


def _picture(preview: object, name: str, where: str) -> Image.Image:
    """One preview as an image of Pillow, grey or of colours."""
    if isinstance(preview, str):
        return tile(preview)
    if isinstance(preview, Image.Image):
        return _plain(preview)
    array = np.asarray(preview)
    if array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[2] not in (1, 3):
        array = _channels_last(array)
    elif array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3) or not array.size:
        raise unusable(
            f"{where}: the preview of {name} is {array.shape}; it is an image (H, W) or (H, W, 3), or a text"
        )
    # Not a float's range for whole numbers, nor the other way round.
    highest = {"f": 1, "b": 1, "i": 255, "u": 255}.get(array.dtype.kind)
    if highest is None or not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= highest):
        raise unusable(
            f"{where}: the preview of {name} is {array.dtype} with values outside 0 to {highest or 255}; give whole "
            "numbers from 0 to 255, or floats from 0 to 1"
        )
    scaled = array if highest == 255 else np.rint(array.astype(np.float64) * 255)
    return Image.fromarray(scaled.astype(np.uint8))


def _plain(picture: Image.Image) -> Image.Image:
    """An image of Pillow in grey or colours; what is transparent lies on white."""
    if picture.mode in ("L", "RGB"):
        return picture
    if picture.mode == "1":
        return picture.convert("L")
    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return picture.convert("RGB")
