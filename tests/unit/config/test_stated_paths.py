"""Paths in a config count from the file that states them, and where nothing is there from the working directory."""

import pytest
import yaml

from evolution.config.stated_paths import counted_from_files


@pytest.fixture
def stated(tmp_path, monkeypatch):
    """Writes a config to configs/mine.yaml and takes it from the folder above."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()

    def counted(config, *others):
        (tmp_path / "configs" / "mine.yaml").write_text(yaml.safe_dump(config))
        return counted_from_files(config, [*others, "configs/mine.yaml"])

    return counted


@pytest.mark.parametrize(
    ("config", "counted"),
    [
        ({"dataset": {"name": "npz:a.npz"}}, {"dataset": {"name": "npz:configs/a.npz"}}),
        ({"dataset": {"name": "image_folder:../pictures"}}, {"dataset": {"name": "image_folder:pictures"}}),
        ({"dataset": {"name": "data.py:samples"}}, {"dataset": {"name": "configs/data.py:samples"}}),
        ({"model": {"name": "net.py:Net"}}, {"model": {"name": "configs/net.py:Net"}}),
        ({"model": {"weights": "w.pt"}}, {"model": {"weights": "configs/w.pt"}}),
        ({"model": {"kwargs": {"config": "c.json"}}}, {"model": {"kwargs": {"config": "configs/c.json"}}}),
        ({"training": {"recipe": "r.py:R"}}, {"training": {"recipe": "configs/r.py:R"}}),
        ({"runs": {"a": {"recording": {"path": "rec"}}}}, {"runs": {"a": {"recording": {"path": "configs/rec"}}}}),
        ({"grid": {"model.name": ["n.py:N", "mlp"]}}, {"grid": {"model.name": ["configs/n.py:N", "mlp"]}}),
        ({"grid": {"model": [{"name": "n.py:N"}]}}, {"grid": {"model": [{"name": "configs/n.py:N"}]}}),
    ],
    ids=str,
)
def test_each_path_counts_from_the_file(stated, config, counted):
    assert stated(config) == counted


@pytest.mark.parametrize(
    "config",
    [
        {"dataset": {"name": "digits"}},
        {"model": {"name": "package.module:Net", "weights": None}},
        {"model": {"name": "torchvision.resnet18", "kwargs": {"weights": "w.pt"}}},
        {"model": {"weights": "/w.pt"}},
        {"model": {"weights": "~/w.pt"}},
        {"dataset": {"name": "npz:"}},
        # What is downloaded need not be there.
        {"dataset": {"root": "data"}},
        {"runs": {"name": {}}, "results": "out"},
    ],
    ids=str,
)
def test_all_else_stays_as_it_is(stated, config):
    assert stated(config) == config


def test_the_working_directory_comes_second(stated, tmp_path):
    (tmp_path / "w.pt").touch()
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "epoch_1.pt").touch()
    config = {"model": {"weights": "w.pt"}, "checkpoints": {"path": "checkpoints/epoch_{epoch}.pt"}}
    assert stated(config) == config
    (tmp_path / "configs" / "w.pt").touch()
    (tmp_path / "configs" / "data").mkdir()
    assert stated(config)["model"] == {"weights": "configs/w.pt"}
    assert stated({"dataset": {"root": "data"}}) == {"dataset": {"root": "configs/data"}}


def test_a_value_counts_from_the_last_file_that_states_it(stated, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "first.yaml").write_text("model: {weights: w.pt}\ncheckpoints: {path: c}\n")
    counted = stated({"model": {"weights": "w.pt"}}, "other/first.yaml")
    assert counted == {"model": {"weights": "configs/w.pt"}}
    # A value of the command line stands in no file.
    files = [tmp_path / "other" / "first.yaml", "configs/mine.yaml"]
    config = {"model": {"weights": "v.pt"}, "checkpoints": {"path": "c"}}
    assert counted_from_files(config, files) == {"model": {"weights": "v.pt"}, "checkpoints": {"path": "other/c"}}


def test_files_that_cannot_be_read_are_passed_over(stated, tmp_path):
    (tmp_path / "broken.yaml").write_text("a: [")
    assert stated({"model": {"weights": "w.pt"}}, "none.yaml", "broken.yaml") == {"model": {"weights": "configs/w.pt"}}
