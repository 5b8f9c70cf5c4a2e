"""What is known of the built-in networks without building them, compared with the networks."""

from collections import Counter

import pytest
import torch

from evolution.models import build, networks
from evolution.models.catalogue import ARCHITECTURES
from evolution.models.module_tree import trace
from evolution.models.selection import tree_modules


def test_every_network_is_known():
    assert set(ARCHITECTURES) == set(networks.NETWORKS)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_layers_are_the_modules_that_run_once(name):
    model = build.build_model(name, kwargs={}, shape=(1, 8, 8), classes=10, seed=0)
    runs = Counter()
    for module_name, module in model.named_modules():
        if module_name:
            module.register_forward_hook(lambda *_, name=module_name: runs.update([name]))
    model.eval()(torch.zeros(2, 1, 8, 8))
    architecture = ARCHITECTURES[name]
    assert {layer for layer, count in runs.items() if count == 1} == set(architecture.layers)
    assert {layer for layer, count in runs.items() if count > 1} == set(architecture.repeated)
    for argument in architecture.arguments:
        build.build_model(name, kwargs={argument: 0.5}, shape=(1, 8, 8), classes=10, seed=0)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_trace_finds_what_the_catalogue_says(name):
    tree = trace(build.build_model(name, kwargs={}, shape=(1, 28, 28), classes=10, seed=0), (1, 28, 28), 10)
    known, found = ARCHITECTURES[name].modules(), tree_modules(tree)
    assert found.names == list(known.names)
    assert found.unfit == known.unfit
    assert found.auto == list(known.auto)
