"""What is known of data sets before they are loaded, compared with the data sets."""

import numpy as np
import pytest

from evolution.data import builtin, catalogue
from support.own_files import noise, write_classes, write_npz

# Of the built-in data sets, those that come with an installed package.
INSTALLED = ("mnist_5k", "digits")


@pytest.fixture(scope="module")
def sources():
    return {name: builtin.load_source(name, "not used") for name in INSTALLED}


def test_every_data_set_is_known():
    assert (
        {*catalogue.DATASET_CLASS_SIZES} == {*catalogue.DATASET_SHAPES, *catalogue.SAMPLE_SETS} == set(builtin.DATASETS)
    )
    assert catalogue.class_sizes("imagenet") is None
    assert catalogue.image_shape({"name": "imagenet", "image_size": None}) is None


@pytest.mark.parametrize("name", INSTALLED)
def test_class_sizes_and_shapes_of_data_sets_that_need_no_download(sources, name):
    train = sources[name].train
    assert catalogue.DATASET_CLASS_SIZES[name] == (tuple(np.bincount(train.labels)), None)
    assert len(sources[name].class_names) == 10
    assert catalogue.image_shape({"name": name}) == train.images.shape[1:]
    assert catalogue.image_shape({"name": name, "image_size": None}) == train.images.shape[1:]
    assert catalogue.image_shape({"name": name, "image_size": 20}) == (1, 20, 20)


@pytest.mark.parametrize(
    ("name", "images", "shape"),
    [
        ("mnist", (60000, 10000), (1, 28, 28)),
        ("fashion_mnist", (60000, 10000), (1, 28, 28)),
        ("kmnist", (60000, 10000), (1, 28, 28)),
        ("cifar10", (50000, 10000), (3, 32, 32)),
    ],
)
def test_class_sizes_and_shapes_are_what_their_publishers_state(name, images, shape):
    sizes = catalogue.class_sizes(name)
    assert tuple(map(sum, sizes)) == images
    # The loaders check files against the number of classes.
    assert {len(part) for part in sizes} == {builtin.CLASSES[name]}
    assert catalogue.image_shape({"name": name}) == shape
    assert catalogue.image_shape({"name": name, "image_size": 64}) == (shape[0], 64, 64)


def test_the_data_sets_with_a_folder_are_those_that_are_not_installed():
    assert set(catalogue.ROOTED) == set(catalogue.DATASET_SHAPES) - set(INSTALLED)


@pytest.mark.parametrize("name", catalogue.SAMPLE_SETS)
def test_sets_that_are_no_images_are_what_is_known_of_them(name):
    source, facts = builtin.load_source(name, None), catalogue.SAMPLE_SETS[name]
    parts = [part for part in (source.train, source.test) if part is not None]
    assert (source.kind, source.target, source.names) == (facts.kind, facts.target, facts.names)
    assert {part.inputs.shape[1:] for part in parts} == {facts.shape}
    assert tuple(source.train.attributes) == facts.attributes and len(source.vocabulary) == facts.vocabulary
    found = [(len(part),) if facts.target == "number" else tuple(np.bincount(part.values)) for part in parts]
    assert found == [each for each in catalogue.class_sizes(name) if each is not None]
    assert catalogue.image_shape({"name": name, "image_size": None}) is None
    assert catalogue.known_channels({"name": name}) == ()


def test_own_data_are_read(tmp_path):
    name = f"npz:{write_npz(tmp_path / 'mine.npz')}"
    assert catalogue.class_sizes(name) == ((4, 4, 4), None)
    assert catalogue.image_shape({"name": name, "image_size": None}) == (1, 8, 8)
    assert catalogue.image_shape({"name": "npz:none.npz"}) is None, "the checks of the config say why"


def test_channels_are_those_that_planning_can_know(tmp_path):
    assert catalogue.known_channels({"name": "mnist"}) == (1,)
    assert catalogue.known_channels({"name": "cifar10", "image_size": 8}) == (3,)
    assert catalogue.known_channels({"name": "imagenet"}) == ()
    assert catalogue.known_channels({"name": f"npz:{write_npz(tmp_path / 'a.npz', images=noise(12, 8, 8, 3))}"}) == (3,)
    assert catalogue.known_channels({"name": f"npz:{tmp_path / 'none.npz'}"}) == ()
    write_classes(tmp_path / "pets")
    assert catalogue.known_channels({"name": f"image_folder:{tmp_path / 'pets'}"}) == (1, 3)
