"""The files of a span of training."""

import hashlib
from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from evolution.errors import UserError
from evolution.io.checkpoints import load_checkpoint
from evolution.io.tables import load_table
from support.tiny_training import SETTINGS
from train import train

pytestmark = pytest.mark.usefixtures("one_thread")


def span(folder, name):
    return {part: str(folder / part / name) for part in ("checkpoint", "history", "timing", "note")}


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def run(folder, dataset, first, last, previous=None, settings=SETTINGS):
    """Train a span with a checkpoint of every second epoch; its files."""
    output = span(folder, f"{first}-{last}")
    train(
        dataset=dataset,
        previous=previous,
        times=range(first, last + 1),
        unit="epoch",
        epoch_length=1,
        epochs=None,
        settings=settings,
        kept=[0, 2, 4],
        repeated=None,
        training_digest="a",
        initial_weights=None,
        output=output,
    )
    return output


def test_files_of_two_spans(tmp_path, dataset):
    begun = run(tmp_path, dataset, 0, 0)
    trained = run(tmp_path, dataset, 1, 3, begun["checkpoint"])
    assert list(load_checkpoint(begun["checkpoint"])["weights"]) == [0]
    assert list(load_checkpoint(trained["checkpoint"])["weights"]) == [2]
    columns = ("epoch", "train_loss", "train_accuracy", "eval_accuracy", "class_accuracy")
    history = load_table(trained["history"], *columns)
    assert history["epoch"].to_pylist() == [1, 2, 3]
    assert [len(values) for values in history["class_accuracy"].to_pylist()] == [4, 4, 4]
    assert load_table(trained["timing"], "epoch", "seconds")["epoch"].to_pylist() == [1, 2, 3]


def test_the_history_tells_data_and_weights_apart(tmp_path, dataset):
    """By its metadata, also where all accuracies are the same."""
    files = run(tmp_path, dataset, 0, 0)
    metadata = load_table(files["history"], "epoch").schema.metadata
    assert metadata[b"dataset"].decode() == digest(dataset)
    assert metadata[b"checkpoint"].decode() == digest(files["checkpoint"])


@pytest.mark.parametrize(("batch_size", "said"), [(None, "all training samples at once"), (16, "16 samples at once")])
def test_a_gpu_without_enough_memory(tmp_path, dataset, monkeypatch, batch_size, said):
    """The error that torch raises, raised where it comes up."""

    def fails(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    begun = run(tmp_path, dataset, 0, 0)
    monkeypatch.setattr(functional, "cross_entropy", fails)
    with pytest.raises(UserError, match=f"The GPU has too little memory for this training, which takes {said}"):
        run(tmp_path, dataset, 1, 1, begun["checkpoint"], replace(SETTINGS, batch_size=batch_size))
    assert not (tmp_path / "checkpoint" / "1-1").exists()
