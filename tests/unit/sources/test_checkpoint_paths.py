"""The files that `checkpoints.path` stands for."""

from pathlib import Path

import pytest

from evolution.sources.checkpoint_paths import is_pattern, matching_paths, nearby


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("ck").mkdir()
    for name in ("a_1.pt", "a_2.pt", ".a_3.pt", "optimizer.pt", "log.txt"):
        Path("ck", name).touch()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("ck", ["ck/a_1.pt", "ck/a_2.pt"]),
        ("./ck/*_1.pt", ["ck/a_1.pt"]),
        ("ck/a_{epoch}.pt", ["ck/a_1.pt", "ck/a_2.pt"]),
        ("ck/a_2.pt", ["ck/a_2.pt"]),
        ("none", []),
    ],
)
def test_a_folder_a_glob_a_pattern_or_a_file(path, expected):
    assert matching_paths(path) == expected
    assert is_pattern(path) == ("*" in path or "{" in path)


def test_what_there_is_where_nothing_matches():
    assert nearby("ck/*.safetensors").startswith("ck holds .a_3.pt, a_1.pt, a_2.pt, ... (5 in all); checkpoints are")
    assert nearby("none").startswith("paths count from their config file's folder")
