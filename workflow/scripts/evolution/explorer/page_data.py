"""The explorer's data, in the forms that the page reads."""

import base64
import io

import numpy as np
from PIL import Image

from evolution.figures.sheets import square_limits

# Layouts travel as 16-bit whole numbers from -STEPS to STEPS: finer than any screen, a quarter of the bytes.
STEPS = 32_767

SPRITE_COLUMNS = 50

LARGEST_IMAGE = 96  # pixels

QUALITY = 85  # of colour images, which PNG would leave too large


def shown_samples(samples: int, most: int) -> np.ndarray:
    """The samples to show, int (n,) ascending: all, or `most` drawn at random, the same each time."""
    if samples <= most:
        return np.arange(samples)
    return np.sort(np.random.default_rng(0).permutation(samples)[:most])


def quantise(layouts: np.ndarray) -> np.ndarray:
    """Layouts of one layer, float (epochs, N, 2), on one square from -STEPS to STEPS, int16."""
    center, half = square_limits(list(layouts))
    return np.rint((layouts - center) / half * STEPS).astype(np.int16)


def packed(array: np.ndarray) -> dict[str, object]:
    """An array as JSON can hold it: little-endian bytes in base64, with shape and type."""
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return {"type": array.dtype.name, "shape": array.shape, "bytes": base64.b64encode(array.tobytes()).decode()}


def sprite(images: np.ndarray) -> dict[str, object]:
    """All images in one picture, as a data URL, row after row of `columns`.

    Parameters
    ----------
    images : uint8 array (N, C, H, W)
        One channel or three.
    """
    count, channels, height, width = images.shape
    if max(height, width) > LARGEST_IMAGE:
        # The page shows no larger ones, and a sheet of photographs would be as large as the disk.
        scale = LARGEST_IMAGE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        modes = [Image.fromarray(image[0] if channels == 1 else image.transpose(1, 2, 0)) for image in images]
        small = np.stack([np.asarray(image.resize(size, Image.Resampling.BILINEAR)) for image in modes])
        return sprite(small.reshape(count, size[1], size[0], channels).transpose(0, 3, 1, 2))
    columns = min(SPRITE_COLUMNS, count)
    rows = -(-count // columns)
    sheet = np.zeros((rows * columns, height, width, channels), np.uint8)
    sheet[:count] = images.transpose(0, 2, 3, 1)
    sheet = sheet.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    sheet = sheet.reshape(rows * height, columns * width, channels)
    buffer = io.BytesIO()
    if channels == 1:
        Image.fromarray(sheet[..., 0]).save(buffer, "PNG", optimize=True)
        kind = "png"
    else:
        Image.fromarray(sheet).save(buffer, "JPEG", quality=QUALITY)
        kind = "jpeg"
    url = f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return {"url": url, "columns": columns, "rows": rows, "width": width, "height": height}


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 3)
