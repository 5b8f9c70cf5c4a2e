"""Folders that are parts and never classes: how published data sets call theirs, and what is not plain."""

import pytest

from evolution.config.resolve import resolve
from evolution.data.folder_parts import FolderParts, folder_parts, part_kind, parts_in_names
from evolution.data.image_folder import folder_digest, read_contents
from evolution.errors import ConfigError, DataError
from support.own_files import small_config, write_classes, write_images


def lay_out(folder, *parts):
    """Two classes of six images within each of the parts."""
    for part in parts:
        write_classes(folder / part)
    return folder


def refused(folder):
    """The message where the folder is read, which is also the one of the config's check."""
    with pytest.raises(DataError) as error:
        folder_parts(folder)
    with pytest.raises(ConfigError) as line:
        resolve(small_config(f"image_folder:{folder}"))
    assert str(line.value) == f"dataset.name: image_folder:{folder} cannot be used: {error.value.problem}"
    return error.value.problem


@pytest.mark.parametrize(
    ("names", "train", "evaluation", "unused"),
    [
        (("train", "val"), "train", "val", ()),
        (("train", "test"), "train", "test", ()),
        (("train", "test", "val"), "train", "val", ("test",)),
        # fastai and Roboflow
        (("train", "valid"), "train", "valid", ()),
        (("train", "valid", "test"), "train", "valid", ("test",)),
        # The MNIST of Kaggle, and of many courses
        (("training", "testing"), "training", "testing", ()),
        (("Train", "Test"), "Train", "Test", ()),
        (("TRAIN", "VALIDATION"), "TRAIN", "VALIDATION", ()),
        # Intel's scenes
        (("seg_train", "seg_test", "seg_pred"), "seg_train", "seg_test", ("seg_pred",)),
        (("train", "test", "prediction"), "train", "test", ("prediction",)),
        # COCO
        (("train2017", "val2017"), "train2017", "val2017", ()),
        (("Training_Set", "Test_Set"), "Training_Set", "Test_Set", ()),
        (("trainset", "testset"), "trainset", "testset", ()),
        (("train_images", "val-images"), "train_images", "val-images", ()),
        (("data train", "data dev"), "data train", "data dev", ()),
        # STL-10 and SVHN
        (("train", "test", "unlabeled"), "train", "test", ("unlabeled",)),
        (("train", "test", "extra"), "train", "test", ("extra",)),
        (("train", "eval"), "train", "eval", ()),
        (("xtrain", "xtest"), "xtrain", "xtest", ()),
        (("x_train", "x_val"), "x_train", "x_val", ()),
        (("tr", "te"), "tr", "te", ()),
        # The Medical Segmentation Decathlon
        (("imagesTr", "imagesTs"), "imagesTr", "imagesTs", ()),
    ],
)
def test_parts_are_read_where_they_are_plain(tmp_path, names, train, evaluation, unused):
    lay_out(tmp_path, *names)
    assert folder_parts(tmp_path) == FolderParts(tmp_path / train, tmp_path / evaluation, unused)
    contents = read_contents(tmp_path)
    assert (contents.class_names, contents.train_sizes, contents.eval_sizes) == (("cat", "dog"), (6, 6), (6, 6))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("train", "val", "valid"), "val and valid are both a validation part"),
        (("train", "Train", "val"), "Train and train are both a training part"),
        (("train", "test", "testing"), "test and testing are both a test part"),
        (("train", "test", "annotations"), "names of parts and not of classes, together with annotations"),
        (("val", "test"), "none of them is to train on"),
        (("train", "predictions"), "none of them is to evaluate on"),
        (("train", "test", "a", "b", "c", "d", "e", "f"), "together with a, b, c, d, e and 1 more"),
    ],
)
def test_what_is_not_plain_is_refused(tmp_path, names, said):
    lay_out(tmp_path, *names)
    message = refused(tmp_path)
    assert said in message and f"{tmp_path} holds " in message
    assert "Move or rename what does not fit; or, if these are classes, rename them" in message


