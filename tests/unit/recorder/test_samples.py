"""Inputs and labels in the forms that people have them in."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from activation_recorder import RecorderError
from activation_recorder.samples import Samples, take_samples
from evolution.data.network_input import token_mask

X, Y = torch.randn(12, 2), np.arange(12) % 3


class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return 12

    def __getitem__(self, index):
        random.random()
        return X[index], int(Y[index])


FORMS = {
    "tensor": (X, Y),
    "array and list": (X.numpy(), Y.tolist()),
    "tensor of labels": (X, torch.tensor(Y)),
    "dataset": (Pairs(), None),
    "list of pairs": ([(x, y) for x, y in zip(X, Y)], None),
    "list of inputs": (list(X), Y),
}


@pytest.mark.parametrize(("inputs", "labels"), FORMS.values(), ids=FORMS)
def test_forms(inputs, labels):
    samples, taken = take_samples(inputs, labels)
    assert list(samples.tensors) == [""] and torch.equal(samples.tensors[""], X)
    assert taken.dtype == np.int64 and taken.tolist() == Y.tolist()
    assert samples.digest(taken) == take_samples(X, Y)[0].digest(Y)


@pytest.mark.parametrize("key", ["labels", "label"])
@pytest.mark.parametrize("form", [dict, list])
def test_arguments_by_name(form, key):
    inputs = {"a": X, "b": X + 1, key: torch.tensor(Y)}
    if form is list:
        inputs = [{name: value[index] for name, value in inputs.items()} for index in range(12)]
    samples, labels = take_samples(inputs, None)
    assert sorted(samples.tensors) == ["a", "b"] and labels.tolist() == Y.tolist()


def test_items_of_a_dataset_of_text():
    items = [{"text": "a b", "input_ids": [1, 2, index], "label": index % 2} for index in range(12)]
    samples, labels = take_samples(items, None)
    assert samples.tensors["input_ids"].tolist() == [[1, 2, index] for index in range(12)]
    assert list(samples.tensors) == ["input_ids"] and labels.tolist() == [0, 1] * 6


def test_copies_and_their_layout():
    images = torch.randn(12, 2, 4, 4).to(memory_format=torch.channels_last)
    samples, _ = take_samples(images, Y)
    images.zero_()
    assert samples.tensors[""].any()
    assert samples.tensors[""].is_contiguous(memory_format=torch.channels_last)


def test_the_digest_sees_what_differs():
    digests = {
        take_samples(inputs, labels)[0].digest(np.array(labels))
        for inputs, labels in [
            (X, Y),
            (X + 1, Y),
            (X, (Y + 1) % 3),
            ({"a": X}, Y),
            (X.double(), Y),
            (X.reshape(12, 1, 2), Y),
        ]
    }
    assert len(digests) == 6
    assert len(Samples({"": torch.zeros(2, dtype=torch.bfloat16)}).digest(Y)) == 64


@pytest.mark.parametrize(
    ("inputs", "labels", "says"),
    [
        (X, Y[:5], r"labels have the shape \(5,\), and inputs hold 12 samples"),
        (X, np.eye(12, dtype=int) * 2, r"labels are int64 \(12, 12\); several labels a sample are 0 and 1"),
        (X, Y[:, None], r"labels have the shape \(12, 1\)"),
        (X, list("abcdefghijkl"), "labels are <U1; .* Names of classes go into class_names"),
        (X, Y - 1, "labels go down to -1"),
        (X[:9], Y[:9], "10 samples or more"),
        ({}, Y, "10 samples or more"),
        ({"a": X, "b": X[:3]}, Y, "as many in each tensor"),
        (3, Y, "inputs is a int"),
        (torch.tensor(1.0), Y, "a single number"),
        (X.to_sparse(), Y, "is sparse"),
        ([torch.zeros(2), torch.zeros(3)], [0, 1], "cannot be put together"),
        (torch.utils.data.TensorDataset(X, X), Y, "hold a second element, and labels= is given too and differs"),
        (torch.utils.data.TensorDataset(X, torch.tensor(Y), X), None, "have 3 elements; .* dicts of them by name"),
        (X, [[0], [1, 2]], "labels cannot become an array"),
        (X, torch.zeros(12, dtype=torch.bfloat16), "labels cannot become an array"),
        (X, np.full(12, 2**63, np.uint64), "labels go up to 9223372036854775808"),
        (X, Y * 0, "labels are all 0; give samples of at least two classes"),
        (np.array([None, "x"]), [0, 1], "cannot become a tensor"),
    ],
)
def test_what_cannot_be_used(inputs, labels, says):
    with pytest.raises(RecorderError, match=says):
        take_samples(inputs, labels)


def test_samples_are_given_in_the_dtype_of_the_weights():
    given = []
    model = nn.Linear(2, 2).double()
    model.forward = lambda x: given.append(x.dtype)
    Samples({"": X}).given_to(model)
    Samples({"": torch.ones(2, dtype=torch.long)}).given_to(model)
    assert given == [torch.float64, torch.int64]


def test_a_model_is_given_copies():
    samples = Samples({"a": X, "b": X.clone()})
    model = nn.Identity()
    model.forward = lambda a, b: (a.mul_(2), b.zero_())
    for part in samples.split(5):
        part.given_to(model)
    assert torch.equal(samples.tensors["a"], X) and torch.equal(samples.tensors["b"], X)


def test_labels_that_are_given_as_the_items_have_them_lose_nothing():
    assert take_samples(Pairs(), Y)[1].tolist() == Y.tolist()


@pytest.mark.parametrize(("chunk", "sizes"), [(250, [12]), (11, [12]), (5, [5, 5, 2]), (1, [1] * 12), (12, [12])])
def test_no_last_part_of_one_sample(chunk, sizes):
    assert [len(part) for part in Samples({"": X}).split(chunk)] == sizes


def test_of_large_images_fewer_pass_at_once():
    assert Samples({"": torch.empty(1, 1, 8, 8)}).chunk() == 250
    assert Samples({"": torch.empty(1, 3, 224, 224)}).chunk() == 45


def test_samples_without_labels_and_with_those_of_no_classes():
    samples, labels = take_samples(X, None)
    assert labels is None and len(samples) == 12 and len(samples.digest(None)) == 64
    assert take_samples(list(X), None)[1] is None
    numbers = take_samples(X, Y / 4)[1]
    assert numbers.dtype == np.float64
    several = take_samples(X, np.eye(12)[:, :3])[1]
    assert several.dtype == bool and several.shape == (12, 3)
    digests = {samples.digest(given) for given in (None, Y, Y / 4, several)}
    assert len(digests) == 4


def test_the_mask_says_where_padding_is_and_else_the_token_0():
    tokens = torch.tensor([[0, 5, 3], [7, 0, 0]])
    assert Samples({"": tokens}).mask().tolist() == [[False, True, True], [True, False, False]]
    mask = torch.tensor([[1, 1, 1], [1, 1, 0]])
    both = Samples({"input_ids": tokens, "attention_mask": mask})
    assert both.mask().tolist() == mask.bool().tolist() and both[1:].mask().tolist() == [[True, True, False]]
    assert Samples({"": X}).mask() is None
    # As the workflow has it of the same samples.
    for samples in (Samples({"": tokens}), both, Samples({"": X})):
        arrays = {name: tensor.numpy() for name, tensor in samples.tensors.items()}
        expected, mask = token_mask(arrays, "tokens"), samples.mask()
        assert (mask is expected is None) or np.array_equal(mask, expected)
