"""What a person sees of a sample in the explorer: its image, its text, its values column by column."""

import base64
import io

import numpy as np
from PIL import Image

from evolution.data.unusual_values import unusual_columns
from evolution.explorer.packing import packed
from evolution.io.arrays import load_npz, names_in_npz

SPRITE_COLUMNS = 50

LARGEST_IMAGE = 96  # pixels

QUALITY = 85  # of colour images, which are JPEG, because PNG would be too large

LONGEST_TEXT = 400  # characters

MOST_COLUMNS = 20


def sample_data(dataset: str, subset: np.ndarray) -> dict[str, object]:
    """What samples are called, and what a person sees of them, for JSON.

    Parameters
    ----------
    dataset : path of dataset.npz
    subset : int array (n,)
        The samples on the page.

    Returns
    -------
    dict
        `sources`, their ids or positions in the data set; `texts`, `rows` and `sprite`, None where there are none. The
        preview of a text or of a row was drawn of what the page writes, so it is there only if it is the user's own.
    """
    known = names_in_npz(dataset)
    (sources,) = load_npz(dataset, "eval_ids" if "eval_ids" in known else "eval_indices")
    data = {"sources": sources[subset].tolist(), "texts": None, "rows": None, "sprite": None}
    if "eval_texts" in known:
        data["texts"] = shown_texts(load_npz(dataset, "eval_texts")[0][subset])
    if "eval_rows" in known:
        data["rows"] = shown_rows(*load_npz(dataset, "eval_rows", "column_names"), subset)
    given = "previews_given" in known and bool(load_npz(dataset, "previews_given")[0])
    if given or (data["texts"] is None and data["rows"] is None):
        data["sprite"] = sprite(load_npz(dataset, "eval_images")[0][subset])
    return data


def sprite(images: np.ndarray) -> dict[str, object]:
    """All images in one picture, as a data URL, row after row of `columns`.

    Parameters
    ----------
    images : uint8 array (N, C, H, W)
        One channel or three.
    """
    count, channels, height, width = images.shape
    if max(height, width) > LARGEST_IMAGE:
        # The page shows images no larger than this, and a sheet of whole photographs would be huge.
        scale = LARGEST_IMAGE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pictures = [Image.fromarray(image[0] if channels == 1 else image.transpose(1, 2, 0)) for image in images]
        small = np.stack([np.asarray(image.resize(size, Image.Resampling.BILINEAR)) for image in pictures])
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


def shown_texts(texts: np.ndarray) -> list[str]:
    """Texts, str (n,), without what is beyond `LONGEST_TEXT`."""
    cut = (str(text) for text in texts)
    return [text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1].rstrip()}…" for text in cut]


def shown_rows(rows: np.ndarray, names: np.ndarray, subset: np.ndarray) -> dict[str, object]:
    """Rows of a table, for JSON: of wide tables each row's most unusual values, the furthest from the mean first.

    Parameters
    ----------
    rows : float array (N, D)
        In the columns' own units.
    names : str array (D,)
    subset : int array (n,)
        The rows on the page. Means and standard deviations are those of all rows.

    Returns
    -------
    dict
        names, all of them; `values` float32 (n, M); `columns` int32 (n, M), the number of each value's column, or None
        where all columns are there in their order.
    """
    shown = rows[subset]
    order = None
    if rows.shape[1] > MOST_COLUMNS:
        order = unusual_columns(rows, subset, MOST_COLUMNS)
        shown = np.take_along_axis(shown, order, axis=1)
    return {
        "names": [str(name) for name in names],
        "values": packed(shown.astype(np.float32)),
        "columns": None if order is None else packed(order.astype(np.int32)),
    }
