"""Arguments that cannot be used are one message, before the training begins; and the package stands alone."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from activation_recorder import Recorder, RecorderError
from support.recorded import Net, images

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "recorder" / "src" / "activation_recorder"
X, Y = images(20)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"unit": "batch"}, "unit='batch' must be one of step, epoch"),
        ({"batch_size": 0}, "batch_size=0 must be 1 or more"),
        ({"batch_size": 2.5}, "batch_size must be a whole number"),
        ({"pooling": {"maps": "max"}}, "must be made of these: maps: flatten, mean"),
        ({"pooling": {"map": "mean"}}, "must be made of these"),
        ({"pooling": {"tokens": -1}}, "or a position from 0"),
        ({"pooling": {"tokens": True}}, "or a position from 0"),
        ({"pooling": {"maps": 1}}, "must be made of these"),
        ({"at": 5}, "at=5 must be"),
        ({"model": 3}, "model is a int"),
        ({"labels": Y[:3]}, "labels have the shape"),
        ({"layers": ["fc3"]}, r"did you mean fc\d or fc\d\?"),
        ({"inputs": X[:, :, :2]}, "cannot be run"),
    ],
)
def test_arguments(tmp_path, change, says):
    arguments = {"model": Net(), "inputs": X, "labels": Y, "path": tmp_path / "rec", "at": [0]} | change
    with pytest.raises(RecorderError, match=says):
        Recorder(arguments.pop("model"), **arguments)
    assert not (tmp_path / "rec").exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecorderError, match=r"file/rec cannot be written \(Not a directory\)"):
        Recorder(Net(), X, Y, path=tmp_path / "file" / "rec", at=[0]).step(0)


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_the_package_needs_torch_and_numpy_alone_and_no_pickle(path):
    allowed = {"torch", "numpy", "activation_recorder", *sys.stdlib_module_names} - {"pickle", "shelve", "marshal"}
    allowed |= {"transformers"} if path.name == "trainer_callback.py" else set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        assert {name.split(".")[0] for name in names} <= allowed


def test_frameworks_are_loaded_only_when_asked_for():
    others = {"transformers", "pytorch_lightning", "lightning", "evolution"}
    code = f"import sys, activation_recorder; sys.exit(bool({others} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(PACKAGE.parent)})


def test_it_can_be_installed(tmp_path):
    """As `pip install ./recorder` does; without a network, since what builds it is there."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    # The build leaves files in its folder.
    copy = tmp_path / "recorder"
    subprocess.run(["cp", "-r", str(ROOT / "recorder"), str(copy)], check=True)
    subprocess.run([*pip, "--no-build-isolation", "--target", str(tmp_path / "site"), str(copy)], check=True)
    installed = {path.name for path in (tmp_path / "site" / "activation_recorder").glob("*.py")}
    assert installed == {path.name for path in PACKAGE.glob("*.py")}
