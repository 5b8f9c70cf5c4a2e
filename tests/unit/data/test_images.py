"""Own images: a folder's order against torchvision's ImageFolder, resizing against Pillow, bad images, warnings."""

import logging
import os

import numpy as np
import pytest
from PIL import Image

from evolution.data.catalogue import class_sizes, image_shape
from evolution.data.images import draw_images, load_own, resize_images
from evolution.errors import DataError
from support.image_files import deep_png, exif
from support.own_files import noise, write_classes, write_images, write_npz


def load(folder):
    return load_own(f"image_folder:{folder}")


def draw(folder, size=None):
    """All images of a folder's one part."""
    source = load(folder)
    (images,) = draw_images([(source.train.images, np.arange(len(source.train.images)))], size).parts
    return images, source


def test_listing_is_torchvisions(tmp_path):
    from torchvision.datasets import ImageFolder

    for index, name in enumerate(["zebra", "Ant", "ant b", "кошка", "犬", "10", "9"]):
        for inner in ("", "a", "a-b", "a/z", "B"):
            write_images(tmp_path / name / inner, count=1 + index % 3, seed=index)
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


def test_the_folder_may_be_the_working_folder(tmp_path, monkeypatch):
    written = write_classes(tmp_path)
    monkeypatch.chdir(tmp_path)
    images, source = draw(".")
    assert source.train.images.paths[:2] == [os.path.join("cat", "0.png"), os.path.join("cat", "1.png")]
    np.testing.assert_array_equal(images[:6, 0], written["cat"])


@pytest.mark.parametrize("other", ["val", "test"])
def test_two_parts(tmp_path, other):
    write_classes(tmp_path / "train", count=6)
    evaluated = write_classes(tmp_path / other, count=3)
    source = load(tmp_path)
    assert class_sizes(f"image_folder:{tmp_path}") == ((6, 6), (3, 3))
    (images,) = draw_images([(source.test.images, np.arange(6))], None).parts
    np.testing.assert_array_equal(images[:, 0], np.concatenate([evaluated["cat"], evaluated["dog"]]))


@pytest.mark.parametrize(("shape", "channels"), [((8, 8), 1), ((8, 8, 3), 3)])
def test_images_are_decoded_as_they_are(tmp_path, shape, channels):
    written = write_classes(tmp_path, shape=shape)
    images, _ = draw(tmp_path)
    truth = np.concatenate([written["cat"], written["dog"]])
    truth = truth[:, None] if channels == 1 else truth.transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(images, truth)
    assert image_shape({"name": f"image_folder:{tmp_path}", "image_size": None}) == (channels, 8, 8)


def test_grey_among_colour_gets_three_equal_channels(tmp_path):
    grey, colour = write_images(tmp_path / "a"), write_images(tmp_path / "b", shape=(8, 8, 3))
    images, _ = draw(tmp_path)
    assert images.shape == (12, 3, 8, 8)
    np.testing.assert_array_equal(images[:6], np.stack([grey] * 3, axis=1))
    np.testing.assert_array_equal(images[6:], colour.transpose(0, 3, 1, 2))
    assert image_shape({"name": f"image_folder:{tmp_path}", "image_size": None}) == (3, 8, 8)


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
    assert image_shape({"name": f"image_folder:{tmp_path}", "image_size": 4}) == (1, 4, 4)


def test_the_images_of_an_archive_are_drawn_by_their_positions(tmp_path):
    images, evaluated = noise(12, 8, 8), noise(6, 8, 8, seed=1)
    path = write_npz(tmp_path / "a.npz", images=images, eval_images=evaluated, eval_labels=np.arange(6) % 3)
    source = load_own(f"npz:{path}")
    drawn = draw_images([(source.train.images, np.array([1, 5])), (source.test.images, np.array([2]))], None).parts
    np.testing.assert_array_equal(drawn[0][:, 0], images[[1, 5]])
    np.testing.assert_array_equal(drawn[1][:, 0], evaluated[[2]])
    assert source.train.labels.tolist() == [0, 1, 2] * 4 and source.test.labels.tolist() == [0, 1, 2] * 2


