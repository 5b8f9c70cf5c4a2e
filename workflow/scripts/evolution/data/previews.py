"""What a person looks at in place of a sample: an image, a text, a signal, a row, or a tile with the sample's name."""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from evolution.data.contents import unusable
from evolution.data.kinds import PADDING, SIGNALS, TABLE, TOKENS
from evolution.data.lettering import letters
from evolution.data.sketches import row_sketches, signal_sketches

# Pixels of the longer side of a preview, and of a tile.
LARGEST, TILE = 64, 64

# Of a tile's text: pixels of the distance from the edge, and between its lines.
MARGIN, SPACING = 1, 1
# Tokens that a text is read by, where nobody gave it.
MOST_SHOWN = 200
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


def given_previews(previews: np.ndarray, indices: np.ndarray, where: str) -> np.ndarray:
    """Previews that came with samples, all of one size.

    Parameters
    ----------
    previews : array (N, ...)
        Each as `thumbnail` takes it.
    indices : int64 array (N,)
        The samples' positions, for messages.
    where : str
        Where they come from, for messages.

    Returns
    -------
    uint8 array (N, C, H, W)
        One channel or three.

    Raises
    ------
    DataError
        As `thumbnail` raises it.
    """
    return _of_one_size([thumbnail(each, f"sample {index}", where) for each, index in zip(previews, indices)])


def previews_of(
    previews: list[Image.Image | None] | None,
    *,
    kind: str,
    first_input: np.ndarray | None,
    names: list[str],
    texts: Sequence[str] | None = None,
    columns: Sequence[str] = (),
) -> np.ndarray:
    """The previews of samples, all of one size.

    Parameters
    ----------
    previews : list or None
        What `thumbnail` made of each sample's; None for a sample without one, which gets a tile with its name. None:
        what the samples are decides, as `sample_previews` draws it.
    kind : str
        Of the samples, one of `evolution.data.kinds.KINDS`.
    first_input : array (N, ...) or None
        The first input of the model, where it is known.
    names : list of str (N,)
        The samples' ids.
    texts : sequence of str (N,), optional
        What a person reads.
    columns : sequence of str (D,), optional
        Of a table.

    Returns
    -------
    uint8 array (N, C, H, W)
        One channel or three.
    """
    if previews is not None:
        return _of_one_size([tile(name) if preview is None else preview for preview, name in zip(previews, names)])
    if texts is None and (first_input is None or kind == TOKENS):
        return _of_one_size([tile(name) for name in names])
    drawn = sample_previews(kind, first_input, texts=texts, columns=columns)
    return _of_one_size([tile(name) for name in names]) if drawn is None else drawn


def sample_previews(
    kind: str, inputs: np.ndarray | None, *, texts: Sequence[str] | None = None, columns: Sequence[str] = ()
) -> np.ndarray | None:
    """Samples as a person sees them, where nobody gave previews.

    Parameters
    ----------
    kind : str
        One of `evolution.data.kinds.KINDS`.
    inputs : array (N, ...) or None
        The first input of the model: rows (N, D), signals (N, T) or (N, C, T), images (N, C, H, W) or (N, H, W, C).
        None where it is not known.
    texts : sequence of str (N,), optional
        What a person reads, which comes before all else.
    columns : sequence of str (D,), optional
        Of a table.

    Returns
    -------
    uint8 array (N, C, H, W) or None
        One channel or three; None for samples that cannot be drawn.
    """
    if texts is not None:
        return _of_one_size([tile(text) for text in texts])
    if inputs is None:
        return None
    if kind == SIGNALS and inputs.ndim in (2, 3):
        return signal_sketches(inputs)
    if kind == TABLE and inputs.ndim == 2:
        return row_sketches(inputs, columns)
    if kind == TOKENS:
        return _of_one_size([tile(text) for text in token_texts(inputs, inputs != PADDING)])
    images = _as_images(inputs)
    return None if images is None else _of_one_size(list(_stretched(images)))


def token_texts(tokens: np.ndarray, there: np.ndarray, vocabulary: Sequence[str] = ()) -> np.ndarray:
    """What a person reads of tokens, where nobody gave texts: their words, or else their numbers.

    Parameters
    ----------
    tokens : int64 array (N, T)
    there : bool array (N, T)
        False for padding.
    vocabulary : sequence of str (V,), optional

    Returns
    -------
    str array (N,)
        Of the first `MOST_SHOWN` tokens of each sample.
    """
    words = np.array(vocabulary, object) if len(vocabulary) else None
    texts = []
    for row, kept in zip(tokens, there):
        used = row[kept][:MOST_SHOWN]
        texts.append(" ".join(map(str, used if words is None else words[used])))
    return np.array(texts, str)


def _of_one_size(pictures: list[Image.Image]) -> np.ndarray:
    """Images as an array (N, C, H, W), the smaller ones in the middle of white."""
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
    font = letters()
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
    scale = LARGEST / max(picture.size)
    # Of a very flat one a line of pixels is left.
    size = [max(1, round(side * scale)) for side in picture.size]
    return picture.resize(size, Image.Resampling.BILINEAR)


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
