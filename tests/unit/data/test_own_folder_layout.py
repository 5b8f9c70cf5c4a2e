"""How a user's own folder of images is laid out: parts, classes, links, what is refused of them, and the digest."""

import os

import pytest

from evolution.config.resolve import resolve
from evolution.data import contents, image_folder, own_source
from evolution.data.catalogue import class_sizes
from evolution.errors import ConfigError
from support.own_files import small_config, write_classes, write_images

pytestmark = pytest.mark.usefixtures("nothing_remembered")


def refused(folder):
    """What is said when the config is checked."""
    with pytest.raises(ConfigError) as error:
        resolve(small_config(f"image_folder:{folder}"))
    (line,) = str(error.value).split("\n")
    assert line.startswith(f"dataset.name: image_folder:{folder} cannot be used: ")
    return line


def test_hidden_files_and_folders_are_left_out(tmp_path):
    write_classes(tmp_path)
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "cat" / "._0.png").write_bytes(b"what macOS leaves on other systems' disks")
    assert own_source.contents(f"image_folder:{tmp_path}") == contents.Contents(("cat", "dog"), (6, 6), None)


def test_val_comes_before_test(tmp_path):
    for part, count in (("train", 6), ("test", 5), ("val", 4)):
        write_classes(tmp_path / part, count=count)
    assert class_sizes(f"image_folder:{tmp_path}") == ((6, 6), (4, 4))


def test_classes_may_be_called_train_and_test(tmp_path):
    write_classes(tmp_path, names=("train", "test"))
    assert own_source.contents(f"image_folder:{tmp_path}").class_names == ("test", "train")


def test_a_path_that_is_missing_or_a_file(tmp_path):
    assert "does not exist; a relative path starts from" in refused(tmp_path / "none")
    (tmp_path / "file").write_text("")
    assert "is a file, and image_folder: takes a folder" in refused(tmp_path / "file")


def test_a_folder_without_folders(tmp_path):
    write_images(tmp_path)
    assert "holds no folders; put each class's images in a folder" in refused(tmp_path)


def test_an_empty_class(tmp_path):
    write_classes(tmp_path)
    (tmp_path / "cow").mkdir()
    (tmp_path / "cow" / "notes.txt").write_text("")
    assert f"{tmp_path / 'cow'} holds no images (.jpg, " in refused(tmp_path)


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
    assert own_source.contents(f"image_folder:{tmp_path / 'images'}").train_sizes == (6, 6, 7)
    (tmp_path / "images" / "dog" / "y.png").symlink_to(tmp_path / "nowhere")
    image_folder.folder_contents.cache_clear()
    assert "y.png is a link that leads nowhere" in refused(tmp_path / "images")


def test_a_name_that_is_no_text(tmp_path):
    write_classes(tmp_path)
    write_images(tmp_path / os.fsdecode(b"caf\xe9"))
    assert "has a class called 'caf\\udce9', which cannot be written in a figure" in refused(tmp_path)


def test_the_digest_is_of_paths_and_sizes(tmp_path):
    write_classes(tmp_path)
    path = tmp_path / "cat" / "0.png"

    def digest():
        image_folder.folder_digest.cache_clear()
        return image_folder.folder_digest(tmp_path)

    first = digest()
    os.utime(path, (0, 0))
    (tmp_path / "notes.txt").write_text("")
    assert digest() == first
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    assert digest() != first
    path.write_bytes(content)
    assert digest() == first
    path.rename(tmp_path / "cat" / "6.png")
    renamed = digest()
    assert renamed != first
    (tmp_path / "cat" / "6.png").rename(tmp_path / "dog" / "6.png")
    assert digest() not in (first, renamed)