@pytest.mark.parametrize("channels", [1, 3])
def test_arrays_are_resized_with_antialiasing(channels):
    images = noise(5, channels, 28, 28)
    images[0] = np.indices((28, 28)).sum(axis=0) % 2 * 255
    resized = resize_images(images, 7)
    assert resized.shape == (5, channels, 7, 7) and resized.dtype == np.uint8
    # Without a filter that averages, every fourth pixel of a checkerboard is of one colour.
    assert (np.abs(resized[0].astype(int) - 127) < 20).all()
    for image, small in zip(images, resized):
        for plane, small_plane in zip(image, small):
            truth = Image.fromarray(plane).resize((7, 7), Image.Resampling.BILINEAR)
            np.testing.assert_array_equal(small_plane, np.asarray(truth))
    np.testing.assert_array_equal(resize_images(images, None), images)
    np.testing.assert_array_equal(resize_images(images, 28), images)


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
    with pytest.raises(DataError) as error:
        draw(tmp_path)
    message = str(error.value)
    assert message.startswith(f"1 of the 12 images that were drawn cannot be read: {tmp_path / 'dog' / '3.png'} (")
    assert "Put whole images in the place of damaged ones, or remove the files" in message


def test_of_many_bad_images_the_first_are_named(tmp_path):
    write_classes(tmp_path)
    for number in range(6):
        corrupt(tmp_path / "dog" / f"{number}.png", "empty")
    with pytest.raises(DataError, match=r"^6 of the 12 images .*dog.0\.png.*dog.2\.png.*, and 3 more\. "):
        draw(tmp_path)


def test_a_folder_of_images_without_classes(tmp_path):
    flat, more = write_images(tmp_path / "flat", count=7), write_images(tmp_path / "flat" / "b", count=5, seed=1)
    source = load_own(f"image_folder:{tmp_path / 'flat'}", target="none")
    assert (source.target, source.class_names, source.train.labels, source.warnings) == ("none", (), None, ())
    (images,) = draw_images([(source.train.images, np.arange(12))], None).parts
    # In the order of the files' paths: those of the folder itself come first.
    np.testing.assert_array_equal(images[:, 0], np.concatenate([flat, more]))


def test_mixed_sizes(tmp_path):
    write_classes(tmp_path)
    write_images(tmp_path / "dog" / "large", count=2, shape=(20, 10))
    with pytest.raises(DataError) as error:
        draw(tmp_path)
    message = str(error.value)
    assert "are of 2 sizes, and must be of one: 8 x 8 (12, as " in message
    assert f"10 x 20 (2, as {tmp_path / 'dog' / 'large' / '0.png'})" in message
    assert "Set dataset.image_size, to 8 for instance" in message
    assert draw(tmp_path, 8)[0].shape == (14, 1, 8, 8)


def test_what_was_mended_is_counted_in_the_log(tmp_path, caplog):
    write_classes(tmp_path)
    Image.fromarray(noise(1, 8, 8)[0]).save(tmp_path / "cat" / "1.png", exif=exif(6))
    Image.fromarray(noise(1, 8, 8, 2)[0]).save(tmp_path / "dog" / "2.png")
    Image.fromarray(noise(1, 8, 8, 2)[0]).save(tmp_path / "dog" / "4.png")
    files = load(tmp_path).train.images
    with caplog.at_level(logging.INFO, logger="evolution"):
        drawn = draw_images([(files, np.arange(12))], None)
    folder = tmp_path.name
    assert f"images turned as their EXIF orientation says: 1 (as {folder}/cat/1.png)" in caplog.messages
    assert f"images whose transparent pixels were composited on white: 2 (as {folder}/dog/2.png)" in caplog.messages
    assert drawn.composited == 2 and drawn.warnings == () and drawn.parts[0].shape == (12, 1, 8, 8)
    assert files.short_path(0) == f"{folder}/cat/0.png"


def test_pages_are_a_warning(tmp_path):
    write_classes(tmp_path)
    pages = [Image.fromarray(page) for page in noise(3, 8, 8)]
    for name in ("cat/7.tif", "dog/7.tif"):
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
    drawn = draw_images([(load(tmp_path).train.images, np.arange(14))], None)
    assert drawn.warnings == (
        "2 of the 14 image files that were drawn hold more than one page or frame, up to 3 (as "
        f"{tmp_path.name}/cat/7.tif). The first of each is used; save the others as files of their own if they count.",
    )


