"""The training's own losses, from logs."""

import json

import pytest

from evolution.errors import DataError
from evolution.sources.losses import find_logs, read_losses

STATE = {
    "log_history": [
        {"loss": 2.0, "epoch": 0.5, "step": 50},
        {"loss": 1.0, "epoch": 1.0, "step": 100},
        {"eval_loss": 9.0, "epoch": 1.0, "step": 100},
        {"loss": 0.5, "epoch": 1.5, "step": 150},
    ]
}


def test_the_trainers_state(tmp_path):
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(STATE))
    assert read_losses(str(path), unit="step", asked=False) == {
        50: {"train_loss": 2.0},
        100: {"train_loss": 1.0},
        150: {"train_loss": 0.5},
    }
    # An epoch has the mean of what was logged within it.
    assert read_losses(str(path), unit="epoch", asked=False) == {1: {"train_loss": 1.5}, 2: {"train_loss": 0.5}}


def test_lightnings_metrics(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,step,train_loss,val_acc\n0,9,1.5,\n0,9,,0.5\n1,19,0.5,\n")
    assert read_losses(str(path), unit="step", asked=False) == {9: {"train_loss": 1.5}, 19: {"train_loss": 0.5}}
    assert read_losses(str(path), unit="epoch", asked=False) == {0: {"train_loss": 1.5}, 1: {"train_loss": 0.5}}


def test_a_users_table(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("\ufeffepoch, loss, train_acc\n1, 0.5, 0.75\n2, nan, 1\n")
    found = read_losses(str(path), unit="epoch", asked=True)
    assert found[1] == {"train_loss": 0.5, "train_accuracy": 0.75}
    assert found[2]["train_accuracy"] == 1 and found[2]["train_loss"] != found[2]["train_loss"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,loss\n1,2\n", "has the columns time, loss; it must have epoch, and train_loss or train_accuracy"),
        ("epoch,loss\n1,low\n", "row 2: train_loss is 'low'; it must be a number"),
        ("epoch,loss\n1,1\n-1,1\n", "row 3: epoch is '-1'; it must be 0 or more"),
        ("", "has the columns none"),
        (None, "cannot be read"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, text, said):
    path = tmp_path / "h.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match=rf"^checkpoints\.history: .*h\.csv.*{said}"):
        read_losses(str(path), unit="epoch", asked=True)
    assert read_losses(str(path), unit="epoch", asked=False) == {}, "it was only found"


def test_where_logs_are_found(tmp_path):
    version = tmp_path / "version_0"
    (version / "checkpoints").mkdir(parents=True)
    checkpoint = version / "checkpoints" / "epoch=0.ckpt"
    checkpoint.touch()
    assert find_logs([str(checkpoint)]) == []
    (version / "metrics.csv").touch()
    assert find_logs([str(checkpoint)]) == [str(version / "metrics.csv")]
    for step in (1, 2):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").touch()
    folders = [str(tmp_path / f"checkpoint-{step}") for step in (1, 2, 3)]
    assert find_logs(folders) == [str(tmp_path / "checkpoint-2" / "trainer_state.json")], "of the last that is there"


def test_columns_do_not_mix_and_the_last_of_a_time_counts(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,step,train_loss_step,train_loss_epoch\n0,9,7,\n0,9,,1\n1,19,8,\n1,19,,0.75\n1,19,,0.5\n")
    assert read_losses(str(path), unit="step", asked=False) == {9: {"train_loss": 1.0}, 19: {"train_loss": 0.5}}
    state = {"log_history": [*STATE["log_history"], {"train_loss": 9.0, "step": 150, "epoch": 1.5}]}
    (tmp_path / "trainer_state.json").write_text(json.dumps(state))
    assert read_losses(str(tmp_path / "trainer_state.json"), unit="step", asked=False)[150] == {"train_loss": 0.5}
