"""Tests of what is said where classes have few evaluation samples."""

import numpy as np
import pytest

from evolution.config.class_votes import vote_notes
from evolution.config.resolve import resolve
from support.config_faults import faults

CLASSES = 20


@pytest.fixture
def many_classes(tmp_path):
    """A config of rows of 20 classes, with so many of each to follow."""
    path = tmp_path / "many.npz"
    rows = np.random.default_rng(0).normal(size=(CLASSES * 40, 3))
    np.savez(path, rows=rows, labels=np.arange(len(rows)) % CLASSES)

    def config(each, **metrics):
        return {
            "dataset": {"name": f"npz:{path}", "train_size": CLASSES, "eval_size": each * CLASSES},
            "model": {"name": "mlp"},
            "embedding": {"method": "pca", "pca_components": 2},
            "metrics": metrics,
        }

    return config


def said(config):
    resolved = resolve(config)
    return vote_notes(resolved, resolved["facts"], resolved["times"])


def test_votes_of_few_samples_a_class_are_said(many_classes):
    assert said(many_classes(7)) == []  # six others, of ten votes
    (note,) = said(many_classes(6))
    assert note.startswith("The 120 evaluation samples of run run are of 20 classes, so a sample has about 5 others")
    assert note.endswith("Lower metrics.neighbors to 5, or raise dataset.eval_size to 220.")
    assert said(many_classes(6, neighbors=9)) == []
    # Once for all runs of this size.
    assert len(said(many_classes(2) | {"seeds": [1, 2]})) == 1


def test_a_sample_a_class_is_refused_where_k_means_would_find_each(many_classes):
    (fault,) = faults(many_classes(1))
    assert fault == (
        "dataset.eval_size: 20 is one sample of each of 20 classes, and k-means cannot find as many clusters as there "
        "are samples; must be at least 40, two of each, or set metrics.clusters to a smaller number"
    )
    (note,) = said(many_classes(1, clusters=5))
    assert "about 0 others of its class" in note and "Raise dataset.eval_size to 220." in note


def test_nothing_is_said_of_the_default_nor_without_classes(many_classes):
    assert said({}) == []
    config = many_classes(2)
    config["dataset"] = config["dataset"] | {"target": "number"}
    assert said(config) == []


def test_a_recording_may_have_fewer_samples(tmp_path):
    time = tmp_path / "recorded" / "0"
    time.mkdir(parents=True)
    np.save(time / "layer.npy", np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32))
    np.save(time.parent / "labels.npy", np.arange(40) % 10)
    config = {"recording": {"path": str(time.parent), "unit": "epoch"}, "embedding": {"method": "pca"}}
    (note,) = said(config | {"embedding": {"method": "pca", "pca_components": 2}})
    assert note.startswith("The 40 evaluation samples of run run are of 10 classes, so a sample has about 3 others")
