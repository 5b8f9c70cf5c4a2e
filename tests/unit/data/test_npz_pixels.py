"""The pixels of archives as bytes: floats, truth values, masks, and floats of which bytes would keep too little."""

import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from evolution.data.npz_layout import find_layout
from evolution.data.npz_pixels import read_images
from evolution.errors import DataError
from support.own_files import noise, write_npz

LABELS = np.arange(12) % 3


def read(path, images, eval_images=None):
    """The images of an archive with these arrays."""
    more = {} if eval_images is None else {"eval_images": eval_images, "eval_labels": LABELS}
    return read_images(find_layout(Path(write_npz(path / "mine.npz", images=images, labels=LABELS, **more))))


def refused(path, images, eval_images=None):
    with pytest.raises(DataError) as error:
        read(path, images, eval_images)
    assert error.value.key == "dataset.name" and error.value.problem.startswith(f"{path / 'mine.npz'}: ")
    return error.value.problem


def test_bytes_are_read_as_they_are(tmp_path):
    images, more = noise(12, 8, 9, 3), noise(12, 3, 8, 9)
    found = read(tmp_path, images, more)
    np.testing.assert_array_equal(found.train, images.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(found.evaluation, more)
    assert found.warnings == () and read(tmp_path, images).evaluation is None


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ">f4"])
def test_floats_are_scaled_and_the_log_says_by_how_much_they_moved(tmp_path, caplog, kind):
    images = np.random.default_rng(0).random((12, 8, 8)).astype(kind)
    images[0, 0, :2] = 0, 1
    with caplog.at_level(logging.INFO, logger="evolution"):
        found = read(tmp_path, images).train[:, 0]
    assert found.dtype == np.uint8 and found[0, 0, :2].tolist() == [0, 255]
    moved = np.abs(found / 255 - images.astype(float)).max()
    assert 0.001 < moved <= 0.5 / 255 + 1e-9
    assert f"rounding moves a pixel by at most {moved:.4f}" in caplog.text


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.where(np.arange(768).reshape(12, 8, 8) == 200, np.nan, 0.5), "not finite, first in image 3"),
        (np.where(np.arange(768).reshape(12, 8, 8) == 767, np.inf, 0.5), "not finite, first in image 11"),
        (noise(12, 8, 8) / 100, "floats must be from 0 to 1, from -1 to 1, or from 0 to 255; its values are from 0 to"),
        (noise(12, 8, 8) / 255 - 0.5, "or from 0 to 255; its values are from -0.5 to 0.5, so"),
        (noise(12, 8, 8).astype(np.uint16) * 16, "whole numbers must be from 0 to 255; its values are from 0 to 4080"),
        (noise(12, 8, 8).astype(np.int16) - 9, "whole numbers must be from 0 to 255; its values are from -9 to 246"),
    ],
    ids=["NaN", "infinite", "above 1", "centred", "12 bits", "below 0"],
)
def test_floats_that_cannot_be_used(tmp_path, images, said):
    assert said in refused(tmp_path, images)


@pytest.mark.parametrize("kind", [np.int64, np.uint16, np.int16, ">i4", np.float32, np.float64])
def test_bytes_of_a_wider_type_stay_what_they_are(tmp_path, caplog, kind):
    images, more = noise(12, 8, 8), noise(12, 8, 8, seed=1)
    with caplog.at_level(logging.INFO, logger="evolution"):
        found = read(tmp_path, images.astype(kind), more.astype(kind))
    np.testing.assert_array_equal(found.train[:, 0], images)
    np.testing.assert_array_equal(found.evaluation[:, 0], more)
    assert "taken as bytes" in caplog.text and found.train.dtype == np.uint8


def test_images_that_use_all_of_sixteen_bits(tmp_path, caplog):
    images, more = noise(12, 8, 8), noise(12, 8, 8, seed=1)
    with caplog.at_level(logging.INFO, logger="evolution"):
        found = read(tmp_path, images.astype(np.uint16) * 257, more.astype(">u2") * 257)
    np.testing.assert_array_equal(found.train[:, 0], images)
    np.testing.assert_array_equal(found.evaluation[:, 0], more)
    assert "taken as 16 bits: 65535 is white" in caplog.text
    # One part of 12 bits next to one of 16: they would not be of one scale.
    refused(tmp_path, images.astype(np.uint16) * 257, more.astype(np.uint16) * 16)


