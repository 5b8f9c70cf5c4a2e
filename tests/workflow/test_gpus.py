"""What asks the scheduler for a GPU: dry runs."""

import pytest
import torch

from support.project import TINY, Project, changed


def gpus(project):
    """The number of GPUs that each rule's jobs ask for, of those that ask for any."""
    return {note["rule"]: note["gpus"] for note in project.announced() if note.get("gpus")}


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_measures_of_many_samples_ask_for_a_gpu_where_the_config_has_them_use_one(tmp_path, device):
    many = TINY | {
        "dataset": {"name": "mnist", "train_size": 300, "eval_size": 2001},
        "training": {"epochs": 2, "gpus": 0},
    }
    project = Project(tmp_path / "checkout", changed(many, "plots.grid_times", [0, 2]))
    assert gpus(project) == {}
    project.configure(changed(project.config, "metrics.device", device))
    assert gpus(project) == {"measure": 1}
    project.configure(changed(project.config, "dataset.eval_size", 2000))
    assert gpus(project) == {}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_where_there_is_no_gpu_results_stay(project):
    before = project.path("checkpoints/0000.pt").read_bytes()
    project.configure(changed(project.config, "training.device", "cuda"))
    output = project.snakemake("--cores", "1", "training", "--config", "seed=5", check=False)
    assert project.returncode == 1
    assert "training.device: cuda was asked for, and torch finds no usable GPU here" in output
    assert project.path("checkpoints/0000.pt").read_bytes() == before