def test_files_that_are_not_read_are_a_warning(tmp_path):
    for part in ("train", "valid"):
        write_classes(tmp_path / part)
    for name in ("train/cat/a.gif", "train/cat/more/b.gif", "valid/dog/c.dcm", "valid/dog/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    source = load(tmp_path)
    assert source.warnings == (
        "Files in the folders of the classes look like images and are not read: 2 .gif, 1 .dcm (as train/cat/a.gif). "
        "Convert them to .png or .jpg, or remove them.",
    )
    assert len(source.train.images) == len(source.test.images) == 12


def test_parts_within_classes_are_a_warning(tmp_path):
    for name in ("cat", "dog"):
        for part in ("train", "test"):
            write_images(tmp_path / name / part)
    (warning,) = load(tmp_path).warnings
    assert warning.startswith("The class cat has folders called train and test, which look like parts.")
    assert "for two, put the classes within the parts: train/CLASS, val/CLASS." in warning


def test_classes_that_all_hold_the_same_folders_are_a_warning(tmp_path):
    """Such as groups, whose folders are the classes."""
    for group in ("site1", "site2"):
        for name in ("cat", "dog"):
            write_images(tmp_path / group / name)
    (warning,) = load(tmp_path).warnings
    assert warning.startswith("All classes (site1, site2) hold the same folders (cat, dog).")


def test_images_of_other_values_have_a_remedy_of_their_own(tmp_path):
    write_classes(tmp_path, shape=(4, 4))
    (tmp_path / "dog" / "3.png").write_bytes(deep_png(np.full((4, 4, 2), 200)))
    with pytest.raises(DataError, match="more than 8 bits") as error:
        draw(tmp_path)
    assert "Save images of other values as it says, or remove the files." in str(error.value)
    assert "damaged" not in str(error.value)


def test_images_of_sixteen_bits_that_use_them(tmp_path, caplog):
    write_classes(tmp_path, shape=(4, 4))
    dark, bright = (np.random.default_rng(0).integers(0, top, (4, 4, 1)) for top in (3000, 65536))
    (tmp_path / "dog" / "3.png").write_bytes(deep_png(dark))
    with pytest.raises(DataError, match=r"1 of the images .* no value above \d+ \(in .*3\.png\).*: np\.rint\(image \*"):
        draw(tmp_path)
    # A bright image shows what the values of all of them mean.
    (tmp_path / "dog" / "4.png").write_bytes(deep_png(bright))
    with caplog.at_level(logging.INFO, logger="evolution"):
        images, source = draw(tmp_path)
    place = source.train.images.paths.index("dog/3.png")
    np.testing.assert_array_equal(images[place, 0], np.rint(dark[..., 0] / 257))
    assert "images of 16 bits a channel, of which 65535 is white: 2" in caplog.text


def test_parts_that_are_not_used_are_named_in_the_log(tmp_path, caplog):
    for part in ("train", "valid", "test"):
        write_classes(tmp_path / part)
    with caplog.at_level(logging.INFO, logger="evolution"):
        source = load(tmp_path)
    assert f"{tmp_path}: not read, as other parts are: test" in caplog.messages
    assert source.test.images.root == tmp_path / "valid" and source.warnings == ()


def test_the_warnings_of_an_archive_are_passed_on(tmp_path):
    images = np.random.default_rng(0).random((12, 30, 30)) * 0.1
    (warning,) = load_own(f"npz:{write_npz(tmp_path / 'a.npz', images=images)}").warnings
    assert "26 are left" in warning


def test_a_class_that_is_called_as_a_part_and_holds_folders(tmp_path):
    """Such as next to a folder that is no class. As a class among others, without folders, it is none."""
    write_classes(tmp_path, names=("misc", "train"))
    assert load(tmp_path).warnings == ()
    for name in ("cat", "dog"):
        write_images(tmp_path / "train" / name)
    (warning,) = load(tmp_path).warnings
    assert warning.startswith("The class train is called as a part of a data set is, and holds folders (cat, dog).")


def test_masks_of_0_and_1_are_scaled_and_the_log_says_so(tmp_path, caplog):
    masks = {}
    for seed, name in enumerate(("cat", "dog")):
        masks[name] = noise(3, 8, 8, seed=seed) // 128
        (tmp_path / name).mkdir()
        for index, mask in enumerate(masks[name]):
            Image.fromarray(mask).save(tmp_path / name / f"{index}.png")
    with caplog.at_level(logging.INFO, logger="evolution"):
        images, _ = draw(tmp_path)
    np.testing.assert_array_equal(images[:, 0], np.concatenate([masks["cat"], masks["dog"]]) * 255)
    assert images.dtype == np.uint8 and "images of 0 and 1 alone scaled to 0 and 255" in caplog.messages
    masks["dog"][0, 0, 0] = 2
    Image.fromarray(masks["dog"][0]).save(tmp_path / "dog" / "0.png")
    images, _ = draw(tmp_path)
    np.testing.assert_array_equal(images[:, 0], np.concatenate([masks["cat"], masks["dog"]]))
