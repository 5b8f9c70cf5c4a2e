"""The numbers in the names of checkpoints."""

import pytest

from evolution.sources.file_names import (
    Numbers,
    glob_of,
    numbers_by_pattern,
    numbers_in_names,
    numbers_of_name,
    unknown_fields,
)


@pytest.mark.parametrize(
    ("name", "epoch", "step"),
    [
        ("epoch=2-step=500.ckpt", 2, 500),
        ("epoch=2-val_loss=0.35.ckpt", 2, None),
        ("epoch_003.pt", 3, None),
        ("ep7.pth", 7, None),
        ("model-epoch12-acc0.91.pth", 12, None),
        ("resnet18_epoch5.pth", 5, None),
        ("10epochs.pt", 10, None),
        ("step500", None, 500),
        ("global_step1000/weights.pt", None, 1000),
        ("iter-20.pt", None, 20),
        ("checkpoint-500", None, 500),
        ("checkpoint-500/model.safetensors", None, 500),
        ("step1/epoch_4/step_9.pt", 4, 9),
        ("step_10k.pt", None, None),
        ("deep3.pt", None, None),
        ("last.ckpt", None, None),
    ],
)
def test_numbers_with_a_word(name, epoch, step):
    (found,) = numbers_in_names([name])
    assert (found.epoch, found.step) == (epoch, step)


@pytest.mark.parametrize(
    ("names", "plain"),
    [
        (["model_1.pt", "model_10.pt"], [1, 10]),
        (["resnet18-1.pth", "resnet18-20.pth"], [1, 20]),
        (["1/w.pt", "2/w.pt"], [1, 2]),
        (["model_0007.pt"], [7]),
        (["a_1_1.pt", "a_2_2.pt"], [None, None]),
        (["a.pt", "b.pt"], [None, None]),
        (["m_1.pt", "m_2.pt", "best.pt"], [1, 2, None]),
        (["m_0.5_1.pt", "m_0.6_2.pt"], [1, 2]),
    ],
)
def test_numbers_without_a_word(names, plain):
    assert numbers_in_names(names) == [Numbers(plain=number) for number in plain]


@pytest.mark.parametrize(
    ("pattern", "path", "numbers"),
    [
        ("ck/model_{epoch}.pt", "ck/model_12.pt", Numbers(epoch=12)),
        ("ck/model_{epoch}.pt", "ck/model_best.pt", None),
        ("*/s{step}-{epoch}.pt", "a/s500-2.pt", Numbers(epoch=2, step=500)),
        ("**/s{step}.pt", "a/b/s5.pt", Numbers(step=5)),
        ("{step}/w_{step}.pt", "5/w_5.pt", Numbers(step=5)),
        ("{step}/w_{step}.pt", "5/w_6.pt", None),
        ("a+b/{epoch}.pt", "a+b/1.pt", Numbers(epoch=1)),
    ],
)
def test_patterns(pattern, path, numbers):
    assert numbers_by_pattern([path], pattern) == ({path: numbers} if numbers else {})


def test_fields():
    assert glob_of("a/{epoch}-{step}.pt") == "a/*-*.pt"
    assert unknown_fields("a/{epoch}-{stepp}{}.pt") == ["stepp", ""]


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("100", Numbers(plain=100)),
        ("007", Numbers(plain=7)),
        ("step_100", Numbers(step=100)),
        ("Epoch 3", Numbers(epoch=3)),
        ("epoch=3-step=100", Numbers(epoch=3, step=100)),
        ("global_step100", Numbers(step=100)),
        *((name, Numbers()) for name in ("0.5", "step_1.5", "1e3", "step=1e3", "-1", "step_-1", "1_000", "1,000")),
        *((name, Numbers()) for name in ("backup_300", "300_old", "0 copy", "plots2", "step_3_old", "step_1_step_2")),
        *((name, Numbers()) for name in ("\u00b2", "2026-01-01", "step", "")),
    ],
)
def test_names_that_say_their_time_and_nothing_else(name, numbers):
    assert numbers_of_name(name) == numbers
