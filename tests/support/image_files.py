"""Image files that Pillow does not write: of 16 bits a channel, and with values that are transparent."""

import struct
import zlib

import numpy as np
from PIL import Image

# PNG's number for the colours of an image with so many channels.
PNG_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}


def png(width, height, bits, colours, rows, *chunks):
    """A PNG file's bytes, of rows as they are stored; `chunks` are pairs of a name and its content."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*pair) for pair in chunks) + pixels + chunk(b"IEND", b"")


def deep_png(values):
    """A PNG of 16 bits a channel: (H, W, C) from 0 to 65535."""
    height, width, channels = values.shape
    rows = [row.astype(">u2").tobytes() for row in values]
    return png(width, height, 16, PNG_COLOURS[channels], rows)


def deep_tiff(values):
    """A TIFF of 16 bits a channel: (H, W, 3) from 0 to 65535, uncompressed."""
    height, width, channels = values.shape
    pixels = values.astype("<u2").tobytes()
    tags = [(256, 4, width), (257, 4, height), (258, 3, None), (259, 3, 1), (262, 3, 2), (273, 4, None)]
    tags += [(277, 3, channels), (278, 4, height), (279, 4, len(pixels))]
    bits_at = 8 + 2 + 12 * len(tags) + 4
    pixels_at = bits_at + 2 * channels
    directory = struct.pack("<H", len(tags))
    for number, kind, value in tags:
        if number == 258:
            directory += struct.pack("<HHII", number, kind, channels, bits_at)
        else:
            directory += struct.pack("<HHII", number, kind, 1, pixels_at if value is None else value)
    return struct.pack("<2sHI", b"II", 42, 8) + directory + bytes(4) + struct.pack("<3H", 16, 16, 16) + pixels


def bitmap_with_alpha(values):
    """A BMP of 32 bits with a mask for alpha: uint8 (H, W, 4)."""
    height, width, _ = values.shape
    pixels = values[::-1, :, [2, 1, 0, 3]].tobytes()
    masks = struct.pack("<4I", 0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000)
    header = struct.pack("<IiiHHIIiiII", 108, width, height, 1, 32, 3, len(pixels), 2835, 2835, 0, 0)
    header += masks + b"BGRs" + bytes(48)
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + len(pixels), 0, 0, 14 + len(header)) + header + pixels


def exif(orientation):
    """EXIF that says no more than an orientation."""
    tags = Image.Exif()
    tags[274] = orientation
    return tags


def turned(upright, orientation):
    """The pixels that are stored, (H, W) or (H, W, C), so that a viewer shows `upright` with this orientation."""
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright),
        7: np.rot90(upright, 2).swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }
    return np.ascontiguousarray(stored[orientation])
