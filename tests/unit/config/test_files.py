"""The file of a config: one that holds no config is refused, and a key that it gives twice is found."""

import os
import textwrap

import pytest
import yaml

from evolution.config.files import check_file, file_faults, results_folder
from evolution.config.resolve import resolve
from evolution.errors import ConfigError
from support.folder_state import state

FILES = {
    "no file": (None, "does not exist", "--configfile"),
    "a folder": (..., "cannot be read (Is a directory)", "a config is a YAML file"),
    "not text": (b"seed: \xff\xfe", "is not UTF-8 text (byte 6)", "save it as UTF-8"),
    "empty": (b"", "is empty", "training: {epochs: 10}"),
    "comments": (b"# nothing\n", "is empty", "training: {epochs: 10}"),
    "a list": (b"- seed\n- 3\n", "is a list", "training: {epochs: 10}"),
    "a word": (b"seed\n", "is a single value", "training: {epochs: 10}"),
    "a bracket left open": (b"layers: [fc1\nseed: 3\n", "is not valid YAML in line 2", "`key: value`"),
    "a tab": (b"runs:\n\ta: {}\n", "is not valid YAML in line 2", "indented with spaces"),
    "a zero byte": (b"seed: 1\0", "is not valid YAML", "`key: value`"),
    "a Python object": (
        b"seed: !!python/object/apply:os.mkdir [pwned]",
        "is not valid YAML in line 1",
        "`key: value`",
    ),
    "a template": (b"__use_yte__: true\nseed: ?__import__('os').mkdir('pwned')", "__use_yte__", "write values"),
    "an impossible date": (b"seed: 2024-13-45", "is not valid YAML", "`key: value`"),
    "a bottomless list": (b"layers: " + b"[" * 5000, "is not valid YAML", "`key: value`"),
    "a run twice": (
        b"runs:\n  a: {}\n  b: {}\n  a: {seed: 1}\n",
        "runs.a is given twice, in line 2 and line 4",
        "keep",
    ),
    "keys that YAML reads as one": (
        b"plots:\n  colors: {1.1: red,\n    1.10: blue}\n",
        "plots.colors.1.10 is given twice, in line 2 and line 3",
        "keep one",
    ),
    "a section twice": (b"seed: 1\nplots: {}\nseed: 2\n", "seed is given twice, in line 1 and line 3", "keep one"),
}


@pytest.mark.parametrize(("content", "problem", "remedy"), FILES.values(), ids=FILES)
def test_a_file_that_holds_no_config_is_refused(tmp_path, monkeypatch, content, problem, remedy):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "experiment.yaml"
    if content is ...:
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    before = state(tmp_path)
    with pytest.raises(ConfigError) as error:
        check_file("experiment.yaml")
    (line,) = str(error.value).split("\n")
    assert line.startswith("experiment.yaml") and problem in line and remedy in line
    assert state(tmp_path) == before, "nothing in it was run"


def test_a_key_given_twice_comes_with_the_other_faults(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("seed: 1\nseed: -2\n")
    with pytest.raises(ConfigError) as error:
        resolve(yaml.safe_load(path.read_text()), files=[path])
    twice, wrong = str(error.value).split("\n")
    assert "seed is given twice" in twice and wrong.startswith("seed: -2 is not allowed")


def test_merge_keys_and_aliases_are_no_fault(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(
        textwrap.dedent(
            """
            runs:
              a: &base {seed: 1, training: {threads: 1}}
              b: {<<: *base, seed: 2}
              c: *base
            """
        )
    )
    assert file_faults(path) == []
    resolved = resolve(yaml.safe_load(path.read_text()), files=[path])
    assert [run["seed"] for run in resolved["runs"].values()] == [1, 2, 1]


def test_the_results_lie_where_the_config_says():
    assert results_folder({}) == "results" and results_folder({"results": "../out/a"}) == "../out/a"
    assert results_folder({"results": "~/out"}) == os.path.expanduser("~/out")
    # The check of the config comes later, and names it.
    assert results_folder({"results": ["out"]}) == results_folder({"results": ""}) == "results"


@pytest.mark.parametrize(
    "folder", ["", ".", "..", "./out", "out/", "a//b", "{run}", "<results>", "a\nb", 3, None, ["a"]]
)
def test_a_folder_that_snakemake_would_read_otherwise_is_refused(folder):
    with pytest.raises(ConfigError, match=r"^results: .* is not allowed; must be "):
        resolve({"results": folder})


@pytest.mark.parametrize("folder", ["out", "../out", "/scratch/a b", "~/out", "a.b/c", ".hidden/x"])
def test_other_folders_are_allowed(folder):
    assert resolve({"results": folder})["results"] == folder
