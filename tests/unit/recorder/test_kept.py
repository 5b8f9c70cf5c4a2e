"""All that a model holds is found and put back, however deep it is and whatever its form."""

import random
from collections import OrderedDict, UserList, defaultdict, deque
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from activation_recorder.kept import kept

pytestmark = pytest.mark.filterwarnings("ignore:Sparse CSR", "ignore:The PyTorch API of nested")


class Counter:
    def __init__(self):
        self.count, self.inner = 0, SimpleNamespace(seen=[torch.zeros(2)])


def hidden_norm():
    return nn.Sequential(nn.BatchNorm1d(3))


def grow(tensor):
    tensor.resize_(tensor.numel() + 1).fill_(1.0)


def replace_data(tensor):
    tensor.data = torch.cat([tensor, torch.ones(1)])


def switch(norms):
    norms[0](torch.randn(5, 3))
    norms[0].eval()
    norms[0][0].momentum = 0.7


# What a module holds, and how its forward pass changes it.
HELD = {
    "tensor in a list": ([torch.zeros(2)], lambda held: held[0].add_(1)),
    "tensor in a tuple": ((torch.zeros(2), 3), lambda held: held[0].add_(1)),
    "dict in a dict": ({"a": {"b": 0}}, lambda held: held["a"].update(b=1, c=2)),
    "set in a list": ([{1}], lambda held: held[0].add(2)),
    "deque": (deque([1, 2], maxlen=2), lambda held: held.append(3)),
    "ordered dict": (OrderedDict(a=1, b=2), lambda held: held.move_to_end("a")),
    "dict with a default": (defaultdict(list), lambda held: held["x"].append(1)),
    "user list": (UserList([1]), lambda held: held.append(2)),
    "bytes": (bytearray(b"ab"), lambda held: held.extend(b"c")),
    "array": (np.zeros(3), lambda held: np.add(held, 1, out=held)),
    "array in two dimensions": (np.zeros((2, 2)), lambda held: held.__setitem__((0, 1), np.nan)),
    "array of objects": (np.array([[1], [2]], dtype=object), lambda held: held[0, 0].__class__ and held.fill(None)),
    "old generator of NumPy": (np.random.RandomState(0), lambda held: held.rand()),
    "generator of NumPy": ([np.random.default_rng(0)], lambda held: held[0].random()),
    "bits of NumPy": ([np.random.PCG64(0)], lambda held: held[0].random_raw()),
    "generator of Python": ([random.Random(0)], lambda held: held[0].random()),
    "generator of torch": ([torch.Generator().manual_seed(0)], lambda held: torch.rand(1, generator=held[0])),
    "object": (Counter(), lambda held: setattr(held, "count", 1)),
    "object in an object": (Counter(), lambda held: held.inner.seen[0].add_(1)),
    "module in a list": ([hidden_norm()], switch),
    "grown tensor": (torch.zeros(2), grow),
    "turned tensor": (torch.arange(6.0).reshape(2, 3), lambda held: held.transpose_(0, 1)),
    "other storage": (torch.zeros(3), lambda held: held.set_(torch.ones(2))),
    "emptied tensor": (torch.ones(3), lambda held: held.resize_(0)),
    "part of a tensor": (torch.zeros(3, 4)[:, ::2], lambda held: held.add_(1)),
    "conjugate": (torch.ones(2, dtype=torch.complex64).conj(), lambda held: held.add_(1j)),
    "other data": (torch.zeros(2), replace_data),
    "written through .data": (torch.zeros(2), lambda held: held.data.fill_(-0.0)),
    "sparse": (torch.eye(3).to_sparse(), lambda held: held.mul_(2)),
    "compressed rows": (torch.eye(3).to_sparse_csr(), lambda held: held.values().mul_(2)),
    "complex": (torch.zeros(2, dtype=torch.complex64), lambda held: held.add_(1j)),
    "bfloat16": (torch.zeros(2, dtype=torch.bfloat16), lambda held: held.add_(1)),
    "no dimension": (torch.zeros(()), lambda held: held.add_(1)),
    "several indices of one number": (torch.zeros(1, 2).expand(3, 2), lambda held: held[:1].data.add_(1)),
}


