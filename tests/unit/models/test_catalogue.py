"""What is known of the built-in networks without building them, compared with the networks."""

from collections import Counter

import pytest
import torch

from evolution.models import build, networks
from evolution.models.catalogue import ARCHITECTURES
from evolution.models.hooks import Inputs
from evolution.models.module_tree import trace
from evolution.models.selection import tree_modules

# Samples that suit each network: the shape, and how many tokens there are.
SAMPLES = {"signal_cnn": ((2, 20), None), "tiny_transformer": ((7,), 11)}


def built(name, kwargs):
    shape, vocabulary = SAMPLES.get(name, ((1, 8, 8), None))
    return build.build_model(name, kwargs=kwargs, shape=shape, classes=10, vocabulary=vocabulary, seed=0)


def given(name):
    shape, vocabulary = SAMPLES.get(name, ((1, 8, 8), None))
    return torch.zeros(2, *shape) if vocabulary is None else torch.ones(2, *shape, dtype=torch.int64)


def test_every_network_is_known():
    assert set(ARCHITECTURES) == set(networks.NETWORKS)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_layers_are_the_modules_that_run_once(name):
    model = built(name, {})
    runs = Counter()
    for module_name, module in model.named_modules():
        if module_name:
            module.register_forward_hook(lambda *_, name=module_name: runs.update([name]))
    model.eval()(given(name))
    architecture = ARCHITECTURES[name]
    assert {layer for layer, count in runs.items() if count == 1} == set(architecture.layers)
    assert {layer for layer, count in runs.items() if count > 1} == set(architecture.repeated)
    for argument in architecture.arguments:
        built(name, {argument: 0.5})


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_trace_finds_what_the_catalogue_says(name):
    samples = Inputs({"": given(name)[:1].expand(3, *given(name).shape[1:])})
    tree = trace(built(name, {}), tuple(given(name).shape[1:]), 10, lambda count: samples[:count])
    known, found = ARCHITECTURES[name].modules(), tree_modules(tree)
    assert found.names == list(known.names)
    assert found.unfit == known.unfit
    assert found.auto == list(known.auto)


@pytest.mark.parametrize(
    ("name", "kind"), [("small_cnn", "images"), ("mlp", "table"), ("mlp", "signals"), ("signal_cnn", "signals")]
)
def test_kinds_that_networks_take(name, kind):
    assert kind in ARCHITECTURES[name].kinds and "tokens" not in ARCHITECTURES[name].kinds
    assert "tokens" in ARCHITECTURES["tiny_transformer"].kinds
