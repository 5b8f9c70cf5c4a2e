"""One file as a viewer shows it, against NumPy by hand and Pillow: orientation, transparency, depth, pages."""

import struct

import numpy as np
import pytest
from PIL import Image

from evolution.data.image_file import decode, resized
from support.image_files import bitmap_with_alpha, deep_png, deep_tiff, exif, png, turned
from support.own_files import noise, write_images


def on_white(values, alpha):
    """Values (..., C) and alpha (..., 1) from 0 to 255 composited on white, as floats."""
    share = alpha / 255
    return values * share + 255 * (1 - share)


def test_an_image_and_its_resized_form(tmp_path):
    (written,) = write_images(tmp_path, count=1, shape=(6, 8))
    image = decode(tmp_path / "0.png", None)
    np.testing.assert_array_equal(image.pixels, written[None])
    assert (image.turned, image.composited, image.pages) == (False, False, 1)
    truth = np.asarray(Image.fromarray(written).resize((4, 4), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(decode(tmp_path / "0.png", 4).pixels, truth[None])
    assert resized(Image.fromarray(written), None).size == (8, 6)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".jpg"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_heeded(tmp_path, orientation, suffix):
    upright = np.arange(32, dtype=np.uint8).reshape(4, 8) * 8
    path, lossless = tmp_path / f"a{suffix}", {".webp": {"lossless": True}, ".jpg": {"quality": 100}}
    Image.fromarray(turned(upright, orientation)).save(path, exif=exif(orientation), **lossless.get(suffix, {}))
    image = decode(path, None)
    assert image.turned == (orientation != 1)
    pixels = image.pixels.mean(axis=0)
    np.testing.assert_allclose(pixels, upright, atol=6 if suffix == ".jpg" else 0)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
@pytest.mark.parametrize("channels", [2, 4])
def test_transparency_is_laid_on_white(tmp_path, channels, suffix):
    values = noise(1, 8, 8, channels)[0]
    values[:2, :, -1], values[2:4, :, -1] = 0, 255
    path = tmp_path / f"a{suffix}"
    Image.fromarray(values).save(path, **({"lossless": True, "exact": True} if suffix == ".webp" else {}))
    image = decode(path, None)
    assert image.composited and image.pixels.shape == (3 if channels == 4 or suffix == ".webp" else 1, 8, 8)
    truth = on_white(values[..., :-1].astype(float), values[..., -1:].astype(float)).transpose(2, 0, 1)
    np.testing.assert_allclose(image.pixels, np.broadcast_to(truth, image.pixels.shape), atol=1)
    # What is opaque keeps its values, to the bit.
    np.testing.assert_array_equal(
        image.pixels[:, 2:4], np.broadcast_to(values[2:4, :, :-1].transpose(2, 0, 1), image.pixels[:, 2:4].shape)
    )


@pytest.mark.parametrize("channels", [2, 4])
def test_opaque_images_keep_their_bytes(tmp_path, channels):
    values = noise(1, 8, 8, channels)[0]
    values[..., -1] = 255
    Image.fromarray(values).save(tmp_path / "a.png")
    image = decode(tmp_path / "a.png", None)
    assert not image.composited
    np.testing.assert_array_equal(image.pixels, values[..., :-1].transpose(2, 0, 1))


def test_a_shape_that_lies_in_alpha_alone_is_seen(tmp_path):
    shape = np.zeros((8, 8, 4), np.uint8)
    shape[2:6, 2:6, 3] = 255
    Image.fromarray(shape).save(tmp_path / "a.png")
    pixels = decode(tmp_path / "a.png", None).pixels
    truth = np.full((8, 8), 255)
    truth[2:6, 2:6] = 0
    np.testing.assert_array_equal(pixels, np.stack([truth] * 3))


def test_a_palette_with_a_transparent_colour(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), mode="P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    image.save(tmp_path / "a.png", transparency=1)
    found = decode(tmp_path / "a.png", None)
    assert found.composited
    assert found.pixels.transpose(1, 2, 0).tolist() == [
        [[10, 20, 30], [255, 255, 255]],
        [[70, 80, 90], [255, 255, 255]],
    ]


@pytest.mark.parametrize(
    ("bits", "row", "key", "truth"),
    [
        # Grey values 0, 1, 2, 3 of two bits, of which 1 is transparent; and of four bits, and of one.
        (2, b"\x1b", 1, [0, 255, 170, 255]),
        (4, b"\x01\x23", 1, [0, 255, 34, 51]),
        (1, b"\x50", 0, [255, 255, 255, 255]),
        (1, b"\x50", 1, [0, 255, 0, 255]),
        (8, b"\x00\x01\x02\x03", 2, [0, 1, 255, 3]),
    ],
)
def test_a_grey_value_that_is_transparent(tmp_path, bits, row, key, truth):
    (tmp_path / "a.png").write_bytes(png(4, 1, bits, 0, [row], (b"tRNS", key.to_bytes(2, "big"))))
    found = decode(tmp_path / "a.png", None)
    assert found.pixels.tolist() == [[truth]] and found.composited


def test_a_colour_that_is_transparent(tmp_path):
    rows = [bytes([1, 2, 3, 4, 5, 6])]
    (tmp_path / "a.png").write_bytes(png(2, 1, 8, 2, rows, (b"tRNS", bytes([0, 4, 0, 5, 0, 6]))))
    assert decode(tmp_path / "a.png", None).pixels[:, 0].T.tolist() == [[1, 2, 3], [255, 255, 255]]


def test_the_empty_alpha_of_a_bitmap_is_not_looked_at(tmp_path):
    values = noise(1, 4, 4, 4)[0]
    values[..., 3] = 0
    (tmp_path / "a.bmp").write_bytes(bitmap_with_alpha(values))
    with Image.open(tmp_path / "a.bmp") as image:
        assert image.mode == "RGBA"
    found = decode(tmp_path / "a.bmp", None)
    assert not found.composited
    np.testing.assert_array_equal(found.pixels, values[..., :3].transpose(2, 0, 1))
    values[0, 0, 3] = 255
    (tmp_path / "a.bmp").write_bytes(bitmap_with_alpha(values))
    assert decode(tmp_path / "a.bmp", None).composited


GREY = np.random.default_rng(0).integers(0, 65536, (6, 8), dtype=np.uint16)
COLOUR = np.random.default_rng(1).integers(0, 65536, (6, 8, 3), dtype=np.uint16)


@pytest.mark.parametrize(
    ("write", "values"),
    [
        (lambda path: path.write_bytes(deep_png(GREY[..., None])), GREY),
        (lambda path: Image.fromarray(GREY).save(path, format="TIFF"), GREY),
        (lambda path: path.write_bytes(deep_png(COLOUR)), COLOUR),
        (lambda path: path.write_bytes(deep_tiff(COLOUR)), COLOUR),
    ],
    ids=["grey PNG", "grey TIFF", "colour PNG", "colour TIFF"],
)
def test_sixteen_bits_a_channel(tmp_path, write, values):
    write(tmp_path / "a")
    found = decode(tmp_path / "a", None)
    truth = values / 257
    truth = truth[None] if truth.ndim == 2 else truth.transpose(2, 0, 1)
    if values is GREY:
        np.testing.assert_array_equal(found.pixels, np.rint(truth))
        assert found.brightest == GREY.max()
    # Of colours Pillow keeps the high bytes alone.
    assert np.abs(found.pixels - truth).max() <= 1 and 0 <= found.brightest - int(values.max()) <= 255
    assert found.pixels.dtype == np.uint8 and decode(tmp_path / "a", 4).pixels.shape[1:] == (4, 4)


def test_a_grey_image_of_sixteen_bits_is_averaged_where_it_shrinks(tmp_path):
    Image.fromarray(np.full((8, 8), 51_400, np.uint16)).save(tmp_path / "a.png")
    assert (decode(tmp_path / "a.png", 3).pixels == 200).all()


def test_other_depths_are_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(deep_png(np.full((4, 4, 4), 200)))
    with pytest.raises(ValueError, match="more than 8 bits a channel, and 8 are read"):
        decode(tmp_path / "a.png", None)


def test_a_fourth_channel_that_is_no_transparency(tmp_path):
    """An infrared band: the file does not have the tag that says what the fourth channel is."""
    Image.new("RGBA", (4, 4), (1, 2, 3, 4)).save(tmp_path / "a.tif")
    content = (tmp_path / "a.tif").read_bytes()
    assert content.count(struct.pack("<HH", 338, 3)) == 1
    (tmp_path / "b.tif").write_bytes(content.replace(struct.pack("<HH", 338, 3), struct.pack("<HH", 65001, 3)))
    assert decode(tmp_path / "a.tif", None).composited
    with pytest.raises(ValueError, match="four channels, and nothing says that the fourth is transparency"):
        decode(tmp_path / "b.tif", None)


@pytest.mark.parametrize("kind", ["TIFF", "PNG", "WEBP"])
def test_the_first_page_is_used(tmp_path, kind):
    first, second = (Image.fromarray(page) for page in noise(2, 8, 8, 3))
    lossless = {"lossless": True} if kind == "WEBP" else {}
    first.save(tmp_path / "a", format=kind, save_all=True, append_images=[second], **lossless)
    image = decode(tmp_path / "a", None)
    assert image.pages == 2
    np.testing.assert_array_equal(image.pixels, np.asarray(first).transpose(2, 0, 1))


def test_a_page_may_be_turned(tmp_path):
    upright = noise(1, 4, 8)[0]
    stored = Image.fromarray(turned(upright, 6))
    stored.save(tmp_path / "a.tif", save_all=True, append_images=[stored], tiffinfo={274: 6}, compression="tiff_lzw")
    image = decode(tmp_path / "a.tif", None)
    assert image.turned and image.pages == 2
    np.testing.assert_array_equal(image.pixels, upright[None])


@pytest.mark.parametrize("mode", ["1", "CMYK", "YCbCr", "PA"])
def test_other_modes_are_pillows(tmp_path, mode):
    written = Image.fromarray(noise(1, 8, 8, 3)[0]).convert(mode)
    written.save(tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as image:
        truth = np.asarray(image.convert("L" if mode == "1" else "RGB"))
    truth = truth[None] if mode == "1" else truth.transpose(2, 0, 1)
    np.testing.assert_array_equal(decode(tmp_path / "a.tif", None).pixels, truth)
