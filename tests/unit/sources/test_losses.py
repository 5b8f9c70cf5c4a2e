"""The training's own losses, from logs."""

import json

import pytest
import torch

from evolution.errors import DataError
from evolution.sources.losses import find_logs, loss_next_to_weights, read_losses

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


def test_the_score_is_that_of_the_target(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss,train_acc,train_r2,train_map\n1,2,0.5,-0.5,30\n2,1,0.75,0.5,60\n")

    def read(target):
        return read_losses(str(path), unit="epoch", asked=True, target=target)

    assert read("classes")[2] == {"train_loss": 1, "train_accuracy": 0.75}
    assert read("number") == {1: {"train_loss": 2, "train_r2": -0.5}, 2: {"train_loss": 1, "train_r2": 0.5}}
    # In percent.
    assert read("labels")[1] == {"train_loss": 2, "train_average_precision": 0.3}
    assert read("none")[1] == {"train_loss": 2}
    path.write_text("epoch,train_r2\n1,50\n")
    with pytest.raises(DataError, match=r"has an R² of 50; it is never above 1"):
        read("number")
    with pytest.raises(DataError, match=r"it must have epoch, and train_loss or train_average_precision"):
        read("labels")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,loss\n1,2\n", "has the columns time, loss; it must have epoch, and train_loss or train_accuracy"),
        ("epoch,loss\n1,low\n", "row 2: train_loss is 'low'; it must be a number"),
        ("epoch,loss\n1,1\n-1,1\n", "row 3: epoch is '-1'; it must be 0 or more"),
        ("", "has the columns none"),
        ("epoch,phase,loss\n1,train,1.99\n1,val,10\n", "rows of several series: phase is 'train' and 'val'"),
        ("epoch,fold,train_loss\n1,0,1\n2,0,1\n1,1,1\n", "rows of several series: fold is '0' and '1'"),
        ("epoch,loss\n1,1.99\n1,10\n", "several rows of epoch 1; it must have one"),
        ("epoch,loss\n1,0,5\n", "row 2: there are 3 values, and 2 columns; write decimal points"),
        ("epoch,loss,loss\n1,0,5\n", "has two columns loss; it must have one"),
        ("epoch,train_acc\n1,120\n", "has an accuracy of 120; it must be a share from 0 to 1, or in percent"),
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


def test_steps_that_begin_again_each_epoch_are_no_times(tmp_path):
    path = tmp_path / "h.csv"
    path.write_text("epoch,step,loss\n0,0,3\n0,1,2\n1,0,1\n1,1,0.5\n")
    with pytest.raises(DataError, match=r"counts steps within an epoch: they fall from 1 to 0 as epoch 1 begins"):
        read_losses(str(path), unit="step", asked=True)
    assert read_losses(str(path), unit="epoch", asked=True) == {0: {"train_loss": 2.5}, 1: {"train_loss": 0.75}}


def test_a_training_that_went_on_from_a_checkpoint(tmp_path):
    """From epoch 1 on, and from step 10 on: the rows that were written last count."""
    path = tmp_path / "h.csv"
    path.write_text("epoch,loss\n0,3\n1,2\n2,9\n1,2.5\n2,1\n")
    found = read_losses(str(path), unit="epoch", asked=True)
    assert found == {0: {"train_loss": 3}, 1: {"train_loss": 2.5}, 2: {"train_loss": 1}}
    path.write_text("epoch,step,loss\n0,5,3\n0,10,2\n1,15,9\n1,15,1\n")
    assert read_losses(str(path), unit="step", asked=True)[15] == {"train_loss": 1}


def test_percent_become_shares(tmp_path):
    path = tmp_path / "h.csv"
    path.write_text("epoch,train_acc\n1,0.5\n2,97.5\n")
    assert read_losses(str(path), unit="epoch", asked=True) == {
        1: {"train_accuracy": 0.005},
        2: {"train_accuracy": 0.975},
    }


def test_the_log_of_another_folder_is_not_taken(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "epoch_1.pt").touch()
    (tmp_path / "metrics.csv").touch()
    assert find_logs([str(tmp_path / "a" / "epoch_1.pt")]) == []


@pytest.mark.parametrize(
    ("content", "loss"),
    [
        ({"loss": 0.5, "model": {}}, 0.5),
        ({"loss": torch.tensor(0.5)}, 0.5),
        ({"train_loss": 1, "loss": 0.5}, 1.0),
        ({"loss": torch.rand(3), "best_loss": 1.0, "loss_fn": {}}, None),
        ({"loss": True}, None),
        ([1.0], None),
    ],
)
def test_the_loss_next_to_weights(content, loss):
    assert loss_next_to_weights(content) == loss
