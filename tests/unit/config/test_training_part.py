"""Tests of the training part of runs that were trained elsewhere."""

import numpy as np
import pytest
import torch

from evolution.config.resolve import resolve
from evolution.config.training_part import training_part_notes
from support.config_faults import faults
from support.own_files import noise, write_npz


@pytest.fixture
def config(tmp_path):
    """A config of 40 images of two classes; of checkpoints."""
    torch.save({"weight": torch.zeros(1)}, tmp_path / "epoch_1.pt")
    data = write_npz(tmp_path / "mine.npz", images=noise(40, 8, 8), labels=np.arange(40) % 2)
    return {
        "dataset": {"name": f"npz:{data}", "eval_size": 30},
        "model": {"name": "tiny_cnn"},
        "layers": ["fc1"],
        "checkpoints": {"path": str(tmp_path / "epoch_*.pt")},
        "embedding": {"method": "pca"},
        "runs": {"a": {}},
    }


def test_what_is_left_is_drawn_and_said(config):
    resolved = resolve(config)
    assert resolved["runs"]["a"]["dataset"]["train_size"] == 10
    (note,) = training_part_notes(resolved)
    assert note.startswith("Of run a 10 training samples are drawn in place of dataset.train_size ")
    assert note.endswith("has no more next to the 30 to follow; they decide what samples are normalised by.")
    config["dataset"]["normalize"] = {"mean": 0.5, "std": 0.5}
    assert "they are not used" in training_part_notes(resolve(config))[0]


def test_a_size_that_there_is_stays(config):
    config["dataset"]["train_size"] = 8
    resolved = resolve(config)
    assert resolved["runs"]["a"]["dataset"]["train_size"] == 8 and training_part_notes(resolved) == []


def test_a_training_here_needs_the_size_that_was_asked_for(config):
    config["checkpoints"] = None
    assert any("dataset.train_size: " in line and "more than npz:" in line for line in faults(config))


def test_without_a_sample_left_the_size_is_a_fault(config):
    config["dataset"]["eval_size"] = 40
    assert any("is more than" in line or "are more than" in line for line in faults(config))
