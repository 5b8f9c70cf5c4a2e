"""What a person looks at in place of a sample: an image, a text that is drawn, or a tile with the sample's name."""

import textwrap

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from evolution.data.contents import unusable

# Pixels of the longer side of a preview, and of a tile.
LARGEST, TILE = 64, 64

# Letters in a line of a tile, and lines.
LETTERS, LINES = 12, 6


def previews_of(previews: list | None, *, first_input: np.ndarray, names: list[str], where: str) -> np.ndarray:
    """The previews of samples.

    Parameters
    ----------
    previews : list or None
        Of each sample an image of Pillow, an array (H, W), (H, W, 3), (1, H, W) or (3, H, W) of uint8 or of floats from
        0 to 1, or a text. None: `first_input` is shown where it is an image, and else the names are.
    first_input : array (N, ...)
        The first input of the model.
    names : list of str (N,)
        The samples' ids.
    where : str
        Where they come from, for messages.

    Returns
    -------
    uint8 array (N, C, H, W)
        One channel or three.

    Raises
    ------
    DataError
        If a preview is none of these.
    """
    if previews is None:
        if first_input.dtype == np.float32 and first_input.ndim == 4 and first_input.shape[1] in (1, 3):
            low, high = first_input.min(), first_input.max()
            scaled = (first_input - low) * (np.float32(255) / max(high - low, np.float32(1e-12)))
            pictures = [Image.fromarray(_channels_last(np.rint(image).astype(np.uint8))) for image in scaled]
        else:
            pictures = [tile(name) for name in names]
    else:
        pictures = [_picture(preview, name, where) for preview, name in zip(previews, names)]
    colour = any(picture.mode != "L" for picture in pictures)
    width, height = pictures[0].size
    scale = min(1, LARGEST / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    arrays = []
    for picture in pictures:
        picture = picture.convert("RGB" if colour else "L")
        if picture.size != size:
            picture = picture.resize(size, Image.Resampling.BILINEAR)
        array = np.asarray(picture)
        arrays.append(array.transpose(2, 0, 1) if colour else array[None])
    return np.stack(arrays)


def tile(text: str) -> Image.Image:
    """A text in a small grey image."""
    image = Image.new("L", (TILE, TILE), 255)
    lines = textwrap.wrap(text, LETTERS) or [""]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], lines[LINES - 1][: LETTERS - 1] + "…"]
    ImageDraw.Draw(image).multiline_text((1, 1), "\n".join(lines), fill=0, font=ImageFont.load_default(9), spacing=1)
    return image


def _channels_last(image: np.ndarray) -> np.ndarray:
    """(H, W) or (H, W, 3) of an image (1, H, W) or (3, H, W)."""
    return image[0] if image.shape[0] == 1 else image.transpose(1, 2, 0)


def _picture(preview: object, name: str, where: str) -> Image.Image:
    """One preview as an image of Pillow."""
    if isinstance(preview, str):
        return tile(preview)
    if isinstance(preview, Image.Image):
        return preview if preview.mode in ("L", "RGB") else preview.convert("RGB")
    array = np.asarray(preview)
    if array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[2] not in (1, 3):
        array = _channels_last(array)
    elif array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise unusable(
            f"{where}: the preview of {name} is {array.shape}; it is an image (H, W) or (H, W, 3), or a text"
        )
    if array.dtype.kind == "f":
        if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
            raise unusable(
                f"{where}: the preview of {name} has values outside 0 to 1; give uint8, or floats from 0 to 1"
            )
        array = np.rint(array * 255)
    return Image.fromarray(array.astype(np.uint8))
