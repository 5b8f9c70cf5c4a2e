"""How a user's own folder of images is laid out: parts, classes, links, what is refused, and the digest."""

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from evolution.config.resolve import resolve
from evolution.data.contents import Contents
from evolution.data.image_folder import (
    EXTENSIONS,
    class_folders,
    folder_digest,
    image_files,
    is_image,
    read_contents,
    read_shape,
    require_target,
    unread_images,
)
from evolution.errors import ConfigError, DataError
from support.image_files import exif
from support.own_files import small_config, write_classes, write_images


def refused(folder):
    """The message where the folder is read, which is also the one of the config's check."""
    with pytest.raises(DataError) as error:
        read_contents(folder)
    assert error.value.key == "dataset.name"
    with pytest.raises(ConfigError) as line:
        resolve(small_config(f"image_folder:{folder}"))
    assert str(line.value) == f"dataset.name: image_folder:{folder} cannot be used: {error.value.problem}"
    return error.value.problem


def test_extensions_are_torchvisions():
    from torchvision.datasets.folder import IMG_EXTENSIONS

    assert set(IMG_EXTENSIONS) == set(EXTENSIONS)


def test_hidden_files_and_folders_are_left_out(tmp_path):
    write_classes(tmp_path)
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "cat" / "._0.png").write_bytes(b"what macOS leaves on other systems' disks")
    assert read_contents(tmp_path) == Contents(("cat", "dog"), (6, 6), None)


def test_a_path_that_is_missing_or_a_file(tmp_path):
    assert "does not exist; a relative path starts from" in refused(tmp_path / "none")
    (tmp_path / "file").write_text("")
    assert "is a file, and image_folder: takes a folder" in refused(tmp_path / "file")


def test_a_folder_without_folders(tmp_path):
    write_images(tmp_path)
    assert "holds no folders; put each class's images in a folder" in refused(tmp_path)
    with pytest.raises(DataError, match="holds no folders"):
        class_folders(tmp_path)


def test_images_without_classes(tmp_path):
    """In one folder, in folders within, and in two parts."""
    write_images(tmp_path / "flat", count=7, shape=(8, 9))
    write_images(tmp_path / "flat" / "more", count=5, shape=(8, 9))
    assert read_contents(tmp_path / "flat", labelled=False) == Contents((), (12,), None, target="none")
    assert read_shape(tmp_path / "flat", labelled=False) == (1, 8, 9)
    write_images(tmp_path / "flat", count=1, shape=(8, 9, 3), suffix=".webp")
    assert read_shape(tmp_path / "flat", labelled=False) == (3, 8, 9)
    before = folder_digest(tmp_path / "flat", labelled=False)
    write_images(tmp_path / "parts" / "train", count=7)
    write_images(tmp_path / "parts" / "val", count=3)
    assert read_contents(tmp_path / "parts", labelled=False) == Contents((), (7,), (3,), target="none")
    assert folder_digest(tmp_path / "parts", labelled=False) != before
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty holds no images"):
        read_contents(tmp_path / "empty", labelled=False)


def test_an_empty_class(tmp_path):
    write_classes(tmp_path)
    (tmp_path / "cow").mkdir()
    (tmp_path / "cow" / "notes.txt").write_text("")
    assert f"{tmp_path / 'cow'} holds no images (.jpg, " in refused(tmp_path)
    (tmp_path / "cow" / "more").mkdir()
    for name in ("1.gif", "2.gif", "more/3.heic"):
        (tmp_path / "cow" / name).touch()
    assert ".webp), but 2 .gif, 1 .heic; convert these, or remove the folder" in refused(tmp_path)


def test_one_class(tmp_path):
    write_classes(tmp_path, names=("cat",))
    assert "has 1 class, 'cat'; a classifier needs at least two" in refused(tmp_path)


def test_a_folder_too_high(tmp_path):
    write_classes(tmp_path / "train")
    assert f"or name {tmp_path / 'train'}, if its folders are the classes" in refused(tmp_path)


def test_parts_with_other_classes(tmp_path):
    write_classes(tmp_path / "train")
    write_classes(tmp_path / "val", names=("cat", "cow"))
    assert f"{tmp_path / 'val'} has the class 'cow' and {tmp_path / 'train'} has not" in refused(tmp_path)


@pytest.mark.parametrize("target", [".", "..", "../.."])
def test_a_link_that_goes_round_in_a_circle(tmp_path, target):
    write_classes(tmp_path)
    (tmp_path / "cat" / "more").mkdir()
    (tmp_path / "cat" / "more" / "loop").symlink_to(target)
    assert f"{tmp_path / 'cat' / 'more' / 'loop'} is a link to a folder that it lies in" in refused(tmp_path)


