"""A user's own folder of images: listing against torchvision's ImageFolder, decoding against Pillow, and bad images."""

import logging
import os

import numpy as np
import pytest
from PIL import Image

import prepare_data
from evolution.data import image_folder, images, own_source
from evolution.data.builtin import load_source
from evolution.data.catalogue import class_sizes, image_shape
from evolution.data.images import draw_images
from evolution.errors import UserError
from support.own_files import noise, write_classes, write_images

pytestmark = pytest.mark.usefixtures("nothing_remembered")


def load(folder):
    return load_source(f"image_folder:{folder}", "not used")


def draw(folder, size=None):
    """All images of a folder's one part."""
    source = load(folder)
    (images,) = draw_images([(source.train.images, np.arange(len(source.train.images)))], size)
    return images, source


def test_listing_is_torchvisions(tmp_path):
    from torchvision.datasets import ImageFolder

    for place, name in enumerate(["zebra", "Ant", "ant b", "кошка", "犬", "10", "9"]):
        for inner in ("", "a", "a-b", "a/z", "B"):
            write_images(tmp_path / name / inner, count=1 + place % 3, seed=place)
    write_images(tmp_path / "9", count=2, suffix=".JPEG")
    (tmp_path / "9" / "notes.txt").write_text("no image")
    (tmp_path / "readme.md").write_text("no class")
    truth = ImageFolder(tmp_path)
    source = load(tmp_path)
    assert list(source.class_names) == truth.classes
    assert [str(tmp_path / path) for path in source.train.images.paths] == [path for path, _ in truth.samples]
    assert source.train.labels.tolist() == truth.targets
    sizes = tuple(np.bincount(truth.targets).tolist())
    assert class_sizes(f"image_folder:{tmp_path}") == (sizes, None)
    assert set(ImageFolder(tmp_path).extensions) == set(image_folder.EXTENSIONS)


def test_the_folder_may_be_where_we_are(tmp_path, monkeypatch):
    written = write_classes(tmp_path)
    monkeypatch.chdir(tmp_path)
    images, source = draw(".")
    assert source.train.images.paths[:2] == [os.path.join("cat", "0.png"), os.path.join("cat", "1.png")]
    np.testing.assert_array_equal(images[:6, 0], written["cat"])
    here = image_folder.folder_digest(own_source.own_path("image_folder:.")[1])
    assert here == image_folder.folder_digest(tmp_path)


@pytest.mark.parametrize("other", ["val", "test"])
def test_two_parts(tmp_path, other):
    write_classes(tmp_path / "train", count=6)
    evaluated = write_classes(tmp_path / other, count=3)
    source = load(tmp_path)
    assert class_sizes(f"image_folder:{tmp_path}") == ((6, 6), (3, 3))
    (images,) = draw_images([(source.test.images, np.arange(6))], None)
    np.testing.assert_array_equal(images[:, 0], np.concatenate([evaluated["cat"], evaluated["dog"]]))


@pytest.mark.parametrize(("shape", "channels"), [((8, 8), 1), ((8, 8, 3), 3), ((8, 8, 4), 3)])
def test_images_are_decoded_as_they_are(tmp_path, shape, channels):
    written = write_classes(tmp_path, shape=shape)
    images, _ = draw(tmp_path)
    truth = np.concatenate([written["cat"], written["dog"]])
    truth = truth[:, None] if channels == 1 else truth[..., :3].transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(images, truth)
    assert image_shape({"name": f"image_folder:{tmp_path}", "image_size": None}) == ((channels, 8, 8), 2)


def test_grey_among_colour_gets_three_equal_channels(tmp_path):
    grey, colour = write_images(tmp_path / "a"), write_images(tmp_path / "b", shape=(8, 8, 3))
    images, _ = draw(tmp_path)
    assert images.shape == (12, 3, 8, 8)
    np.testing.assert_array_equal(images[:6], np.stack([grey] * 3, axis=1))
    np.testing.assert_array_equal(images[6:], colour.transpose(0, 3, 1, 2))
    assert image_shape({"name": f"image_folder:{tmp_path}", "image_size": None}) == ((3, 8, 8), 2)


def test_images_are_resized_to_a_square(tmp_path):
    """Halving a checkerboard of 2 x 2 squares with a filter that averages; of constant images nothing changes."""
    write_images(tmp_path / "a", shape=(8, 12))
    flat = np.repeat(np.arange(0, 250, 50, dtype=np.uint8), 20 * 30).reshape(5, 20, 30)
    (tmp_path / "b").mkdir()
    for value, image in enumerate(flat):
        Image.fromarray(image).save(tmp_path / "b" / f"{value}.png")
    images, _ = draw(tmp_path, size=4)
    assert images.shape == (11, 1, 4, 4)
    assert images[6:].reshape(5, 16).tolist() == [[value] * 16 for value in range(0, 250, 50)]
    assert image_shape({"name": f"image_folder:{tmp_path}", "image_size": 4}) == ((1, 4, 4), 2)


