"""A few epochs of training for tests, and the checkpoint that they end in."""

from dataclasses import replace
from operator import eq

import torch

from evolution.io.checkpoints import save_checkpoint
from evolution.training.loop import train_span
from evolution.training.settings import TrainingSettings

SETTINGS = TrainingSettings(
    model="tiny_cnn",
    model_kwargs={},
    seed=17,
    batch_size=None,
    optimizer="adamw",
    learning_rate=1e-2,
    weight_decay=1e-2,
    device="cpu",
    threads=1,
)


def train_epochs(folder, dataset, first, last, previous=None, initial_weights=None, about=None, **changes):
    """Train times `first` to `last` with changed settings; the checkpoint's path, and what train_span returns.

    `about` holds more of its arguments: unit, epochs, kept, repeated.
    """
    result = train_span(
        dataset=dataset,
        previous=previous,
        times=range(first, last + 1),
        settings=replace(SETTINGS, **changes),
        initial_weights=initial_weights,
        **(about or {}),
    )
    path = str(folder / f"{first}-{last}.pt")
    save_checkpoint(path, result[0])
    return path, *result


def start(folder, dataset, **changes):
    """The path of a checkpoint of epoch 0."""
    folder.mkdir(exist_ok=True)
    return train_epochs(folder, dataset, 0, 0, **changes)[0]


def assert_same_bits_when_cut(folder, dataset, **changes):
    """Four epochs of small_cnn are those of two and two more, with other draws between them."""
    # small_cnn has everything that carries state from step to step: dropout, batch norm, and the optimizer's.
    settings = {"model": "small_cnn"} | changes
    begun = start(folder, dataset, **settings)
    _, whole, whole_history, _ = train_epochs(folder, dataset, 1, 4, begun, **settings)
    middle, first, first_history, _ = train_epochs(folder, dataset, 1, 2, begun, **settings)
    torch.rand(7, device=settings.get("device", "cpu"))
    _, second, second_history, _ = train_epochs(folder, dataset, 3, 4, middle, **settings)
    parts = first["weights"] | second["weights"]
    assert list(parts) == list(whole["weights"]) == [1, 2, 3, 4]
    for epoch, weights in whole["weights"].items():
        for name, value in weights.items():
            same = torch.equal if isinstance(value, torch.Tensor) else eq
            assert same(parts[epoch][name], value), (epoch, name)
    for name, column in whole_history.items():
        assert first_history[name] + second_history[name] == column
    found, expected = (each["state"]["optimizer"] for each in (second, whole))
    assert found["param_groups"] == expected["param_groups"]
    torch.testing.assert_close(found["state"], expected["state"], rtol=0, atol=0)
