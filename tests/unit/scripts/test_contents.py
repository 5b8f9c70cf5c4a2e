"""What a run has, as JSON."""

import json

from contents import contents


def test_contents_say_in_which_files_the_cells_lie():
    text = contents(
        run="mine",
        source="recording",
        unit="step",
        layers=("raw_inputs", "block.fc"),
        spans={"step_000000": range(1), "step_000010-000030": [10, 30]},
    )
    assert text.endswith("}\n") and json.loads(text) == {
        "format": 1,
        "run": "mine",
        "source": "recording",
        "unit": "step",
        "layers": ["raw_inputs", "block.fc"],
        "spans": {"step_000000": [0], "step_000010-000030": [10, 30]},
    }