def form(value, seen=()):
    """Whatever is held, as text that shows every number."""
    if any(value is one for one in seen):
        return "again"
    seen = (*seen, value)
    if isinstance(value, torch.Tensor):
        value = value.resolve_conj() if value.layout == torch.strided else value
        value = value.to_dense() if value.layout != torch.strided else value
        return f"{tuple(value.shape)} {value.contiguous().flatten().view(torch.uint8).tolist()}"
    if isinstance(value, np.ndarray):
        return f"{value.shape} {value.tolist()}"
    if isinstance(value, torch.Generator):
        return value.get_state().tolist()
    if isinstance(value, np.random.RandomState):
        return str(value.get_state())
    if isinstance(value, np.random.Generator):
        return str(value.bit_generator.state)
    if isinstance(value, np.random.BitGenerator):
        return str(value.state)
    if isinstance(value, random.Random):
        return str(value.getstate())
    if isinstance(value, dict):
        return [(key, form(inner, seen)) for key, inner in value.items()]
    if isinstance(value, (list, tuple, set, deque)):
        return [form(inner, seen) for inner in value]
    return form(vars(value), seen) if hasattr(value, "__dict__") else repr(value)


def check_put_back(model, held, change):
    before = form(held)
    undos = kept(model)
    change(held)
    assert form(held) != before
    for undo in undos:
        undo()
    assert form(held) == before and model.held is held


@pytest.mark.parametrize("name", HELD)
def test_what_a_pass_changes_is_put_back(name):
    held, change = HELD[name]
    model = nn.Linear(2, 2)
    model.held = held
    check_put_back(model, held, change)


@pytest.mark.parametrize("name", [name for name, (held, _) in HELD.items() if isinstance(held, torch.Tensor)])
def test_what_a_pass_changes_in_a_buffer_is_put_back(name):
    held, change = HELD[name]
    model = nn.Linear(2, 2)
    model.register_buffer("held", held)
    check_put_back(model, held, change)


def test_objects_that_hold_each_other():
    model = nn.Linear(2, 2)
    model.one, model.same = [1], model
    model.one.append(model.one)
    undos = kept(model)
    model.one.append(3)
    [undo() for undo in undos]
    assert len(model.one) == 2 and model.one[1] is model.one


def test_what_shares_its_numbers_goes_on_to_share_them():
    model = nn.Linear(2, 2)
    model.register_buffer("whole", torch.zeros(4))
    view = model.whole[:2]
    undos = kept(model)
    model.whole.data = torch.ones(9)
    [undo() for undo in undos]
    view.fill_(3)
    assert model.whole.tolist() == [3, 3, 0, 0]


def test_a_nan_that_did_not_change_is_not_written():
    model = nn.Linear(2, 2)
    model.register_buffer("broken", torch.full((1, 1), torch.nan).expand(3, 3))
    [undo() for undo in kept(model)]
    assert model.broken.isnan().all()


class Trainer:
    def __init__(self, model):
        self.model, self.steps = model, 0


def test_tensors_without_numbers_and_forms_that_cannot_be_copied_are_left_alone():
    model = nn.Linear(2, 2)
    model.empty = torch.zeros(3, device="meta")
    model.nested = torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)])
    with FakeTensorMode():
        model.fake = torch.zeros(3)
    with torch.inference_mode():
        model.inference = torch.zeros(3)
    held = dict(model.__dict__)
    [undo() for undo in kept(model)]
    assert all(model.__dict__[name] is value for name, value in held.items())


@pytest.mark.parametrize("package", ["wandb.sdk", "lightning.pytorch", "threading"])
def test_objects_of_loggers_and_trainers_go_on(package):
    model, kind = nn.Linear(2, 2), type("Run", (), {"__module__": package})
    model.run = kind()
    model.run.steps = 1
    undos = kept(model)
    model.run.steps = 2
    [undo() for undo in undos]
    assert model.run.steps == 2


def test_what_runs_the_training_goes_on():
    """A LightningModule refers to its Trainer, and a model may refer to its optimizer or its data."""
    model = nn.Linear(2, 2)
    model.trainer, model.optimizer = Trainer(model), torch.optim.SGD(model.parameters(), 0.1)
    model.data = torch.utils.data.TensorDataset(torch.zeros(3))
    undos = kept(model)
    model.trainer.steps = 5
    model.optimizer.param_groups[0]["lr"] = 0.2
    model.data.tensors[0].add_(1)
    [undo() for undo in undos]
    assert model.trainer.steps == 5 and model.optimizer.param_groups[0]["lr"] == 0.2 and model.data.tensors[0].all()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", [torch.jit.script, lambda part: torch.jit.trace(part, torch.randn(4, 3))])
def test_the_mode_and_the_buffers_of_scripted_parts(make):
    model = nn.Sequential(make(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))))
    # Tracing runs the module.
    counted = int(dict(model.named_buffers())["0.1.num_batches_tracked"])
    undos = kept(model)
    model[0].train()(torch.randn(8, 3))
    for module in model.modules():
        module.training = False
    [undo() for undo in undos]
    assert all(module.training for module in model.modules())
    assert dict(model.named_buffers())["0.1.num_batches_tracked"] == counted
