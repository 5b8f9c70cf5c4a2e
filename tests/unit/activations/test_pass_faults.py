"""Models that fail as samples pass through them."""

import re

import pytest
import torch
from torch import nn

from evolution.activations.pass_faults import pass_explained
from evolution.errors import LayerError, ModelError
from evolution.models.hooks import Inputs


class Texts(nn.Module):
    """Embeds tokens and their places."""

    def __init__(self, tokens, places=6):
        super().__init__()
        self.place, self.words = nn.Embedding(places, 4), nn.Embedding(tokens, 4)

    def forward(self, x):
        return (self.words(x) + self.place(torch.arange(x.shape[1]))).mean(1)


def fail(model, samples, name="net.py:Net"):
    with pytest.raises(ModelError) as said, pass_explained(name, model, samples):
        samples.given_to(model)
    return str(said.value)


def test_a_token_beyond_the_embedding():
    """Of the two embeddings that of the tokens is the larger one."""
    tokens = torch.tensor([[1, 2, 29, 0], [5, 29, 0, 0]])
    said = fail(Texts(29), Inputs({"": tokens}, kind="tokens"))
    assert said.startswith(
        "model.name: net.py:Net fails as samples (tokens) pass through it (int64 (4,)): IndexError: index out of range"
    )
    assert "the samples have the token 29, and the model's largest embedding, words, has 29 rows" in said
    assert "the tokens 0 to 28: give the model in model.kwargs as many as there are tokens" in said


def test_texts_that_are_too_long():
    """All tokens are known to the model: nothing is said of them."""
    said = fail(Texts(40), Inputs({"": torch.ones(2, 9, dtype=torch.int64)}, kind="tokens"))
    assert "(int64 (9,)): IndexError: " in said and "token 1" not in said
    assert said.endswith("the model must take samples of this shape and type; what it is made with is in model.kwargs")


def test_arguments_have_names():
    class Two(nn.Module):
        def forward(self, left, right):
            return left @ right

    said = fail(Two(), Inputs({"left": torch.zeros(2, 3), "right": torch.zeros(2, 5)}, kind="table"), "pairs:Two")
    assert re.search(r"pairs:Two fails as samples \(table\) .*\(left: float32 \(3,\), right: float32 \(5,\)\)", said)


@pytest.mark.parametrize(
    "error", [LayerError("puts out no tensor"), MemoryError(), RuntimeError("can't allocate memory")]
)
def test_what_is_left_as_it_is(error):
    samples = Inputs({"": torch.zeros(2, 3)})
    with pytest.raises(type(error)) as said, pass_explained("mlp", nn.Identity(), samples):
        raise error
    assert said.value is error


def test_nothing_is_said_where_nothing_fails():
    samples = Inputs({"": torch.zeros(2, 3)})
    with pass_explained("mlp", nn.Identity(), samples):
        assert samples.given_to(nn.Identity()).shape == (2, 3)
