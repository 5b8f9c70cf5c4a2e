"""Which layers of a recording can be followed."""

from pathlib import Path

import pytest

from evolution.planning.code_files import code_files
from evolution.sources.recording import Recording
from evolution.sources.recording_layers import recorded_modules

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"


def test_names_that_cannot_stand_in_a_path_are_not_followed():
    modules = recorded_modules(Recording(10, {"a-b": [3], "conv1": [3], "raw_inputs": [3]}))
    assert modules.names == ["conv1"] and list(modules.auto) == ["conv1"]
    assert "letters, digits, _" in modules.unfit["a-b"] and "inputs.npy" in modules.unfit["raw_inputs"]


def test_of_many_layers_auto_takes_eight():
    modules = recorded_modules(Recording(10, {f"l{number}": [1] for number in range(15)}))
    assert list(modules.auto) == [f"l{2 * number}" for number in range(8)]


@pytest.mark.parametrize("script", ["prepare_recording", "snapshot_recording"])
def test_a_change_of_how_layers_are_chosen_runs_no_job_of_a_recording_again(script):
    code = {path.stem for path in code_files(SCRIPTS / f"{script}.py")}
    assert "recording" in code and not code & {"recording_layers", "selection"}
