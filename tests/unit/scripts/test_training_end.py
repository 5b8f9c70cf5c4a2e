"""Where a training has ended by itself, as the history of its last span says."""

import json

from evolution.io.tables import save_table
from evolution.planning.run_times import Ending, load_ending
from training_end import training_end


def end_of(tmp_path, metadata):
    history, output = tmp_path / "history.parquet", tmp_path / "training_end.json"
    save_table(history, {"time": [], "train_loss": []}, metadata)
    training_end(history=str(history), output=str(output))
    return load_ending(output)


def test_a_training_that_has_ended(tmp_path):
    ended = {"time": 33, "reason": "the loss is nan", "diverged": True}
    assert end_of(tmp_path, {"ended": json.dumps(ended)}) == Ending(33, "the loss is nan", diverged=True)


def test_a_training_that_went_on(tmp_path):
    assert end_of(tmp_path, {"dataset": "a"}) is None