@pytest.mark.parametrize("channels", [1, 3])
def test_arrays_are_resized_with_antialiasing(channels):
    images = noise(5, channels, 28, 28)
    images[0] = np.indices((28, 28)).sum(axis=0) % 2 * 255
    resized = images.resize_images(images, 7)
    assert resized.shape == (5, channels, 7, 7) and resized.dtype == np.uint8
    # Without a filter that averages, every fourth pixel of a checkerboard is of one colour.
    assert (np.abs(resized[0].astype(int) - 127) < 20).all()
    for image, small in zip(images, resized):
        for plane, small_plane in zip(image, small):
            truth = Image.fromarray(plane).resize((7, 7), Image.Resampling.BILINEAR)
            np.testing.assert_array_equal(small_plane, np.asarray(truth))
    np.testing.assert_array_equal(images.resize_images(images, None), images)
    np.testing.assert_array_equal(images.resize_images(images, 28), images)


def test_built_in_data_sets_are_resized_too(tmp_path):
    prepare_data.prepare_data("digits", "unused", 20, 10, 0, tmp_path / "d.npz", 12)
    with np.load(tmp_path / "d.npz") as data:
        assert data["train_images"].shape == (20, 1, 12, 12) and data["eval_images"].shape == (10, 1, 12, 12)


def test_only_images_that_are_drawn_are_decoded(tmp_path, monkeypatch):
    write_classes(tmp_path, count=50)
    decoded = []
    original = images.decode
    monkeypatch.setattr(images, "decode", lambda path, size: decoded.append(path) or original(path, size))
    prepare_data.prepare_data(f"image_folder:{tmp_path}", "unused", 8, 10, 0, tmp_path / "d.npz")
    assert len(decoded) == len(set(decoded)) == 18


def test_the_samples_of_a_folder(tmp_path):
    written = write_classes(tmp_path / "images", count=20)
    prepare_data.prepare_data(f"image_folder:{tmp_path / 'images'}", "unused", 20, 10, 3, tmp_path / "d.npz")
    files = load(tmp_path / "images").train.images.paths
    with np.load(tmp_path / "d.npz") as data:
        assert data["class_names"].tolist() == ["cat", "dog"]
        for role in ("train", "eval"):
            for image, label, index in zip(*(data[f"{role}_{what}"] for what in ("images", "labels", "indices"))):
                name, file = files[index].split(os.sep)
                assert ["cat", "dog"][label] == name
                np.testing.assert_array_equal(image[0], written[name][int(file.removesuffix(".png"))])


def corrupt(path, how):
    content = path.read_bytes()
    path.write_bytes(
        {"truncated": content[: len(content) // 2], "empty": b"", "text": b"<html>404</html>", "other": b"GIF89a" * 9}[
            how
        ]
    )


@pytest.mark.parametrize("how", ["truncated", "empty", "text", "other"])
def test_files_that_are_no_images_are_named(tmp_path, how):
    write_classes(tmp_path, shape=(32, 32))
    corrupt(tmp_path / "dog" / "3.png", how)
    with pytest.raises(UserError) as error:
        draw(tmp_path)
    message = str(error.value)
    assert message.startswith(f"1 of the 12 images that were drawn cannot be read: {tmp_path / 'dog' / '3.png'} (")
    assert "Put whole images in their place, or remove the files" in message


def test_of_many_bad_images_the_first_are_named(tmp_path):
    write_classes(tmp_path)
    for place in range(6):
        corrupt(tmp_path / "dog" / f"{place}.png", "empty")
    with pytest.raises(UserError, match=r"^6 of the 12 images .*dog.0\.png.*dog.2\.png.*, and 3 more\. "):
        draw(tmp_path)


def test_sixteen_bits_are_refused(tmp_path):
    write_classes(tmp_path)
    Image.fromarray(np.full((8, 8), 40000, np.uint16)).save(tmp_path / "cat" / "0.png")
    with pytest.raises(UserError, match="more than 8 bits a pixel"):
        draw(tmp_path)


def test_mixed_sizes(tmp_path):
    write_classes(tmp_path)
    write_images(tmp_path / "dog" / "large", count=2, shape=(20, 10))
    with pytest.raises(UserError) as error:
        draw(tmp_path)
    message = str(error.value)
    assert "are of 2 sizes, and must be of one: 8 x 8 (12, as " in message
    assert f"10 x 20 (2, as {tmp_path / 'dog' / 'large' / '0.png'})" in message
    assert "Set dataset.image_size, to 8 for instance" in message
    assert draw(tmp_path, 8)[0].shape == (14, 1, 8, 8)


def test_log(tmp_path, caplog):
    write_classes(tmp_path / "images")
    with caplog.at_level(logging.INFO, logger="evolution"):
        prepare_data.prepare_data(f"image_folder:{tmp_path / 'images'}", "unused", 4, 4, 0, tmp_path / "d.npz")
    assert "8 images decoded: grey, one channel" in caplog.messages
    assert "images of 1 x 8 x 8 (channels, height, width)" in caplog.messages
