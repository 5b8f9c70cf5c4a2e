"""The checkpoints of a run, on real files."""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from evolution.errors import ConfigError
from evolution.sources import checkpoint_listing
from evolution.sources.checkpoint_listing import list_checkpoints
from evolution.sources.stored_times import NothingStoredError

CHOOSE = {"every": None, "log_until": None, "also": [], "leave_out": []}


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(*names, **more):
    """Checkpoints with these names in the folder ck; `more` are functions of the name's digits."""
    for name in names:
        os.makedirs(os.path.dirname(f"ck/{name}"), exist_ok=True)
        digits = int("".join(filter(str.isdigit, name)) or 0)
        content = {"model": {"w": torch.rand(3)}} | {key: value(digits) for key, value in more.items()}
        torch.save(content if more else content["model"], f"ck/{name}")


def found(path="ck", unit="auto", unusable=(), **choose):
    return list_checkpoints({"path": path, "unit": unit, "choose": CHOOSE | choose}, unusable=unusable)


def files_of(listed):
    return {time: checkpoint.path for time, checkpoint in listed.stored.items()}


@pytest.mark.parametrize(
    ("path", "unit"),
    [("ck", "auto"), ("ck/", "auto"), ("ck/*.pt", "auto"), ("ck/epoch_{epoch}.pt", "auto"), ("./ck/*", "epoch")],
)
def test_folders_globs_and_patterns(path, unit):
    write("epoch_2.pt", "epoch_10.pt", "epoch_1.pt")
    listed = found(path, unit)
    assert listed.unit == "epoch" and listed.notes == []
    assert files_of(listed) == {number: f"ck/epoch_{number}.pt" for number in (1, 2, 10)}
    assert list(listed.stored) == [1, 2, 10]


def test_numbers_from_the_files_where_names_have_none():
    write("a1.pt", "b2.pt", epoch=lambda number: number, step=lambda number: 100 * number)
    os.rename("ck/a1.pt", "ck/a.pt")
    os.rename("ck/b2.pt", "ck/b.pt")
    listed = found()
    assert listed.unit == "step" and files_of(listed) == {100: "ck/a.pt", 200: "ck/b.pt"}
    assert [checkpoint.other_time for checkpoint in listed.stored.values()] == [1, 2]
    assert files_of(found(unit="epoch")) == {1: "ck/a.pt", 2: "ck/b.pt"}


def test_a_number_alone_is_what_the_file_says_it_is():
    write("m_3.pt", "m_5.pt", epoch=lambda number: number)
    assert found().unit == "epoch"


def test_a_number_alone_of_which_nothing_is_said():
    write("m_3.pt", "m_5.pt")
    with pytest.raises(
        ConfigError, match=r"^unit: .*number of ck/m_3\.pt is an epoch or a step; must be epoch or step"
    ):
        found()
    assert found(unit="step").unit == "step" and list(found(unit="step").stored) == [3, 5]


def test_the_last_one_again_and_the_best_are_left_out():
    write(
        "epoch=0-step=20.ckpt",
        "epoch=0-step=40.ckpt",
        "last.ckpt",
        global_step=lambda number: number or 40,
        epoch=lambda _: 0,
    )
    listed = found()
    assert listed.unit == "step" and list(listed.stored) == [20, 40]
    assert listed.notes == ["ck/last.ckpt is left out: it is of step 40, as ck/epoch=0-step=40.ckpt is."]
    with pytest.raises(ConfigError, match=r"^path: two files are of epoch 0: .*set checkpoints\.unit to step"):
        found("ck/e*", unit="epoch")
    write("epoch_1.pt")
    torch.save({"w": torch.rand(3)}, "ck/best.pt")
    assert "ck/best.pt is left out" in found("ck/*.pt").notes[0]


