"""Checkpoints come back as they were saved, and files that are damaged or no checkpoint are refused."""

import pytest
import torch

from evolution.errors import UserError
from evolution.io.checkpoints import load_checkpoint, save_checkpoint
from evolution.models.build import build_model


@pytest.fixture
def checkpoint_path(tmp_path):
    weights = build_model("mlp", kwargs={}, shape=(1, 8, 8), classes=4, seed=0).state_dict()
    save_checkpoint(str(tmp_path / "0000.pt"), {"weights": {0: weights}, "state": {}, "time": 0})
    return str(tmp_path / "0000.pt")


def test_a_checkpoint_comes_back(checkpoint_path):
    checkpoint = load_checkpoint(checkpoint_path)
    assert checkpoint["time"] == 0 and checkpoint["state"] == {}
    expected = build_model("mlp", kwargs={}, shape=(1, 8, 8), classes=4, seed=0).state_dict()
    torch.testing.assert_close(checkpoint["weights"], {0: dict(expected)}, rtol=0, atol=0)


def test_the_name_of_the_file_is_not_in_its_bytes(tmp_path):
    for name in ("a.pt", "longer name.pt"):
        save_checkpoint(str(tmp_path / name), {"weights": {0: {"w": torch.ones(2)}}, "state": {}, "time": 0})
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "longer name.pt").read_bytes()


@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.7, 0.99, 0.99999])
def test_a_checkpoint_cut_short(checkpoint_path, share):
    with open(checkpoint_path, "r+b") as file:
        file.truncate(int(share * file.seek(0, 2)))
    with pytest.raises(UserError) as error:
        load_checkpoint(checkpoint_path)
    assert f"{checkpoint_path} is damaged" in str(error.value)
    assert f"(rm {checkpoint_path})" in str(error.value)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_damaged_bytes_raise_nothing_else(tmp_path):
    """Bytes in the pickle and the directory of the archive, one by one."""
    tiny = {"weights": {1: {"w": torch.ones(2)}}, "state": {"optimizer": {}}, "time": 1}
    save_checkpoint(str(tmp_path / "whole.pt"), tiny)
    content = (tmp_path / "whole.pt").read_bytes()
    refused = 0
    for position in range(0, len(content), 5):
        damaged = tmp_path / f"{position}.pt"
        damaged.write_bytes(content[:position] + bytes([content[position] ^ 0x5A]) + content[position + 1 :])
        try:
            load_checkpoint(str(damaged))
        except UserError:
            refused += 1
    assert refused > 20


def test_files_that_are_no_checkpoint(tmp_path):
    with_code = {"weights": {}, "state": torch.nn.Linear(1, 1), "time": 1}
    for name, content in (("list.pt", [1, 2]), ("weights.pt", {"weights": {}}), ("code.pt", with_code)):
        torch.save(content, tmp_path / name)
        with pytest.raises(UserError, match=name):
            load_checkpoint(str(tmp_path / name))
    with pytest.raises(UserError, match=r"missing\.pt"):
        load_checkpoint(str(tmp_path / "missing.pt"))