def test_a_part_without_folders_of_classes_is_refused(tmp_path):
    """Kaggle's test images have no labels."""
    lay_out(tmp_path, "train")
    write_images(tmp_path / "test")
    message = refused(tmp_path)
    assert f"and {tmp_path / 'test'} holds no folders of classes" in message
    assert "to share it between training and evaluation: image_folder:" in message


def test_images_that_lie_in_the_parts_themselves_are_refused(tmp_path):
    write_classes(tmp_path, names=("train", "test"))
    assert f"{tmp_path} holds test and train, which are names of parts and not of classes" in refused(tmp_path)


@pytest.mark.parametrize(
    "names", [("bus", "car", "train"), ("invalid", "valid"), ("normal", "test"), ("extra", "plain"), ("pred", "prey")]
)
def test_one_such_name_among_others_is_a_class(tmp_path, names):
    write_classes(tmp_path, names=names)
    assert folder_parts(tmp_path) == FolderParts(tmp_path)
    assert read_contents(tmp_path).class_names == names


@pytest.mark.parametrize("name", ["trains", "restraint", "latest", "contest", "valley", "set", "dataset", "2017"])
def test_names_that_are_like_those_of_parts(name):
    assert part_kind(name) is None


def test_classes_within_a_part_may_be_called_as_parts_are(tmp_path):
    for part in ("train", "val"):
        write_classes(tmp_path / part, names=("bus", "test"))
    assert read_contents(tmp_path).class_names == ("bus", "test")


def test_a_part_that_is_not_used_does_not_count_for_the_digest(tmp_path):
    lay_out(tmp_path / "two", "train", "valid")
    lay_out(tmp_path / "three", "train", "valid", "test")
    assert folder_digest(tmp_path / "two") == folder_digest(tmp_path / "three")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("cats_train", "cats_test", "dogs_train"), ("cats_train", "cats_test")),
        (("train", "valid"), ("train", "valid")),
        (("val2017", "train2017", "x"), ("train2017", "val2017")),
        (("bus", "train"), None),
        (("valid", "test"), None),
        (("0", "1"), None),
        ((), None),
    ],
)
def test_words_of_parts_in_names(names, found):
    assert parts_in_names(names) == found


@pytest.mark.parametrize(
    "names", [("train", "query"), ("learn", "test"), ("cats_train", "cats_test"), ("train", "ood")]
)
def test_a_parts_name_and_another_folder_with_the_same_classes(tmp_path, names):
    """They are parts, whatever the other is called: never classes."""
    for name in names:
        for class_name in ("cat", "dog"):
            (tmp_path / name / class_name).mkdir(parents=True)
    with pytest.raises(DataError, match=r"hold the same folders \(cat and dog\) and look like parts"):
        folder_parts(tmp_path)


def test_published_names_of_parts(tmp_path):
    for name in ("trainval", "test"):
        write_classes(tmp_path / name)
    assert folder_parts(tmp_path) == FolderParts(tmp_path / "trainval", tmp_path / "test")


def test_a_class_with_a_parts_name_among_others(tmp_path):
    for name in ("train/steam", "train/diesel", "car/red", "bus"):
        (tmp_path / name).mkdir(parents=True)
    assert folder_parts(tmp_path).train == tmp_path


@pytest.mark.parametrize("names", [("fold1", "fold2", "fold3"), ("Fold_0", "Fold_1"), ("split-1", "split-2")])
def test_folds_of_a_cross_validation_are_refused(tmp_path, names):
    assert f"{names[-1]}, which are names of the folds of a cross-validation" in refused(lay_out(tmp_path, *names))


def test_two_domains_with_parts_are_refused(tmp_path):
    """As for translation from one sort of image to another."""
    assert "trainA and trainB are both a training part" in refused(
        lay_out(tmp_path, "trainA", "trainB", "testA", "testB")
    )


@pytest.mark.parametrize("names", [("tr", "cats"), ("fold", "crease"), ("ts", "te"), ("fold1", "cats")])
def test_short_names_and_folds_alone_are_classes(tmp_path, names):
    for name in names:
        (tmp_path / name).mkdir()
    assert folder_parts(tmp_path) == FolderParts(tmp_path)