def test_averaged_bytes_are_rounded(tmp_path):
    images = noise(12, 8, 8) * 0.9
    np.testing.assert_array_equal(read(tmp_path, images).train[:, 0], np.rint(images))


def test_pixels_from_minus_one_to_one(tmp_path, caplog):
    images = noise(12, 8, 8)
    images[0, 0, 0] = 0
    more = images // 2
    with caplog.at_level(logging.INFO, logger="evolution"):
        found = read(tmp_path, (images / 127.5 - 1).astype(np.float32), (more / 127.5 - 1).astype(np.float32))
    np.testing.assert_array_equal(found.train[:, 0], images)
    np.testing.assert_array_equal(found.evaluation[:, 0], more)
    assert "scaled to 0 to 1 from -1 to 1" in caplog.text


@pytest.mark.parametrize("other", [noise(12, 8, 8) / 255, noise(12, 8, 8) / 127.5 - 1], ids=["0 to 1", "-1 to 1"])
def test_parts_of_two_ranges_are_refused(tmp_path, other):
    other[0, 0, :2] = other.min() if other.min() == 0 else -1, 1
    assert "images is of type float64; floats must be" in refused(tmp_path, noise(12, 8, 8).astype(float), other)


@pytest.mark.parametrize("axes", [(0, 1, 2, 3), (0, 3, 1, 2)])
@pytest.mark.parametrize("scale", [1, 255])
def test_transparency_lies_on_white(tmp_path, axes, scale):
    rgba = noise(12, 8, 9, 4)
    rgba[:6, ..., 3] = 255
    stored = rgba.transpose(axes)
    found = read(tmp_path, stored if scale == 1 else stored / scale)
    alpha = rgba[..., 3:] / 255
    expected = np.rint(rgba[..., :3] * alpha + 255 * (1 - alpha)).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(found.train, expected)
    assert found.composited == 6
    # Pillow rounds in another way.
    white = Image.new("RGBA", (9, 8), "white")
    theirs = np.asarray(Image.alpha_composite(white, Image.fromarray(rgba[11])))[..., :3]
    assert np.abs(theirs.transpose(2, 0, 1) - found.train[11].astype(int)).max() <= 1


def test_a_camera_of_sixteen_bits_is_refused(tmp_path):
    """17 values up to 0.0039, as of a dark image that was divided by 65535, of which bytes would keep two."""
    images = (load_digits().images[:12] / 16 * 255 / 65535).astype(np.float32)
    message = refused(tmp_path, images)
    assert "of 17 different values of images, from 0 to 0.00389105, only 2 are left" in message
    assert message.endswith("Scale by the range that is used: images / images.max()")
    mended = images / images.max()
    assert read(tmp_path, mended).warnings == () and len(np.unique(read(tmp_path, mended).train)) == 17


def test_the_remedy_has_one_scale_for_both_parts(tmp_path):
    images = (noise(12, 8, 8) / 65535).astype(np.float32)
    assert refused(tmp_path, images, images / 2).endswith("images / images.max(), and eval_images / images.max()")


def test_a_dark_second_part_is_refused(tmp_path):
    images = noise(12, 8, 8) / 255
    assert refused(tmp_path, images, images / 255).endswith("Bring eval_images to the range that images have")


def test_a_narrow_range_far_from_zero_is_refused(tmp_path):
    images = 0.5 + noise(12, 8, 8) / 65535
    message = refused(tmp_path, images)
    assert message.endswith("(images - images.min()) / (images.max() - images.min())")
    assert len(np.unique(read(tmp_path, (images - images.min()) / (images.max() - images.min())).train)) > 200


def test_a_loss_that_is_small_is_a_warning(tmp_path):
    """Values up to a tenth: 26 bytes are left of them, and rounding moves pixels by 4 % of their deviation."""
    images = np.random.default_rng(0).random((12, 30, 30)) * 0.1
    found = read(tmp_path, images)
    (warning,) = found.warnings
    assert warning.startswith("mine.npz: of ") and ", only 26 are left" in warning and "4 % of their" in warning
    rounding = np.sqrt(np.square(found.train[:, 0] / 255 - images).mean()) / images.std()
    assert round(rounding, 2) == 0.04


