"""A recording's layers, as `snakemake layers` prints them."""

from evolution.planning.model_trees import read_tree
from evolution.planning.recording_trees import recording_tree
from evolution.sources.recording import Recording
from layers import describe_models


def test_the_layers_are_listed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = recording_tree(Recording(20, {"conv1": [2, 3, 3], "a-b": [6]}))
    tree = read_tree(path)
    assert [(row["name"], row["shape"]) for row in tree] == [("conv1", [2, 3, 3]), ("a-b", [6])]
    text = describe_models(runs=["a"], models=["rec"], trees=[tree], layers=[["conv1"]])
    assert "Run a: rec, a recording" in text and "*  conv1  recorded  2 x 3 x 3           -" in text
    assert "cannot be followed: has a name with something else" in text
