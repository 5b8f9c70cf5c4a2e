"""One process at a time records into a folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from activation_recorder import RecorderError, lock
from activation_recorder.folder import Folder

PACKAGE = Path(__file__).parents[3] / "recorder" / "src"
TAKE = "import sys, pathlib; from activation_recorder import lock; sys.exit(not lock.take(pathlib.Path(sys.argv[1])))"


def other_process_takes(folder):
    return subprocess.run([sys.executable, "-c", TAKE, str(folder)], env={"PYTHONPATH": str(PACKAGE)}).returncode == 0


def test_another_process_waits_for_none(tmp_path):
    assert lock.take(tmp_path) and lock.take(tmp_path)
    assert not other_process_takes(tmp_path)


def test_a_process_that_has_ended_holds_nothing(tmp_path):
    assert other_process_takes(tmp_path)
    assert lock.take(tmp_path)


def test_a_folder_that_was_made_again_is_locked_again(tmp_path):
    folder = tmp_path / "rec"
    folder.mkdir()
    assert lock.take(folder)
    shutil.rmtree(folder)
    folder.mkdir()
    assert lock.take(folder)
    assert not other_process_takes(folder)


def test_files_that_the_process_reads_do_not_lose_the_lock(tmp_path):
    assert lock.take(tmp_path)
    shutil.copytree(tmp_path, tmp_path / "copy")
    assert not other_process_takes(tmp_path)


def test_whose_the_folder_is(tmp_path):
    folder = tmp_path / "rec"
    folder.mkdir()
    assert not lock.holds(folder)
    lock.take(folder)
    assert lock.holds(folder)
    (folder / ".lock").unlink()
    (folder / ".lock").touch()
    assert not lock.holds(folder)
    shutil.rmtree(folder)
    assert not lock.holds(folder)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_holds_nothing_and_its_end_changes_nothing(tmp_path):
    lock.take(tmp_path)
    child = os.fork()
    if child == 0:
        os._exit(lock.holds(tmp_path) or lock.take(tmp_path))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert lock.holds(tmp_path) and not other_process_takes(tmp_path)


def test_the_message(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "take", lambda folder: False)
    with pytest.raises(RecorderError, match="another training that runs now records into"):
        Folder(tmp_path, {}, {}, {}).begin(0)
