"""What files say of their pixels, in files that Pillow or the test writes: depth, orientation, pages."""

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from evolution.data.image_header import channels_of, depth_fault, has_16_bits, orientation, page_count, shown_size
from support.image_files import deep_png, deep_tiff, exif

DEEP = {
    "PNG in colour": lambda path: path.write_bytes(deep_png(np.full((4, 5, 3), 300))),
    "PNG in colour with alpha": lambda path: path.write_bytes(deep_png(np.full((4, 5, 4), 300))),
    "PNG in grey with alpha": lambda path: path.write_bytes(deep_png(np.full((4, 5, 2), 300))),
    "PNG in grey": lambda path: Image.fromarray(np.full((4, 5), 300, np.uint16)).save(path, format="PNG"),
    "TIFF in colour": lambda path: path.write_bytes(deep_tiff(np.full((4, 5, 3), 300))),
    "TIFF in grey": lambda path: Image.fromarray(np.full((4, 5), 300, np.uint16)).save(path, format="TIFF"),
    "TIFF of floats": lambda path: Image.fromarray(np.full((4, 5), 0.5, np.float32)).save(path, format="TIFF"),
    "PPM": lambda path: path.write_bytes(b"P6 5 4 65535\n" + np.full(60, 300, ">u2").tobytes()),
    "PPM of 12 bits": lambda path: path.write_bytes(b"P6 5 4 4095\n" + np.full(60, 300, ">u2").tobytes()),
    "PPM as text": lambda path: path.write_bytes(b"P3 5 4 1023\n" + b"300 " * 60),
    "PGM": lambda path: path.write_bytes(b"P5 5 4 4095\n" + np.full(20, 300, ">u2").tobytes()),
}


@pytest.mark.parametrize("write", DEEP.values(), ids=DEEP)
def test_more_than_eight_bits_are_found(tmp_path, write):
    write(tmp_path / "deep")
    with Image.open(tmp_path / "deep") as image:
        assert "more than 8 bits a channel" in depth_fault(image)


@pytest.mark.parametrize("write", DEEP, ids=DEEP)
def test_sixteen_bits_are_told_from_other_depths(tmp_path, write):
    DEEP[write](tmp_path / "deep")
    with Image.open(tmp_path / "deep") as image:
        assert has_16_bits(image) == (write in ("PNG in colour", "PNG in grey", "TIFF in colour", "TIFF in grey"))


def test_signed_bytes_are_found(tmp_path):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[339] = 2
    Image.fromarray(np.full((4, 5), 200, np.uint8)).save(tmp_path / "a.tif", tiffinfo=tags)
    with Image.open(tmp_path / "a.tif") as image:
        assert image.mode == "L" and "its values are signed" in depth_fault(image)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".ppm", ".bmp", ".tif", ".webp"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_eight_bits_are_no_fault(tmp_path, mode, suffix):
    Image.new(mode, (5, 4), "red").save(tmp_path / f"a{suffix}")
    with Image.open(tmp_path / f"a{suffix}") as image:
        assert depth_fault(image) is None
        assert page_count(image) == 1 and orientation(image) == 1 and shown_size(image) == (5, 4)


def test_a_bitmap_of_sixteen_bits_a_pixel_is_no_fault(tmp_path):
    """Five or six bits a channel: the number of bits is that of all three channels."""
    header = b"BM" + (54 + 16).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    sizes = (40).to_bytes(4, "little") + (2).to_bytes(4, "little") + (2).to_bytes(4, "little")
    (tmp_path / "a.bmp").write_bytes(header + sizes + b"\1\0\x10\0" + bytes(24) + bytes(16))
    with Image.open(tmp_path / "a.bmp") as image:
        assert image.size == (2, 2) and depth_fault(image) is None


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_is_that_of_the_file(tmp_path, turn, suffix):
    path = tmp_path / f"a{suffix}"
    Image.new("L", (8, 4)).save(path, exif=exif(turn))
    with Image.open(path) as image:
        assert orientation(image) == turn
        assert shown_size(image) == ((4, 8) if turn >= 5 else (8, 4))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_counts_as_none(tmp_path):
    Image.new("L", (8, 4)).save(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\x7fmore")
    Image.new("L", (8, 4)).save(tmp_path / "b.jpg", exif=exif(77))
    for name in ("a.jpg", "b.jpg"):
        with Image.open(tmp_path / name) as image:
            assert orientation(image) == 1 and shown_size(image) == (8, 4)


def test_pages_and_frames_are_counted(tmp_path):
    frames = [Image.new("L", (8, 8), 60 * index) for index in range(3)]
    for name, kind in (("stack", "TIFF"), ("film", "PNG"), ("clip", "WEBP"), ("stereo", "MPO")):
        frames[0].save(tmp_path / name, format=kind, save_all=True, append_images=frames[1:])
    found = {}
    for name in ("stack", "film", "clip", "stereo"):
        with Image.open(tmp_path / name) as image:
            found[name] = page_count(image)
            assert image.tell() == 0
    assert found == {"stack": 3, "film": 3, "clip": 3, "stereo": 1}


def test_smaller_copies_in_a_tiff_are_no_pages(tmp_path):
    smaller = Image.new("L", (4, 4))
    smaller.encoderinfo = {"tiffinfo": {254: 1}}
    Image.new("L", (8, 8)).save(tmp_path / "a.tif", save_all=True, append_images=[smaller, smaller])
    with Image.open(tmp_path / "a.tif") as image:
        assert image.n_frames == 3 and page_count(image) == 1 and image.size == (8, 8)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "La", "I", "I;16", "F", "P", "PA", "RGB", "RGBA", "CMYK"])
def test_channels_are_those_of_pillows_modes(mode):
    grey = Image.new(mode, (1, 1)).getbands()[0] in ("1", "L", "I", "F")
    assert channels_of(mode) == (1 if grey else 3)
