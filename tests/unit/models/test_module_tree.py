"""What is found out about a model's modules by running images through it."""

import pytest
import torch
from torch import nn

from evolution.errors import ModelError
from evolution.models.module_tree import tokens, trace
from support.chains import Chain, block
from support.wrapped_logits import WRAPPED

pytestmark = pytest.mark.usefixtures("one_thread")


class Odd(nn.Module):
    """A module that puts out what it is told to."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.function(x)


class Around(nn.Module):
    """The odd module's output is not used."""

    def __init__(self, odd, logits=lambda x: x.flatten(1)):
        super().__init__()
        self.odd, self.unused, self.logits = odd, nn.Linear(1, 1), logits

    def forward(self, x):
        self.odd(x)
        return self.logits(x)


ODD = {
    "the batch second": (lambda x: x.flatten(1).T, "first dimension is not the batch"),
    "a mean over the batch": (lambda x: x.mean(0, keepdim=True), "first dimension is not the batch"),
    "one number": (lambda x: x.sum(), "first dimension is not the batch"),
    "whole numbers": (lambda x: x.argmax(1), "puts out int64, which is no floating point number"),
    "text": (lambda x: "done", "puts out no tensor but a str"),
    "nothing in a tuple": (lambda x: (None, 3), "puts out no tensor but a tuple"),
    "several by name": (lambda x: {"mean": x, "rest": x}, "puts out several tensors by name (mean, rest)"),
    "a shape of the batch": (lambda x: x.new_zeros(len(x), len(x)), "puts out another shape for other batches"),
}


@pytest.mark.parametrize(("function", "fault"), ODD.values(), ids=ODD)
def test_what_cannot_be_followed(function, fault):
    rows = {row["name"]: row for row in trace(Around(Odd(function)), (1, 2, 2), 4)}
    assert fault in rows["odd"]["fault"]
    assert rows["unused"]["fault"] == "does not run as a sample passes"


@pytest.mark.parametrize("function", [lambda x: (x, x), lambda x: [None, x], lambda x: {"a": x, "b": 3}])
def test_what_holds_a_tensor_can_be_followed(function):
    (row, _) = trace(Around(Odd(function)), (1, 2, 2), 4)
    assert row == {
        "name": "odd",
        "type": "Odd",
        "shape": (1, 2, 2),
        "parameters": 1,
        "own_parameters": 1,
        "fault": None,
    }


def test_a_module_that_runs_more_than_once():
    layer = nn.Linear(4, 4)
    rows = {row["name"]: row for row in trace(Chain(a=block(layer, layer), b=nn.ReLU()), (1, 2, 2), 4)}
    assert {name: row["fault"] for name, row in rows.items()} == {"a": None, "a.a": "runs more than once", "b": None}


def test_a_name_that_is_no_file_name():
    model = Chain(**{"a-b": nn.Linear(4, 4)})
    assert "other signs" in trace(model, (1, 2, 2), 4)[0]["fault"]


@pytest.mark.parametrize(
    ("logits", "said"),
    [
        (lambda x: x.flatten(1)[:, :3], r"here \(2, 4\), not \(2, 3\); what sets the number of classes belongs into"),
        (lambda x: (x, x), r"here \(2, 4\), not \(2, 1, 2, 2\)$"),
        (lambda x: {"a": x, "b": x}, r"several tensors by name \(a, b\); it must put out its logits"),
    ],
)
def test_a_model_that_does_not_tell_the_classes_apart(logits, said):
    with pytest.raises(ModelError, match=said):
        trace(Around(nn.Identity(), logits), (1, 2, 2), 4)


def test_a_model_that_puts_out_something_else_while_it_trains():
    model = Around(nn.Identity(), lambda x: x.flatten(1) if not model.training else (x, x.flatten(1)))
    with pytest.raises(ModelError, match=r"here \(3, 4\), not \(3, 1, 2, 2\)"):
        trace(model, (1, 2, 2), 4)


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_logits_in_whatever_they_come(wrap):
    model = Around(nn.Identity(), lambda x: wrap(x.flatten(1), x))
    assert [row["name"] for row in trace(model, (1, 2, 2), 4)] == ["odd", "unused"]


def test_a_transformers_modules_all_run():
    """With torch's fast path through an encoder layer none of them would run."""

    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)

        def forward(self, x):
            return self.encoder(x.flatten(2).expand(-1, 5, -1)).mean(1)

    rows = {row["name"]: row for row in trace(Tokens(), (1, 2, 2), 4)}
    assert rows["encoder.linear1"]["shape"] == (5, 8)
    assert rows["encoder.self_attn"]["shape"] == (5, 4) and rows["encoder.self_attn"]["fault"] is None


@pytest.mark.parametrize(
    ("target", "classes", "put_out", "said"),
    [
        ("number", 1, lambda x: x[:, 0, 0, :1], None),
        ("number", 1, lambda x: x[:, 0, 0, 0], None),
        ("number", 1, lambda x: x[:, 0, 0], r"one number for each sample, here \(2, 1\), not \(2, 4\)"),
        ("labels", 4, lambda x: x[:, 0, 0], None),
        ("labels", 3, lambda x: x[:, 0, 0], r"here \(2, 3\), not \(2, 4\)"),
        ("none", None, lambda x: x, None),
        ("none", 3, lambda x: x[:, 0, 0], None),
        ("none", None, lambda x: x.sum(), r"a row for each sample, here of 2 samples, not \(\)"),
    ],
)
def test_outputs_of_other_targets(target, classes, put_out, said):
    model = Odd(put_out)
    if said is None:
        assert trace(model, (1, 3, 4), classes, target=target) == []
        return
    with pytest.raises(ModelError, match=said):
        trace(model, (1, 3, 4), classes, target=target)


def test_tokens_to_try_a_model_with():
    found = tokens(3, (7,), 5)
    assert found.dtype == torch.int64 and found.tolist() == [[1, 2, 3, 4, 1, 2, 3]] * 3
    assert tokens(2, (3,), 0).tolist() == [[1] * 3] * 2
