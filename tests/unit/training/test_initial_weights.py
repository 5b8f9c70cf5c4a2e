"""Weights of a file that a training begins with: what they fill, and what is refused."""

import pytest
import torch
from torch import nn

from evolution.errors import ModelError
from evolution.models.build import build_model
from evolution.training.initial_weights import load_weights


def tiny(seed=0):
    return build_model("tiny_cnn", kwargs={}, shape=(1, 8, 8), classes=4, seed=seed)


def saved(tmp_path, content):
    path = tmp_path / "weights.pt"
    torch.save(content, path)
    return str(path)


def test_the_weights_of_a_file(tmp_path):
    given = tiny(99).state_dict()
    path = saved(tmp_path, given)
    model = tiny()
    load_weights(model, path)
    torch.testing.assert_close(model.state_dict(), given, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda weights: weights.pop("fc2.bias"), r"1 of the model's 8 names are missing\. .* the model's fc2\.bias"),
        (
            lambda weights: weights.update(fc3=torch.zeros(1)),
            r"1 of the file's 9 names are not the model's\. .*\(the whole file\) fc3 \(1,\)",
        ),
        (
            lambda weights: weights.update({"fc2.bias": torch.zeros(10)}),
            r"fc2\.bias is \(10,\) and the model's \(4,\)\. Give",
        ),
        (
            lambda weights: [weights.pop(name) for name in list(weights)[:5]],
            r"5 of the model's 8 names are missing\. .* the model's conv1\.weight .*, conv1\.bias .*, conv2\.weight",
        ),
    ],
)
def test_weights_that_do_not_fit(tmp_path, change, said):
    weights = dict(tiny().state_dict())
    change(weights)
    path = saved(tmp_path, weights)
    with pytest.raises(ModelError, match=rf"^model\.weights: .*weights\.pt does not fit the model: {said}"):
        load_weights(tiny(), path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a model", r"holds torch\.nn\.modules\.linear\.Linear, which is not read"),
        ("a list", "holds no weights: it is a list"),
        ("text", "cannot be read"),
        ("nothing", "is empty and no checkpoint"),
        ("names with numbers", r"holds no weights: it has fc1\.weight \(int\)"),
    ],
)
def test_a_file_that_holds_no_weights(tmp_path, content, said):
    path = tmp_path / "weights.pt"
    if content in ("text", "nothing"):
        path.write_text("weights" if content == "text" else "")
    else:
        things = {"a model": nn.Linear(1, 1), "a list": [torch.zeros(1)], "names with numbers": {"fc1.weight": 3}}
        torch.save(things[content], path)
    with pytest.raises(ModelError, match=rf"^model\.weights: .*weights\.pt {said}"):
        load_weights(tiny(), str(path))


MASKED = """
import torch
from torch import nn


class Masked(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        self.register_buffer("mask", torch.full((2, 2), float("-inf")).triu(1))
        self.head = nn.Linear(4, classes)
"""


def test_weights_that_are_not_finite(tmp_path):
    """A weight never is on purpose; a buffer may be, such as a mask of attention."""
    (tmp_path / "masked.py").write_text(MASKED)
    build = {"name": f"{tmp_path}/masked.py:Masked", "kwargs": {}, "shape": (1, 2, 2), "classes": 3, "seed": 1}
    state = build_model(**build).state_dict()
    torch.save(state, tmp_path / "weights.pt")
    found = build_model(**build)
    load_weights(found, str(tmp_path / "weights.pt"))
    assert torch.equal(found.mask, state["mask"]) and torch.isinf(found.mask).any()
    for name, value in (("head.weight", float("inf")), ("head.bias", float("nan")), ("mask", float("nan"))):
        broken = {key: tensor.clone() for key, tensor in state.items()}
        broken[name].view(-1)[0] = value
        torch.save(broken, tmp_path / "broken.pt")
        with pytest.raises(ModelError, match=rf"broken\.pt holds values that are not finite .* in {name}: .* diverged"):
            load_weights(build_model(**build), str(tmp_path / "broken.pt"))