def test_two_links_that_go_round_in_a_circle(tmp_path):
    write_classes(tmp_path / "images")
    write_images(tmp_path / "other")
    (tmp_path / "images" / "cat" / "there").symlink_to(tmp_path / "other")
    (tmp_path / "other" / "back").symlink_to(tmp_path / "images" / "cat")
    assert "back is a link to a folder that it lies in" in refused(tmp_path / "images")


def test_links_elsewhere_are_followed(tmp_path):
    write_images(tmp_path / "other")
    write_classes(tmp_path / "images")
    (tmp_path / "images" / "cow").symlink_to(tmp_path / "other")
    (tmp_path / "images" / "dog" / "x.png").symlink_to(tmp_path / "other" / "0.png")
    assert read_contents(tmp_path / "images").train_sizes == (6, 6, 7)
    (tmp_path / "images" / "dog" / "y.png").symlink_to(tmp_path / "nowhere")
    assert "y.png is a link that leads nowhere" in refused(tmp_path / "images")
    (entry,) = (entry for entry in os.scandir(tmp_path / "images" / "dog") if entry.name == "y.png")
    with pytest.raises(DataError, match="mend or remove it"):
        require_target(entry)


def test_a_name_that_is_no_text(tmp_path):
    write_classes(tmp_path)
    write_images(tmp_path / os.fsdecode(b"caf\xe9"))
    assert "has a class called 'caf\\udce9', which cannot be written in a figure" in refused(tmp_path)


def test_the_files_of_a_class_are_those_in_its_folder_and_below(tmp_path):
    write_images(tmp_path / "cat", count=2)
    write_images(tmp_path / "cat" / "more" / "deep", count=1)
    (tmp_path / "cat" / "notes.txt").write_text("")
    found = sorted(entry.path for entry in image_files(tmp_path, "cat"))
    assert found == [str(tmp_path / "cat" / name) for name in ("0.png", "1.png", "more/deep/0.png")]


def test_the_shape_is_that_of_the_first_images(tmp_path):
    write_images(tmp_path / "cat", shape=(8, 12))
    write_images(tmp_path / "dog", shape=(9, 9, 3))
    assert read_shape(tmp_path) == (3, 8, 12)
    (tmp_path / "cat" / "0.png").write_bytes(b"no image")
    assert read_shape(tmp_path) == (3, 9, 9)
    (tmp_path / "dog" / "0.png").write_bytes(b"no image")
    with pytest.raises(DataError, match="no class's first image can be read"):
        read_shape(tmp_path)


def test_the_shape_is_as_a_viewer_shows_it(tmp_path):
    write_images(tmp_path / "dog", shape=(8, 12, 3))
    (tmp_path / "cat").mkdir()
    for suffix in (".jpg", ".png", ".tif", ".webp"):
        for turn in range(1, 9):
            path = tmp_path / "cat" / f"0{suffix}"
            Image.new("L", (12, 8)).save(path, exif=exif(turn))
            assert read_shape(tmp_path) == ((3, 12, 8) if turn > 4 else (3, 8, 12))
        path.unlink()


def test_files_that_look_like_images_are_counted():
    assert is_image("a.PNG") and is_image("b/c.jpeg") and not is_image("a.gif") and not is_image("png")
    paths = ["cat/3.gif", "cat/1.GIF", "dog/x.heic", "dog/notes.txt", "dog/README", "cat/a.png.csv"]
    assert unread_images(paths) == {".gif": ["cat/1.GIF", "cat/3.gif"], ".heic": ["dog/x.heic"]}


def test_the_digest_is_of_paths_and_sizes(tmp_path):
    write_classes(tmp_path / "first")

    def digest_after(name, edit):
        """Of a copy of the folder, edited."""
        folder = shutil.copytree(tmp_path / "first", tmp_path / name)
        edit(folder)
        return folder_digest(folder)

    def touch(folder):
        os.utime(folder / "cat" / "0.png", (0, 0))
        (folder / "notes.txt").write_text("")

    def append(folder):
        with (folder / "cat" / "0.png").open("ab") as file:
            file.write(b" ")

    first = folder_digest(tmp_path / "first")
    assert digest_after("copied", lambda folder: None) == first
    assert digest_after("touched", touch) == first
    edited = digest_after("edited", append)
    renamed = digest_after("renamed", lambda folder: (folder / "cat" / "0.png").rename(folder / "cat" / "6.png"))
    moved = digest_after("moved", lambda folder: (folder / "cat" / "0.png").rename(folder / "dog" / "6.png"))
    assert len({first, edited, renamed, moved}) == 4


def test_the_digest_does_not_depend_on_how_the_folder_is_named(tmp_path, monkeypatch):
    write_classes(tmp_path / "images")
    monkeypatch.chdir(tmp_path)
    absolute = folder_digest(tmp_path / "images")
    assert folder_digest(Path("images")) == absolute
    monkeypatch.chdir(tmp_path / "images")
    assert folder_digest(Path(".")) == absolute
