"""Paths in a config count from the file that states them, and where nothing is there from the working directory."""

import json

import pytest
import yaml

from evolution.config.stated_paths import counted_from_files
from evolution.errors import ConfigError
from evolution.sources.records import save_record


@pytest.fixture
def stated(tmp_path, monkeypatch):
    """Writes a config to configs/mine.yaml and takes it from the folder above."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()

    def counted(config, *others):
        (tmp_path / "configs" / "mine.yaml").write_text(yaml.safe_dump(config))
        return counted_from_files(config, [*others, "configs/mine.yaml"])[0]

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
    assert counted_from_files(config, files)[0] == {"model": {"weights": "v.pt"}, "checkpoints": {"path": "other/c"}}


def test_files_that_cannot_be_read_are_passed_over(stated, tmp_path):
    (tmp_path / "broken.yaml").write_text("a: [")
    assert stated({"model": {"weights": "w.pt"}}, "none.yaml", "broken.yaml") == {"model": {"weights": "configs/w.pt"}}


def write(path, **config):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config))
    return str(path)


@pytest.fixture
def two_files(tmp_path, monkeypatch):
    """a/c.yaml and b/c.yaml, of runs x and y."""
    monkeypatch.chdir(tmp_path)

    def written(first, second):
        return [write(tmp_path / "a" / "c.yaml", **first), write(tmp_path / "b" / "c.yaml", **second)]

    return written


@pytest.mark.parametrize(
    ("part", "text"), [({"checkpoints": {"path": "{}"}}, "ckpts"), ({"dataset": {"name": "npz:{}"}}, "data.npz")]
)
def test_the_same_text_in_two_files_counts_from_each_ones_own(two_files, part, text):
    def run(text):
        return json.loads(json.dumps(part).replace("{}", text))

    files = two_files({"runs": {"x": run(text)}}, {"runs": {"y": run(text)}})
    counted, notes = counted_from_files({"runs": {"x": run(text), "y": run(text)}}, files)
    assert counted == {"runs": {"x": run(f"a/{text}"), "y": run(f"b/{text}")}} and notes == []


def test_a_text_of_another_key_or_of_the_command_line_takes_no_path_away(two_files, tmp_path):
    files = [*two_files({"checkpoints": {"path": "ckpts"}}, {"seed": 1}), write(tmp_path / "c.yaml", results="ckpts")]
    assert counted_from_files({"checkpoints": {"path": "ckpts"}}, files)[0] == {"checkpoints": {"path": "a/ckpts"}}
    # recording.path is from the command line: the file has that text at another key.
    assert counted_from_files({"recording": {"path": "ckpts"}}, files)[0] == {"recording": {"path": "ckpts"}}


def test_a_part_of_a_config_counts_from_the_file_with_the_longest_ending_of_its_key(two_files):
    files = two_files(
        {"representations": {"model": {"weights": "w.pt"}, "runs": {"x": {"checkpoints": {"path": "c"}}}}},
        {"weights": "w.pt", "samples": {"x": {"path": "c"}}, "other": {"path": "d"}, "tool": "mlp.pt"},
    )
    config = {"model": {"weights": "w.pt"}, "runs": {"x": {"checkpoints": {"path": "c"}}, "y": {}}}
    counted = {"model": {"weights": "a/w.pt"}, "runs": {"x": {"checkpoints": {"path": "a/c"}}, "y": {}}}
    assert counted_from_files(config, files, part=True) == (counted, [])
    # The whole key is not in the file: its end is.
    assert counted_from_files({"checkpoints": {"path": "d"}}, files, part=True)[0] == {"checkpoints": {"path": "b/d"}}
    # A value of the Snakefile's own, which a file has under another name.
    assert counted_from_files({"model": {"weights": "mlp.pt"}}, files, part=True)[0] == {"model": {"weights": "mlp.pt"}}
    # Of the whole config each key is looked for as it is.
    assert counted_from_files(config, files)[0]["model"] == {"weights": "w.pt"}


def test_a_part_that_may_be_of_two_folders_stops(two_files, tmp_path):
    files = two_files({"one": {"model": {"weights": "w.pt"}}}, {"two": {"model": {"weights": "w.pt"}}})
    with pytest.raises(ConfigError, match=r"model\.weights: w\.pt may be one\.model\.weights of a file in a and two\."):
        counted_from_files({"model": {"weights": "w.pt"}}, files, part=True)
    # One folder: it does not matter which key it was.
    files[1] = write(tmp_path / "a" / "d.yaml", two={"model": {"weights": "w.pt"}})
    assert counted_from_files({"model": {"weights": "w.pt"}}, files, part=True)[0] == {"model": {"weights": "a/w.pt"}}


@pytest.mark.parametrize("gone", ["files", "folder"])
@pytest.mark.parametrize("source", ["checkpoints", "recording"])
def test_what_was_deleted_means_what_it_meant(stated, tmp_path, source, gone):
    config = {source: {"path": "saved/epoch_{epoch}.pt"}}
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "epoch_1.pt").touch()
    assert stated(config) == config
    (tmp_path / "saved" / "epoch_1.pt").unlink()
    if gone == "folder":
        (tmp_path / "saved").rmdir()
        assert stated(config) == {source: {"path": "configs/saved/epoch_{epoch}.pt"}}
        save_record(
            tmp_path / "results" / "r" / source / "0001.json", pattern=config[source]["path"], unit="epoch", times=[]
        )
    assert stated(config) == config


def test_a_pattern_searches_no_tree_below_a_folder_that_it_names(stated, tmp_path, monkeypatch):
    (tmp_path / "configs" / "saved" / "deep").mkdir(parents=True)
    monkeypatch.setattr("glob.iglob", lambda *_, **__: pytest.fail("a tree is searched"))
    assert stated({"checkpoints": {"path": "saved/**/x.pt"}}) == {"checkpoints": {"path": "configs/saved/**/x.pt"}}


def test_a_pattern_without_a_folder_counts_from_where_its_files_are(stated, tmp_path):
    config = {"checkpoints": {"path": "epoch_{epoch}.pt"}}
    (tmp_path / "epoch_1.pt").touch()
    assert stated(config) == config
    (tmp_path / "configs" / "epoch_1.pt").touch()
    assert stated(config) == {"checkpoints": {"path": "configs/epoch_{epoch}.pt"}}


def test_two_files_of_one_name_are_noted(stated, tmp_path):
    files = ["configs/mine.yaml"]
    for folder in (tmp_path, tmp_path / "configs"):
        (folder / "w.pt").touch()
    config = {"model": {"weights": "w.pt"}}
    stated(config)
    (note,) = counted_from_files(config, files)[1]
    assert note.startswith("model.weights: w.pt is configs/w.pt, next to the config file; w.pt of the folder")
    (tmp_path / "w.pt").unlink()
    assert counted_from_files(config, files)[1] == []
    # A link to the same file is no other one.
    (tmp_path / "w.pt").symlink_to("configs/w.pt")
    assert counted_from_files(config, files)[1] == []
