"""What an image file says before its pixels are decoded: channels, depth, orientation, pages. Loads no NumPy."""

# Pillow's names of the formats that are read: it is asked to read no others.
FORMATS = ("JPEG", "PNG", "PPM", "BMP", "TIFF", "WEBP")

# Numbers of TIFF's tags, which EXIF shares.
ORIENTATION, BITS, SUBFILE, SAMPLE_FORMAT, EXTRA_SAMPLES = 274, 258, 254, 339, 338
SIGNED = 2
# Bits of SUBFILE: the page is a smaller copy of another, or the transparency of another.
SMALLER_COPY, TRANSPARENCY = 1, 4

# Where Pillow keeps what may state an orientation: EXIF, and XMP.
ORIENTED = {"exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp"}

# From these on, EXIF's orientations exchange width and height.
SIDEWAYS = 5


def channels_of(mode: str) -> int:
    """The channels of an image of this mode of Pillow's: 1 for grey, with or without transparency, else 3."""
    return 1 if mode in ("1", "L", "LA", "La") or mode.startswith(("I", "F")) else 3


class ValueTypeError(ValueError):
    """An image that is whole, and whose values are not 8 bits a channel."""


def depth_fault(image) -> str | None:
    """What is wrong with the type of an image's values, which must be 8 bits a channel; None where nothing is.

    Pillow gives colour of 16 bits a channel as 8 bits, without a word, and values below 0 as large ones. So the file's
    own account counts, and not only Pillow's mode.

    Parameters
    ----------
    image : PIL.Image.Image
        As opened, before its pixels are decoded.
    """
    layout = image.tile[0][3] if image.tile else None
    deep = image.mode.startswith(("I", "F"))
    if image.format == "PNG":
        deep |= isinstance(layout, str) and ";16" in layout
    elif image.format == "TIFF":
        deep |= max(image.tag_v2.get(BITS, (1,))) > 8
        if not deep and SIGNED in image.tag_v2.get(SAMPLE_FORMAT, (1,)):
            return "its values are signed, and 0 to 255 are read; save it with unsigned values"
        if image.mode == "RGBA" and EXTRA_SAMPLES not in image.tag_v2:
            return (
                "four channels, and nothing says that the fourth is transparency, as it is not in images with an "
                "infrared band; save it with three channels"
            )
    elif image.format == "PPM":
        # The decoder is told the largest value, where that is not 255.
        deep |= isinstance(layout, tuple) and layout[1] > 255
    if not deep:
        return None
    return (
        "more than 8 bits a channel, and 8 are read; scale its values to 0 to 255 before you save it with 8 bits, as "
        "the high bits alone may be all black"
    )


def has_16_bits(image) -> bool:
    """Whether an image has 16 bits a channel, unsigned and without transparency, in a PNG or a TIFF.

    What its values mean is plain where they use all of the 16 bits, as all images together show.

    Parameters
    ----------
    image : PIL.Image.Image
        As opened, before its pixels are decoded.
    """
    layout = image.tile[0][3] if image.tile else None
    if image.has_transparency_data or not (image.mode.startswith("I") or image.mode == "RGB"):
        return False
    if image.format == "PNG":
        return isinstance(layout, str) and ";16" in layout
    if image.format != "TIFF":
        return False
    tags = image.tag_v2
    return set(tags.get(BITS, (1,))) == {16} and set(tags.get(SAMPLE_FORMAT, (1,))) == {1}


def orientation(image) -> int:
    """EXIF's orientation, 1 to 8: how a viewer turns or mirrors the image; 1 is as it is stored.

    Of a PNG this decodes the pixels, because the tag may come after them. Damaged EXIF counts as none.

    Parameters
    ----------
    image : PIL.Image.Image
        As opened: Pillow forgets a TIFF's orientation when it decodes the pixels.
    """
    if image.format == "PNG":
        image.load()
    if image.format != "TIFF" and not ORIENTED & image.info.keys():
        return 1
    try:
        tags = image.tag_v2 if image.format == "TIFF" else image.getexif()
        found = tags.get(ORIENTATION, 1)
    except Exception:  # Damaged bytes raise anything, and viewers show such an image as it is stored.
        return 1
    return found if found in range(1, 9) else 1


def shown_size(image) -> tuple[int, int]:
    """(width, height) as a viewer shows the image."""
    # Pillow's size of a TIFF heeds the orientation.
    if image.size[0] == image.size[1] or image.format == "TIFF" or orientation(image) < SIDEWAYS:
        return image.size
    return image.size[1], image.size[0]


def page_count(image) -> int:
    """The number of pages or frames, without smaller copies of others; 1 for formats that have one image a file.

    A JPEG with further images in it (MPO, of cameras) counts as one: these are previews, or the view of another eye.

    Parameters
    ----------
    image : PIL.Image.Image
        As opened. It is at its first page afterwards.
    """
    if image.format == "MPO" or not getattr(image, "is_animated", False):
        return 1
    try:
        count = image.n_frames
        if image.format == "TIFF":
            for page in range(1, count):
                image.seek(page)
                count -= bool(image.tag_v2.get(SUBFILE, 0) & (SMALLER_COPY | TRANSPARENCY))
    except Exception:  # What lies behind a damaged page is not read anyway.
        count = 1
    if image.format == "TIFF":
        image.seek(0)
    return count
