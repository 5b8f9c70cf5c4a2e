"""torch, loaded before anything else of it, and without its compiler."""

import pytest

from support.own_process import run
from support.startup import assert_scripts_load_it_first

LOADING = """
import gc, sys
import evolution.startup.collection
looks = []
gc.callbacks.append(lambda phase, info: looks.append("torch" in sys.modules))
import evolution.startup.load_torch
assert "torch" in sys.modules and gc.isenabled()
print(any(looks), gc.get_freeze_count() > 10 * len(gc.get_objects()))
"""

OPTIMIZER = """
import sys, torch
{before}
from evolution.startup.load_torch import without_compiler
without_compiler()
torch.optim.SGD(torch.nn.Linear(2, 2).parameters())
print("torch._dynamo.eval_frame" in sys.modules)
"""


def test_nothing_is_collected_while_it_is_imported_nor_looked_at_later():
    assert run(LOADING).split() == ["False", "True"]


def test_the_off_switch_imports_it_as_usual():
    assert run(LOADING, EVOLUTION_PLAIN_IMPORTS="1").split() == ["True", "False"]


def test_scripts_that_use_torch_load_it_first():
    assert_scripts_load_it_first("torch")


@pytest.mark.parametrize(
    ("version", "off", "substituted"), [(None, "0", True), (None, "1", False), ("3.0.0", "0", False)]
)
def test_the_compiler_stays_with_the_off_switch_and_with_another_version(tmp_path, version, off, substituted):
    if version:
        (tmp_path / f"torch-{version}.dist-info").mkdir()
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from evolution.startup.load_torch import without_compiler
before = "torch._dynamo" in sys.modules
without_compiler()
print(before, "torch._dynamo" in sys.modules)
"""
    assert run(code, EVOLUTION_PLAIN_IMPORTS=off) == f"False {substituted}\n"


def test_a_compiler_that_is_there_stays():
    assert run(OPTIMIZER.format(before="import torch._dynamo")) == "True\n"


def test_a_training_without_the_compiler_gives_the_same_bytes(tmp_path):
    code = """
import sys
from pathlib import Path
import train
from evolution.startup.load_torch import without_compiler
without_compiler()
from support.tiny_dataset import write_dataset
from support.tiny_training import start, train_epochs
folder = Path({folder!r})
folder.mkdir()
dataset = write_dataset(folder / "dataset.npz")
for optimizer in ("adamw", "sgd"):
    settings = dict(model="small_cnn", optimizer=optimizer, batch_size=8)
    path, *_ = train_epochs(folder, dataset, 1, 2, start(folder, dataset, **settings), **settings)
    Path(path).rename(folder / (optimizer + ".pt"))
print("torch._dynamo.eval_frame" in sys.modules)
"""
    folders = {"0": tmp_path / "without", "1": tmp_path / "with"}
    loaded = {off: run(code.format(folder=str(folder)), EVOLUTION_PLAIN_IMPORTS=off) for off, folder in folders.items()}
    assert loaded == {"0": "False\n", "1": "True\n"}
    for optimizer in ("adamw", "sgd"):
        found = [(folder / f"{optimizer}.pt").read_bytes() for folder in folders.values()]
        assert found[0] == found[1]


@pytest.mark.parametrize(
    "code",
    [
        "torch.use_deterministic_algorithms(True, warn_only=True)",
        "import torchvision.models; torchvision.models.resnet18(num_classes=3)(torch.zeros(2, 3, 32, 32))",
        "assert torch.compile(lambda x: x + 1, backend='eager')(torch.ones(2)).tolist() == [2, 2]",
    ],
)
def test_a_process_that_needs_the_compiler_after_all_gets_it(code):
    after = "torch.optim.AdamW(torch.nn.Linear(2, 2).parameters()); print('torch._dynamo.eval_frame' in sys.modules)"
    assert run(f"{OPTIMIZER.format(before='')}\n{code}\n{after}") == "False\nTrue\n"
