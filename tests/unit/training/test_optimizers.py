"""Optimizers that are built by name against torch's classes, called by hand."""

import copy
import re

import pytest
import torch
from torch import nn

from evolution.errors import UserError
from evolution.training.optimizers import base_rates, make_optimizer, optimizer_state, set_rates

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def network():
    generator = torch.Generator().manual_seed(1)
    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    return model


def make(name, kwargs, model, learning_rate=0.01, weight_decay=0.02):
    parameters = model.parameters()
    return make_optimizer(name, kwargs, parameters, learning_rate=learning_rate, weight_decay=weight_decay)


def train(model, optimizer, steps=5):
    """The network's weights after a few steps, as one row."""
    inputs = torch.linspace(-1, 1, 50).reshape(10, 5)
    for _ in range(steps):
        optimizer.zero_grad()
        model(inputs).square().mean().backward()
        optimizer.step()
    return nn.utils.parameters_to_vector(model.parameters()).detach()


CASES = (
    ("adamw", {}, torch.optim.AdamW, {}),
    ("sgd", {}, torch.optim.SGD, {}),
    ("adam", {}, torch.optim.Adam, {}),
    ("adam", {"betas": [0.8, 0.9], "eps": 1e-5, "amsgrad": True}, torch.optim.Adam,
     {"betas": (0.8, 0.9), "eps": 1e-5, "amsgrad": True}),
    ("sgd", {"momentum": 0.9, "nesterov": True}, torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    ("AdamW", {}, torch.optim.AdamW, {}),
    ("SGD", {}, torch.optim.SGD, {}),
    ("RMSprop", {"alpha": 0.9, "centered": True}, torch.optim.RMSprop, {"alpha": 0.9, "centered": True}),
    ("rmsprop", {}, torch.optim.RMSprop, {}),
    ("RAdam", {}, torch.optim.RAdam, {}),
    ("nadam", {}, torch.optim.NAdam, {}),
    ("Adagrad", {}, torch.optim.Adagrad, {}),
    ("adafactor", {"d": 2.0}, torch.optim.Adafactor, {"d": 2.0}),
)  # fmt: skip


@pytest.mark.parametrize(("name", "kwargs", "expected_class", "arguments"), CASES)
def test_it_trains_as_torchs_own(network, name, kwargs, expected_class, arguments):
    twin = copy.deepcopy(network)
    by_hand = expected_class(twin.parameters(), lr=0.01, weight_decay=0.02, **arguments)
    optimizer = make(name, kwargs, network)
    assert type(optimizer) is expected_class
    assert optimizer.state_dict()["param_groups"] == by_hand.state_dict()["param_groups"]
    before = nn.utils.parameters_to_vector(network.parameters()).clone()
    trained = train(network, optimizer)
    assert not torch.equal(trained, before)
    assert torch.equal(trained, train(twin, by_hand))


def test_the_config_keeps_its_lists(network):
    kwargs = {"betas": [0.8, 0.9]}
    make("adam", kwargs, network)
    assert kwargs == {"betas": [0.8, 0.9]}


def test_an_optimizer_without_weight_decay(network):
    twin = copy.deepcopy(network)
    optimizer = make("rprop", {}, network, weight_decay=0)
    assert torch.equal(train(network, optimizer), train(twin, torch.optim.Rprop(twin.parameters(), lr=0.01)))
    with pytest.raises(
        UserError, match=r"^training\.weight_decay: torch\.optim\.Rprop has no weight decay; set it to 0"
    ):
        make("Rprop", {}, network)


def test_every_optimizer_of_torch_is_built_or_refused_with_a_reason():
    """Each trains one matrix, which all of them can."""
    names = [
        name
        for name, each in vars(torch.optim).items()
        if isinstance(each, type) and issubclass(each, torch.optim.Optimizer) and name != "Optimizer"
    ]
    assert len(names) > 10
    refused = []
    for name in names:
        model = nn.Linear(5, 3, bias=False)
        try:
            optimizer = make(name, {}, model, weight_decay=0)
        except UserError as error:
            refused.append(str(error))
            continue
        before = model.weight.detach().clone()
        train(model, optimizer)
        assert model.weight.isfinite().all()
        assert not torch.equal(model.weight, before)
    lbfgs, sparse = sorted(refused)
    assert re.match(r"training\.optimizer: torch\.optim\.LBFGS cannot be used: it evaluates the loss several", lbfgs)
    assert re.match(r"training\.optimizer: torch\.optim\.SparseAdam cannot be used: it takes sparse gradients", sparse)


REFUSED_NAMES = {
    "a near name": ("adamW2", r"torch\.optim has no optimizer adamW2; did you mean AdamW\? it has .*RAdam, .*SGD$"),
    "the wrong case": ("rmsProp", r".*did you mean RMSprop\?"),
    "no near name": ("xyz", r"torch\.optim has no optimizer xyz; it has ASGD, .*AdamW, .*SGD$"),
    "the base class": ("Optimizer", r"torch\.optim has no optimizer Optimizer;"),
    "no class": ("swa_utils", r"torch\.optim has no optimizer swa_utils;"),
    "only for matrices": ("Muon", r"torch\.optim\.Muon: .* 2D "),
}


@pytest.mark.parametrize(("name", "problem"), REFUSED_NAMES.values(), ids=REFUSED_NAMES)
def test_optimizers_that_are_refused(network, name, problem):
    kwargs = {"momentum": 0.9} if name == "Muon" else {}
    with pytest.raises(UserError, match=rf"^training\.optimizer: {problem}") as error:
        make(name, kwargs, network)
    assert "\n" not in str(error.value)


REFUSED_ARGUMENTS = {
    "unknown": (
        "sgd", {"momentun": 0.9},
        r"momentun is no argument of torch\.optim\.SGD; did you mean momentum\? it takes momentum, dampening, ",
    ),
    "two unknown": ("sgd", {"alpha": 1, "beta": 2}, r"alpha, beta is no argument of torch\.optim\.SGD; it takes "),
    "another's": ("sgd", {"betas": [0.9, 0.99]}, r"betas is no argument of torch\.optim\.SGD; "),
    "lr": ("sgd", {"lr": 0.1}, r"leave lr out; training\.learning_rate sets it$"),
    "weight_decay": ("sgd", {"weight_decay": 0.1}, r"leave weight_decay out; training\.weight_decay sets it$"),
    "params": ("sgd", {"params": []}, r"leave params out; they are the network's own$"),
    "value": (
        "adam", {"betas": [0.9, 1.5]},
        r"torch\.optim\.Adam with betas=\[0\.9, 1\.5\]: Invalid beta parameter at index 1: 1\.5$",
    ),
    "type": ("adam", {"eps": "small"}, r"torch\.optim\.Adam with eps='small': .*'str'"),
    "too few values": ("adam", {"betas": [0.9]}, r"torch\.optim\.Adam with betas=\[0\.9\]: "),
    "a pair of them": ("sgd", {"nesterov": True}, r"torch\.optim\.SGD with nesterov=True: Nesterov momentum requires"),
    "exclusive": ("sgd", {"foreach": True, "fused": True}, r".* fused=True: `fused` and `foreach` cannot"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "kwargs", "problem"), REFUSED_ARGUMENTS.values(), ids=REFUSED_ARGUMENTS)
def test_arguments_that_are_refused(network, name, kwargs, problem):
    with pytest.raises(UserError, match=rf"^training\.optimizer_kwargs: {problem}") as error:
        make(name, kwargs, network)
    assert "\n" not in str(error.value)


def test_the_learning_rate_that_torch_refuses_is_no_fault_of_the_arguments(network):
    with pytest.raises(UserError, match=r"^training\.optimizer: torch\.optim\.SGD: Invalid learning rate: -1"):
        make("sgd", {"momentum": 0.9}, network, learning_rate=-1)


def test_a_state_goes_on_in_another_optimizer(network):
    twin = copy.deepcopy(network)
    first = make("adam", {}, network)
    train(network, first, steps=3)
    state = copy.deepcopy(optimizer_state(first))
    weights = copy.deepcopy(network.state_dict())
    second = make("adam", {}, twin)
    twin.load_state_dict(weights)
    second.load_state_dict(state)
    assert torch.equal(train(network, first), train(twin, second))


class Elsewhere(torch.Tensor):
    """A tensor that is on another device, as far as `cpu` goes."""

    def cpu(self):
        return self.as_subclass(torch.Tensor)


def test_all_tensors_of_a_state_are_on_the_cpu(network):
    optimizer = make("sgd", {"momentum": 0.9}, network)
    train(network, optimizer, steps=1)
    parameter = next(network.parameters())
    tensor = torch.ones(2).as_subclass(Elsewhere)
    optimizer.state[parameter] = {"one": tensor, "list": [tensor, 1], "deep": {"pair": (tensor, [tensor])}, "number": 2}
    state = optimizer_state(optimizer)
    first = state["state"][0]
    assert list(first) == ["one", "list", "deep", "number"]
    assert (first["list"][1], first["number"]) == (1, 2)
    assert isinstance(first["deep"]["pair"], tuple)
    for moved in (first["one"], first["list"][0], first["deep"]["pair"][0], first["deep"]["pair"][1][0]):
        assert type(moved) is torch.Tensor
        assert torch.equal(moved, torch.ones(2))
    assert state["param_groups"] == optimizer.state_dict()["param_groups"]


def test_rates_of_several_groups(network):
    groups = [{"params": network[0].parameters()}, {"params": network[2].parameters(), "lr": 0.5}]
    optimizer = make_optimizer("sgd", {}, groups, learning_rate=0.01, weight_decay=0)
    rates = base_rates(optimizer)
    assert rates == [0.01, 0.5]
    for factor in (0.1, 0.2):
        set_rates(optimizer, rates, factor)
        assert base_rates(optimizer) == [0.01 * factor, 0.5 * factor]
    set_rates(optimizer, rates, 1.0)
    assert base_rates(optimizer) == [0.01, 0.5]


def test_a_step_has_the_rate_that_is_set(network):
    optimizer = make("sgd", {}, network, learning_rate=0.5, weight_decay=0)
    set_rates(optimizer, base_rates(optimizer), 0.1)
    before = network[0].weight.detach().clone()
    train(network, optimizer, steps=1)
    torch.testing.assert_close(network[0].weight.detach(), before - 0.05 * network[0].weight.grad)