@pytest.mark.parametrize(
    "images",
    [
        noise(12, 8, 8) / 255,
        np.rint(noise(12, 8, 8) / 255),
        np.rint(noise(12, 8, 8) / 255 * 16) / 16,
        np.full((12, 8, 8), 0.3),
        noise(12, 8, 8) / 255 * 0.2,
    ],
    ids=["bytes", "two values", "17 values", "one value", "a fifth of the range"],
)
def test_floats_that_lose_nothing(tmp_path, images):
    assert read(tmp_path, images).warnings == ()


@pytest.mark.parametrize("kind", [np.uint8, bool])
def test_masks_are_scaled_and_the_log_says_so(tmp_path, caplog, kind):
    images = (noise(12, 8, 8) > 100).astype(kind)
    with caplog.at_level(logging.INFO, logger="evolution"):
        found = read(tmp_path, images, images[::-1])
    np.testing.assert_array_equal(found.train[:, 0], images * 255)
    np.testing.assert_array_equal(found.evaluation[:, 0], images[::-1] * 255)
    assert f"images: {np.dtype(kind)} of 0 and 1 scaled to 0 and 255" in caplog.messages
    assert found.warnings == ()


def test_truth_values_go_with_bytes_and_with_masks(tmp_path):
    truth, gray = noise(12, 8, 8) > 100, noise(12, 8, 8)
    found = read(tmp_path, truth, gray)
    np.testing.assert_array_equal(found.train[:, 0], truth * 255)
    np.testing.assert_array_equal(found.evaluation[:, 0], gray)
    np.testing.assert_array_equal(read(tmp_path, truth, truth.astype(np.uint8)).evaluation[:, 0], truth * 255)


def test_black_images_stay_black(tmp_path):
    black = np.zeros((12, 8, 8), np.uint8)
    assert read(tmp_path, black).train.max() == 0
    assert read(tmp_path, noise(12, 8, 8), black).evaluation.max() == 0
    assert read(tmp_path, (noise(12, 8, 8) > 100).astype(np.uint8), black).train.max() == 255


@pytest.mark.parametrize("other", [noise(12, 8, 8), noise(12, 8, 8) / 255], ids=["bytes", "floats"])
def test_a_mask_and_an_array_that_is_none_are_refused(tmp_path, other):
    mask = (noise(12, 8, 8) > 100).astype(np.uint8)
    assert "images holds 0 and 1 alone, and eval_images more than that" in refused(tmp_path, mask, other)
    assert "eval_images holds 0 and 1 alone, and images more than that" in refused(tmp_path, other, mask)


def test_damaged_pixels_are_named(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, images=noise(12, 8, 8), labels=LABELS)
    content = bytearray(path.read_bytes())
    content[400] ^= 255
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"mine\.npz is not a whole \.npz archive \(Bad CRC-32"):
        read_images(find_layout(path))


def test_dark_images_with_a_few_bright_pixels(tmp_path):
    """A camera's frames of 16 bits with hot pixels: the range is used, and nothing is left of all the rest."""
    random = np.random.default_rng(0)
    frames = random.integers(0, 400, (12, 30, 30)) / 65535
    frames[np.arange(12), random.integers(0, 30, 12), random.integers(0, 30, 12)] = np.linspace(0.2, 1, 12)
    frames[0, :5, 0] = np.linspace(0.3, 0.9, 5)
    frames[1, 0, :6] = np.linspace(0.25, 0.95, 6)
    frames[2, 3, :7] = np.linspace(0.21, 0.97, 7)
    frames[3, 3, :8] = np.linspace(0.22, 0.98, 8)
    (warning,) = read(tmp_path, frames).warnings
    assert warning.startswith("mine.npz: in 100% of images all pixels but a few bright ones are dark.")
    assert "np.clip" in warning


@pytest.mark.parametrize(
    "images",
    [
        np.random.default_rng(0).random((12, 30, 30)),
        np.random.default_rng(0).random((12, 30, 30)) ** 6,
        load_digits().images[:12] / 16,
        np.where(
            np.random.default_rng(0).random((12, 30, 30)) < 0.005, np.random.default_rng(1).random((12, 30, 30)), 0
        ),
    ],
    ids=["even", "dark and smooth", "digits", "sparse"],
)
def test_images_that_bytes_keep(tmp_path, images):
    assert read(tmp_path, images).warnings == ()
