"""What the config checks know of data sets and models, against the data sets and models."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
import yaml

from evolution.data import builtin, catalogue
from evolution.data.class_balance import images_per_class
from evolution.models import build, networks
from evolution.models import catalogue as models_catalogue

ROOT = Path(__file__).parents[3]


def test_every_data_set_and_model_is_in_it():
    assert set(catalogue.DATASET_CLASS_SIZES) == set(catalogue.DATASET_SHAPES) == set(builtin.DATASETS)
    assert catalogue.class_sizes("imagenet") is None
    assert catalogue.image_shape({"name": "imagenet", "image_size": None}) is None
    assert set(models_catalogue.ARCHITECTURES) == set(networks.NETWORKS)


@pytest.mark.parametrize("name", ["mnist_5k", "digits"])
def test_class_sizes_of_data_sets_that_need_no_download(name):
    source = builtin.load_source(name, "not used")
    assert catalogue.DATASET_CLASS_SIZES[name] == (tuple(np.bincount(source.train.labels)), None)
    assert catalogue.image_shape({"name": name, "image_size": None}) == (source.train.images.shape[1:], 10)
    assert catalogue.image_shape({"name": name, "image_size": 20}) == ((1, 20, 20), 10)


@pytest.mark.parametrize(
    ("name", "images"),
    [("mnist", (60000, 10000)), ("fashion_mnist", (60000, 10000)), ("kmnist", (60000, 10000))]
    + [("cifar10", (50000, 10000))],
)
def test_class_sizes_add_up_to_what_their_publishers_state(name, images):
    assert tuple(map(sum, catalogue.DATASET_CLASS_SIZES[name])) == images
    assert {len(sizes) for sizes in catalogue.DATASET_CLASS_SIZES[name]} == {builtin.CLASSES[name]}


def test_shapes_of_images():
    assert set(catalogue.DATASET_SHAPES) == set(builtin.DATASETS)
    for name in ("mnist_5k", "digits"):
        source = builtin.load_source(name, "not used")
        known = catalogue.image_shape({"name": name})
        assert known == (source.train.images.shape[1:], len(source.class_names))
    # As their publishers state; CLASSES is what the loaders check files against.
    for name in ("mnist", "fashion_mnist", "kmnist"):
        assert catalogue.image_shape({"name": name}) == ((1, 28, 28), builtin.CLASSES[name])
    assert catalogue.image_shape({"name": "cifar10"}) == ((3, 32, 32), builtin.CLASSES["cifar10"])
    assert catalogue.image_shape({"name": "cifar10", "image_size": 64}) == ((3, 64, 64), 10)
    assert catalogue.image_shape({"name": "npz:mine.npz"}) is None


@pytest.mark.parametrize("name", models_catalogue.ARCHITECTURES)
def test_layers_are_the_modules_that_run_once(name):
    model = build.build_model(name, {}, (1, 8, 8), 10, seed=0)
    runs = Counter()
    for module_name, module in model.named_modules():
        if module_name:
            module.register_forward_hook(lambda *_, name=module_name: runs.update([name]))
    model.eval()(torch.zeros(2, 1, 8, 8))
    architecture = models_catalogue.ARCHITECTURES[name]
    assert {layer for layer, count in runs.items() if count == 1} == set(architecture.layers)
    assert {layer for layer, count in runs.items() if count > 1} == set(architecture.repeated)
    for argument in architecture.arguments:
        build.build_model(name, {argument: 0.5}, (1, 8, 8), 10, seed=0)


@pytest.mark.parametrize(("size", "classes", "expected"), [(10, 5, [2] * 5), (11, 3, [4, 4, 3]), (2, 3, [1, 1, 0])])
def test_images_per_class(size, classes, expected):
    assert images_per_class(size, classes) == expected


def test_palettes_are_matplotlibs():
    schema = yaml.safe_load((ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text())
    assert set(schema["properties"]["plots"]["properties"]["palette"]["enum"]) == set(matplotlib.color_sequences)


def test_checking_a_config_loads_no_large_library():
    code = (
        "import sys; from evolution import configuration; configuration.resolve({}); "
        "print([name for name in ('numpy', 'torch', 'matplotlib', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "workflow" / "scripts", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
