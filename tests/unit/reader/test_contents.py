"""Which run, layer and time there is, and what is said where there is none."""

import re

import pytest

from activation_reader.contents import Contents, load_contents
from activation_reader.errors import ReaderError
from contents import contents

KNOWN = Contents("mine", "train", "epoch", ["raw_inputs", "conv.1"], {"0000": [0], "0002-0006": [2, 6]})
STEPS = Contents("mine", "train", "step", ["fc"], {f"step_{time:06d}": [time] for time in range(0, 300, 10)})


def test_times_and_their_spans():
    assert KNOWN.times == [0, 2, 6] and KNOWN.span_of == {0: "0000", 2: "0002-0006", 6: "0002-0006"}
    assert KNOWN.time(epoch=6, layer="conv.1") == KNOWN.time(epoch=6) == 6
    assert KNOWN.time(layer="raw_inputs") == KNOWN.time(epoch=0, layer="raw_inputs") == 0
    assert STEPS.time(step=40) == 40


@pytest.mark.parametrize(
    ("known", "asked", "says"),
    [
        (KNOWN, {"epoch": 3}, "The run mine has no snapshot at epoch 3; it has epochs 0, 2, 6."),
        (KNOWN, {"epoch": "2"}, "no snapshot at epoch '2'"),
        (KNOWN, {"epoch": True}, "no snapshot at epoch True"),
        (KNOWN, {"epoch": [0, 2]}, "no snapshot at epoch [0, 2]"),
        (KNOWN, {"step": 2}, "The run mine counts in epochs: give epoch=... (epochs 0, 2, 6)."),
        (KNOWN, {"epoch": 2, "step": 2}, "counts in epochs"),
        (KNOWN, {"layer": "conv.1"}, "Give epoch=...; the run mine has epochs 0, 2, 6."),
        (KNOWN, {"layer": "conv", "epoch": 2}, "The run mine has no layer 'conv'; it has raw_inputs, conv.1."),
        (KNOWN, {"layer": "raw_inputs", "epoch": 2}, "never change, and are kept at epoch 0 alone."),
        (STEPS, {"epoch": 1}, "counts in steps: give step=..."),
        (STEPS, {"step": 5}, "it has 30 steps: 0, 10, 20, 30, 40, 50, 60, 70, ..., 280, 290."),
    ],
)
def test_what_is_not_there(known, asked, says):
    with pytest.raises(ReaderError, match=re.escape(says)):
        known.time(**asked)


def test_what_the_workflow_writes(tmp_path):
    text = contents(run="mine", source="train", unit="epoch", layers=KNOWN.layers, spans=KNOWN.spans)
    (tmp_path / "contents.json").write_text(text)
    assert load_contents(tmp_path) == KNOWN


def test_folders_that_are_no_run(tmp_path):
    with pytest.raises(ReaderError, match="elsewhere is not there; give the folder of a run, such as results/mnist"):
        load_contents(tmp_path / "elsewhere")
    with pytest.raises(ReaderError, match=r"has no contents\.json: .*working directory .*snakemake --cores 2$"):
        load_contents(tmp_path)
    for run in ("b", "a"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "contents.json").write_text("{}")
    with pytest.raises(ReaderError, match=r"is no run; it holds the runs a, b: load\('.*a'\)"):
        load_contents(tmp_path)


@pytest.mark.parametrize("text", ["{}", "[1]", "?", '{"format": 1}'])
def test_a_damaged_file(tmp_path, text):
    (tmp_path / "contents.json").write_text(text)
    with pytest.raises(ReaderError, match=r"contents\.json cannot be read"):
        load_contents(tmp_path)


def test_another_format(tmp_path):
    (tmp_path / "contents.json").write_text('{"format": 2}')
    with pytest.raises(ReaderError, match="has format 2, and this reader knows 1: install the reader that comes with"):
        load_contents(tmp_path)