def test_two_files_of_one_time():
    write("a/epoch_1.pt", "b/epoch_1.pt")
    with pytest.raises(
        ConfigError, match=r"^path: two files are of epoch 1: ck/a/epoch_1\.pt and ck/b/epoch_1\.pt; give"
    ):
        found("ck/*/*.pt")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("none/*.pt", r"^path: 'none/\*\.pt' matches no whole checkpoint"),
        ("ck/*.pth", r"ck holds epoch_1\.pt; checkpoints are \.pt, "),
        ("ck/m_{epok}.pt", r"^path: .*\{epok\}, which is not known"),
    ],
)
def test_no_file_matches(path, said):
    write("epoch_1.pt")
    with pytest.raises(ConfigError, match=said):
        found(path)


def test_a_file_without_a_number():
    write("a.pt", "b.pt")
    with pytest.raises(ConfigError, match=r"^path: .*ck/a\.pt, ck/b\.pt.*Write a pattern"):
        found()


def test_a_file_that_is_still_written_and_one_that_broke_off():
    write("epoch_1.pt", "epoch_2.pt")
    broken = Path("ck/epoch_2.pt")
    whole = broken.read_bytes()
    broken.write_bytes(whole[:-10])
    listed = found()
    assert list(listed.stored) == [1]
    assert listed.notes == [
        "ck/epoch_2.pt is left out: it is not whole, and is taken to be still written; give the same command again "
        "once it is."
    ]
    os.utime("ck/epoch_2.pt", (0, 0))
    assert "copy that broke off" in found().notes[0]
    broken.write_bytes(whole)
    assert list(found().stored) == [1, 2]


def test_choices():
    write(*(f"step_{number}.pt" for number in (0, 1, 2, 4, 500, 1000)))
    assert list(found(every=500, log_until=2).stored) == [0, 1, 2, 500, 1000]
    with pytest.raises(ConfigError, match=r"^choose\.also: there is no checkpoint of step 3; the nearest is 2"):
        found(also=[3])
    with pytest.raises(ConfigError, match=r"^choose: .* chooses none of the 6"):
        found(every=7, leave_out=[0])


def test_unusable_ones_are_left_out():
    write("epoch_1.pt", "epoch_2.pt")
    fingerprint = found().stored[2].fingerprint
    listed = found(unusable=[fingerprint])
    assert list(listed.stored) == [1] and "ck/epoch_2.pt is left out: its weights are not finite" in listed.notes[0]
    with pytest.raises(ConfigError, match="all checkpoints"):
        found("ck/epoch_2.pt", unusable=[fingerprint])


def test_files_that_are_as_they_were_are_not_read_again(monkeypatch):
    write("epoch_1.pt")
    first = found()
    monkeypatch.setattr(checkpoint_listing, "read_facts", lambda path: pytest.fail("read again"))
    assert found() == first
    os.utime("ck/epoch_1.pt", (1, 1))
    with pytest.raises(pytest.fail.Exception):
        found()


def test_a_folder_with_the_checkpoints_one_below():
    write("checkpoints/epoch_1.pt")
    assert files_of(found()) == {1: "ck/checkpoints/epoch_1.pt"}


def test_what_lies_next_to_weights_is_no_checkpoint():
    write("epoch_1.pt", "optimizer.pt", "rng_state_0.pth", "training_args.bin")
    Path("ck/config.yaml").touch()
    assert files_of(found()) == {1: "ck/epoch_1.pt"} and found().notes == []


def test_an_empty_folder():
    os.mkdir("empty")
    with pytest.raises(NothingStoredError, match="empty holds nothing"):
        found("empty")


