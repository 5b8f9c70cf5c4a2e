"""A wrong config is refused with a message that names each key and what to do, and nothing on disk changes."""

import os

import pytest
import yaml

from support.config_faults import faults
from support.folder_state import state
from support.wrong_keys import WRONG_KEYS
from support.wrong_together import WRONG_TOGETHER

CASES = WRONG_KEYS | WRONG_TOGETHER


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A working directory with results in it, which must be the same afterwards."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("seed: 1\n")
    results = tmp_path / "results" / "tiny"
    results.mkdir(parents=True)
    (results / "dataset.npz").write_bytes(b"images")
    os.utime(results / "dataset.npz", (1, 1))
    before = state(tmp_path)
    yield
    assert state(tmp_path) == before


def test_there_are_many_cases():
    assert len(CASES) >= 60


@pytest.mark.parametrize(("text", "key", "remedy"), CASES.values(), ids=CASES)
def test_a_fault_is_one_line_with_key_and_remedy(results, text, key, remedy):
    found = faults(yaml.safe_load(text))
    assert len(found) == 1, found
    assert found[0].startswith(key)
    assert remedy in found[0]


def test_all_faults_come_in_one_message(results):
    config = yaml.safe_load(
        """
        seed: -1
        dataset: {eval_size: 60}
        layers: [conv1, fc9, a b]
        training: {epochs: 10, device: cuda, gpus: 0, learning_rate: fast}
        snapshots: {also: [11, x]}
        metrics: {clusters: 70, clutsers: 3}
        runs: {good: {}, bad one: {}, other: {model: {kwargs: {depth: 3}}}}
        """
    )
    found = faults(config)
    assert sorted(line.split(":")[0] for line in found) == [
        "embedding.perplexity",
        "layers",
        "layers.2",
        "metrics.clusters",
        "metrics.clutsers",
        "runs",
        "runs.other.model.kwargs.depth",
        "seed",
        "snapshots.also",
        "snapshots.also.1",
        "training.gpus",
        "training.learning_rate",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{training: {epochs: many}, plots: {grid_times: [500]}}",
        "{snapshots: {also: ['3']}, plots: {grid_times: [3]}}",
        "{dataset: {eval_size: few}, embedding: {perplexity: 5000}}",
        "{model: {name: resnet}, layers: [layer1.0]}",
        "{dataset: {name: imagenet, train_size: 1000000}}",
        "{training: {device: gpu, gpus: 0}}",
        "{dataset: {name: digits, eval_size: 500}, grid: {dataset.train_size: [many]}}",
        "{dataset: {eval_size: 60, train_size: 600}, grid: {dataset.eval_size: [few]}, embedding: {perplexity: 15}}",
        "{grid: {dataset: [{name: digits, train_size: [1]}]}}",
    ],
)
def test_what_only_follows_from_another_fault_is_not_said(results, text):
    assert len(faults(yaml.safe_load(text))) == 1


def test_a_fault_that_many_runs_share_is_said_once(results):
    found = faults({"layers": ["fc9"], "metrics": {"clusters": 2000}, "runs": {f"run{n}": {} for n in range(30)}})
    assert len(found) == 2


def test_the_schemas_faults_come_together_and_so_do_those_of_the_checks():
    config = {"seed": -1, "metrics": {"cluster": 3, "n_init": 0, "k": 1}, "layers": ["a b", "c d"]}
    lines = faults(config)
    assert sorted(line.split(":")[0] for line in lines) == [
        "layers.0",
        "layers.1",
        "metrics.cluster",
        "metrics.k",
        "metrics.n_init",
        "seed",
    ]
    assert faults({"snapshots": {"also": [101]}, "layers": ["raw_inputs"], "metrics": {"clusters": 1000}}) == [
        "snapshots.also: [101] lies past the last epoch; training.epochs is 100",
        "metrics.clusters: 1000 is too large, run run has dataset.eval_size 1000; must be below it",
        "layers: raw_inputs stands for the raw inputs; leave it out and set activations.raw_inputs",
    ]
