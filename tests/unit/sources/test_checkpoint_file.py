"""What checkpoint files tell without their tensors: against files that torch and safetensors write."""

import json
import os
import pickle
import shutil

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from evolution.sources.checkpoint_file import is_checkpoint_folder, read_facts, top_level_numbers, weight_files


def trained():
    """A network and its optimizer after one step: the optimizer's state has steps of its own."""
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.rand(5, 3)).sum().backward()
    optimizer.step()
    return model, optimizer


@pytest.mark.parametrize(
    ("more", "epoch", "step"),
    [
        ({"epoch": 7}, 7, None),
        ({"epoch": 7, "global_step": 70_000}, 7, 70_000),
        ({"step": 3_000_000_000}, None, 3_000_000_000),
        ({"note": "epoch", "iteration": 5}, None, 5),
        # Of an epoch's own steps, and of all epochs that are planned.
        ({"epoch": 1, "iter": 391, "epochs": 300}, 1, None),
        ({"epoch": 10, "best": {"epoch": 3}}, 10, None),
        ({"best": {"epoch": 3}, "last": ("step", 701), "history": [{"epoch": 0}]}, None, None),
        ({"epoch": 2.0, "step": True}, 2, None),
        ({"epoch": 2.5}, None, None),
        ({"args": {"epoch": 9, "step": 8}}, None, None),
    ],
)
def test_the_numbers_of_a_training_loop(tmp_path, more, epoch, step):
    model, optimizer = trained()
    path = tmp_path / "a.pt"
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), **more}, path)
    facts = read_facts(path)
    assert (facts.epoch, facts.step) == (epoch, step) and facts.fingerprint


def test_keys_that_were_seen_before_are_read_from_the_memo(tmp_path):
    """pickle writes a text once, and refers to it after that."""
    name = "epoch"
    torch.save({"names": [name], name: 4}, tmp_path / "a.pt")
    assert read_facts(tmp_path / "a.pt").epoch == 4


def test_no_code_of_a_file_runs(tmp_path):
    class Attack:
        def __reduce__(self):
            return (exec, (f"open({str(tmp_path / 'made')!r}, 'w')",))

    torch.save({"epoch": 1, "attack": Attack(), "step": 2}, tmp_path / "a.pt")
    facts = read_facts(tmp_path / "a.pt")
    assert (facts.epoch, facts.step) == (1, 2) and not (tmp_path / "made").exists()


def test_a_fingerprint_is_that_of_the_content(tmp_path):
    model, _ = trained()
    torch.save(model.state_dict(), tmp_path / "a.pt")
    shutil.copy(tmp_path / "a.pt", tmp_path / "copy.pt")
    torch.save(model.state_dict(), tmp_path / "again.pt")
    prints = {name: read_facts(tmp_path / f"{name}.pt").fingerprint for name in ("a", "copy", "again")}
    assert len(set(prints.values())) == 1
    with torch.no_grad():
        model[2].bias[1] += 1e-6
    torch.save(model.state_dict(), tmp_path / "a.pt")
    assert read_facts(tmp_path / "a.pt").fingerprint != prints["copy"]


def test_a_fingerprint_of_safetensors(tmp_path):
    tensors = {"a": torch.rand(1000, 100), "b": torch.rand(3), "c": torch.rand(())}
    save_file(tensors, tmp_path / "a.safetensors", metadata={"step": "500", "epoch": "2.5"})
    facts = read_facts(tmp_path / "a.safetensors")
    assert (facts.epoch, facts.step) == (None, 500)
    for name in tensors:
        changed = {key: value + (key == name) * 1e-3 for key, value in tensors.items()}
        save_file(changed, tmp_path / "b.safetensors", metadata={"step": "500", "epoch": "2.5"})
        assert read_facts(tmp_path / "b.safetensors").fingerprint not in (None, facts.fingerprint), name


def test_a_large_safetensors_counts_by_samples_and_its_time(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"a": torch.rand(1000, 100)}, path)
    first = read_facts(path, large=1000).fingerprint
    assert read_facts(path, large=1000).fingerprint == first
    os.utime(path, (5, 5))
    assert read_facts(path, large=1000).fingerprint != first


def test_a_file_without_sums_counts_by_its_time(tmp_path):
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"epoch": 3, "model": {"a": torch.rand(3)}}, tmp_path / "a.pt")
    finally:
        torch.serialization.set_crc32_options(before)
    first = read_facts(tmp_path / "a.pt").fingerprint
    os.utime(tmp_path / "a.pt", (5, 5))
    assert first and read_facts(tmp_path / "a.pt").fingerprint not in (first, None)


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
def test_a_file_whose_end_is_missing(tmp_path, name):
    state = {"a": torch.rand(100, 100)}
    save_file(state, tmp_path / name) if name.endswith("safetensors") else torch.save(state, tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for length in (0, 1, 9, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / name).write_bytes(whole[:length])
        assert read_facts(tmp_path / name).fingerprint is None, length


def test_files_from_before_torch_1_6(tmp_path):
    torch.save({"a": torch.rand(3)}, tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    assert read_facts(tmp_path / "a.pt").fingerprint


def write_folder(folder, split=False):
    """A folder as Hugging Face's Trainer writes it."""
    folder.mkdir()
    (folder / "trainer_state.json").write_text(json.dumps({"global_step": 500, "epoch": 1.5}))
    if split:
        names = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
        for key, name in names.items():
            save_file({key: torch.rand(5)}, folder / name)
    else:
        save_file({"a": torch.rand(5), "b": torch.rand(5)}, folder / "model.safetensors")


@pytest.mark.parametrize("split", [False, True])
def test_a_folder_of_the_trainer(tmp_path, split):
    folder = tmp_path / "checkpoint-500"
    write_folder(folder, split)
    facts = read_facts(folder)
    assert is_checkpoint_folder(folder) and (facts.epoch, facts.step) == (None, 500) and facts.fingerprint
    weight_files(folder)[-1].unlink()
    assert read_facts(folder).fingerprint is None


def test_what_is_no_checkpoint_folder(tmp_path):
    assert not is_checkpoint_folder(tmp_path) and read_facts(tmp_path).fingerprint is None


def test_opcodes_of_other_protocols():
    for protocol in range(2, 6):
        content = pickle.dumps({"epoch": 3, "nested": {"step": 9}, "step": 2**40, "flag": True}, protocol=protocol)
        assert dict(top_level_numbers(content)) == {"epoch": 3, "step": 2**40}, protocol