def test_what_a_file_says_counts_before_a_number_alone():
    """Such as an accuracy, a seed or the network's name."""
    write("model_acc91.pt", "model_acc93.pt", epoch=lambda number: number // 10 + number % 10)
    assert list(found(unit="epoch").stored) == [10, 12]
    os.rename("ck/model_acc91.pt", "ck/resnet18.pt")
    os.remove("ck/model_acc93.pt")
    assert list(found(unit="epoch").stored) == [10]


def test_a_number_alone_that_is_the_other_units():
    write("m_1.pt", "m_2.pt", epoch=lambda number: number)
    with pytest.raises(
        ConfigError, match=r"^unit: step is not known of ck/m_1\.pt: the number of its name is its epoch"
    ):
        found(unit="step")
    write("m_1.pt", "m_2.pt", epoch=lambda number: number, step=lambda number: 390 * number)
    assert list(found(unit="step").stored) == [390, 780]


@pytest.mark.parametrize("path", ["./ck", "./ck/*.pt", "ck/.", "./ck/{step}.pt"])
def test_paths_that_are_not_in_their_shortest_form(path):
    write("1010.pt", "1040.pt", "1100.pt")
    assert list(found(path, unit="step").stored) == [1010, 1040, 1100]


def test_a_star_takes_no_digits_of_a_number():
    write("model_11.pt", "model_12.pt", "model_9.pt")
    assert list(found("ck/*{epoch}.pt").stored) == [9, 11, 12]


def test_files_that_count_otherwise_than_their_names():
    """The name counts; what has no number in its name has then no time."""
    write("epoch_1.pt", "epoch_2.pt", epoch=lambda number: number - 1)
    torch.save({"model": {"w": torch.rand(3)}, "epoch": 1}, "ck/best.pt")
    listed = found()
    assert list(listed.stored) == [1, 2] and "ck/best.pt is left out" in listed.notes[0]


def test_epochs_that_fall_while_steps_rise():
    write("m_391.pt", "m_388.pt", epoch=lambda number: {391: 1, 388: 2}[number], step=lambda number: number)
    with pytest.raises(
        ConfigError, match=r"^unit: ck/m_388\.pt is of step 388 and epoch 2, and ck/m_391\.pt of step 391"
    ):
        found(unit="step")


def trainer_folder(path, step):
    """A folder as Hugging Face's Trainer writes it."""
    os.makedirs(path, exist_ok=True)
    save_file({"w": torch.rand(3)}, f"{path}/model.safetensors")
    Path(path, "config.json").write_text("{}")
    Path(path, "trainer_state.json").write_text(
        json.dumps({"global_step": step, "epoch": step / 10, "log_history": []})
    )


def test_steps_within_an_epoch_have_a_part_of_it():
    for step in (5, 10, 15):
        trainer_folder(f"out/checkpoint-{step}", step)
    listed = found("out")
    assert listed.unit == "step"
    assert {time: each.other_time for time, each in listed.stored.items()} == {5: 0.5, 10: 1, 15: 1.5}


def test_the_last_model_of_a_trainer_lies_above_its_checkpoints():
    for step in (10, 20):
        trainer_folder(f"out/checkpoint-{step}", step)
    trainer_folder("out", 20)
    assert files_of(found("out")) == {10: "out/checkpoint-10", 20: "out/checkpoint-20"}
    assert files_of(found("out/checkpoint-20")) == {20: "out/checkpoint-20"}


def test_other_content_of_the_same_size_and_time():
    """As `cp -p` leaves it."""
    write("epoch_1.pt")
    first, status = found().stored[1].fingerprint, os.stat("ck/epoch_1.pt")
    write("epoch_1.pt")
    os.utime("ck/epoch_1.pt", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert os.stat("ck/epoch_1.pt").st_size == status.st_size
    assert found().stored[1].fingerprint != first


def test_steps_within_an_epoch_are_no_steps_of_the_training():
    write("epoch_1.pt", "epoch_2.pt", step=lambda number: 90)
    assert [checkpoint.other_time for checkpoint in found().stored.values()] == [None, None]
    write("epoch_1.pt", "epoch_2.pt", step=lambda number: 90 * number)
    assert [checkpoint.other_time for checkpoint in found().stored.values()] == [90, 180]
