"""The user's own data by name, and what of it is remembered."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from evolution.data import own_source
from evolution.data.contents import Contents
from evolution.errors import DataError
from support.own_files import noise, write_classes, write_images, write_npz


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("npz:a.npz", ("npz", Path("a.npz"))),
        ("image_folder:a b/c", ("image_folder", Path("a b/c"))),
        ("npz:C:a", ("npz", Path("C:a"))),
        ("image_folder:~/photos", ("image_folder", Path.home() / "photos")),
        ("mnist", None),
        ("npz", None),
        ("zip:a", None),
    ],
)
def test_kinds_and_paths(name, expected):
    assert own_source.own_path(name) == expected


def test_contents_shape_and_names_of_both_kinds(tmp_path):
    archive = f"npz:{write_npz(tmp_path / 'a.npz', images=noise(12, 8, 9, 3))}"
    write_classes(tmp_path / "photos", shape=(8, 9, 3))
    folder = f"image_folder:{tmp_path / 'photos'}"
    assert own_source.read_contents(archive) == Contents(("0", "1", "2"), (4, 4, 4), None)
    assert own_source.read_contents(folder) == Contents(("cat", "dog"), (6, 6), None)
    assert own_source.class_names(archive) == ("0", "1", "2")
    assert own_source.class_names(folder) == ("cat", "dog")
    assert own_source.class_names("mnist") == ()
    for name in (archive, folder):
        assert own_source.image_shape(name, None) == (3, 8, 9)
        assert own_source.image_shape(name, 16) == (3, 16, 16)


def test_kind_and_target_as_the_config_says(tmp_path):
    archive = f"npz:{write_npz(tmp_path / 'a.npz')}"
    found = own_source.read_contents(archive, target="none")
    assert found == Contents((), (12,), None, target="none")
    assert own_source.class_names(archive, target="none") == ()
    write_classes(tmp_path / "photos")
    folder = f"image_folder:{tmp_path / 'photos'}"
    assert own_source.read_contents(folder, target="none") == Contents((), (12,), None, target="none")
    with pytest.raises(DataError, match=r"photos holds images, and dataset\.kind is tokens; leave it out"):
        own_source.read_contents(folder, kind="tokens")
    with pytest.raises(DataError, match=r"dataset\.target is labels; must be classes or none"):
        own_source.read_contents(folder, target="labels")
    own_source.require_said("digits", "images", "none")


def test_an_edited_archive_is_read_again(tmp_path):
    name = f"npz:{write_npz(tmp_path / 'mine.npz')}"
    assert own_source.read_contents(name).train_sizes == (4, 4, 4)
    assert own_source.image_shape(name, None) == (1, 8, 8)
    write_npz(tmp_path / "mine.npz", images=noise(13, 9, 9), labels=np.arange(13) % 3)
    assert own_source.read_contents(name).train_sizes == (5, 4, 4)
    assert own_source.image_shape(name, None) == (1, 9, 9)


def test_an_archive_that_was_removed_is_not_remembered(tmp_path):
    path = Path(write_npz(tmp_path / "mine.npz"))
    own_source.read_contents(f"npz:{path}")
    path.unlink()
    with pytest.raises(DataError, match=r"mine\.npz does not exist"):
        own_source.read_contents(f"npz:{path}")


def test_a_folder_is_listed_once(tmp_path):
    """Planning asks for it many times, and a listing of a million files takes seconds."""
    write_classes(tmp_path / "photos")
    name = f"image_folder:{tmp_path / 'photos'}"
    before = own_source.read_contents(name), own_source.image_shape(name, None)
    shutil.rmtree(tmp_path / "photos")
    assert (own_source.read_contents(name), own_source.image_shape(name, None)) == before


def test_an_error_is_not_remembered(tmp_path):
    name = f"image_folder:{tmp_path / 'photos'}"
    with pytest.raises(DataError, match="photos does not exist"):
        own_source.read_contents(name)
    write_classes(tmp_path / "photos")
    assert own_source.read_contents(name).train_sizes == (6, 6)
    # Another name of the same folder is another entry.
    write_images(tmp_path / "photos" / "cow")
    (tmp_path / "link").symlink_to(tmp_path / "photos")
    assert own_source.read_contents(f"image_folder:{tmp_path / 'link'}").class_names == ("cat", "cow", "dog")
