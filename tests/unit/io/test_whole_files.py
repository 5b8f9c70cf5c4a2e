"""A file appears whole or not at all, whatever ends its writing: an error, a kill, another writer, a full disk."""

import os
import platform
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from evolution.errors import UserError
from evolution.figures import style
from evolution.io import arrays, tables
from evolution.io.whole_files import whole_file

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"


def test_a_whole_file_appears_at_the_end(tmp_path):
    path = tmp_path / "new folder" / "a.txt"
    with whole_file(path) as temporary:
        temporary.write_text("new")
        assert temporary.parent == path.parent and temporary.suffix == ".txt"
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("before", ["old", None])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interrupted_file_leaves_what_was_there(tmp_path, before, error):
    path = tmp_path / "a.txt"
    if before:
        path.write_text(before)
    with pytest.raises(error), whole_file(path) as temporary:
        temporary.write_text("ne")
        raise error
    assert [file.read_text() for file in tmp_path.iterdir()] == ([before] if before else [])


def test_what_a_killed_job_left_goes_when_its_file_is_written(tmp_path):
    path = tmp_path / "a.txt"
    code = (
        "import os, signal, sys; from evolution.io.whole_files import whole_file\n"
        "with whole_file(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('ne'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], cwd=SCRIPTS)
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()
    (left,) = tmp_path.iterdir()
    # Of another kind, another file, another machine.
    names = [
        left.name.replace(*change) for change in ((".txt", ".png"), (".a.", ".b."), (platform.node(), "elsewhere"))
    ]
    for name in names:
        (tmp_path / name).write_text("kept")
    with whole_file(path) as temporary:
        temporary.write_text("new")
    assert sorted(other.name for other in tmp_path.iterdir()) == sorted(["a.txt", *names])


def test_what_is_left_stays_while_its_process_runs_and_goes_when_that_has_ended(tmp_path):
    path = tmp_path / "a.txt"
    code = (
        "import sys; from evolution.io.whole_files import whole_file\n"
        "with whole_file(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('ne'); print(temporary, flush=True); input()"
    )

    def write():
        with whole_file(path) as temporary:
            temporary.write_text("new")

    with subprocess.Popen(
        [sys.executable, "-c", code, path], cwd=SCRIPTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        left = Path(process.stdout.readline().removesuffix("\n"))
        # Process 1 runs as long as the machine; here it is another user's, or ours.
        of_the_first = left.with_name(left.name.replace(f".{process.pid}.", ".1."))
        of_the_first.write_text("kept")
        write()
        assert sorted(tmp_path.iterdir()) == sorted([path, left, of_the_first])
        process.kill()
        # It has ended, and keeps its number as a zombie until it is waited for.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        write()
        assert sorted(tmp_path.iterdir()) == sorted([path, of_the_first])
    left.write_text("left by a process that is gone")
    write()
    assert sorted(tmp_path.iterdir()) == sorted([path, of_the_first])


def test_two_that_write_one_file_do_not_meet(tmp_path):
    """Two Snakemakes that plan may both look at a model; and a job may live on where its Snakemake was killed."""
    path = tmp_path / "a.txt"
    code = (
        "import sys; from evolution.io.whole_files import whole_file\n"
        "with whole_file(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('slow'); print('written', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, path], cwd=SCRIPTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as slow:
        assert slow.stdout.readline() == "written\n"
        with whole_file(path) as temporary:
            temporary.write_text("quick")
        assert path.read_text() == "quick"
        slow.communicate("\n")
    assert slow.returncode == 0
    assert [other.read_text() for other in tmp_path.iterdir()] == ["slow"]


def test_files_in_one_folder_do_not_meet(tmp_path):
    with whole_file(tmp_path / "a.npy") as first, whole_file(tmp_path / "a.npz") as second:
        first.write_text("1")
        second.write_text("2")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.npy": "1", "a.npz": "2"}


@contextmanager
def room_for(size):
    """No file can grow beyond `size` bytes: the system's error in the middle of a write, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def save_figure(path):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.add_subplot().plot([1, 2])
    style.save_figure(figure, path)


def save_entries(path):
    with arrays.NpyWriter(path, 2) as writer:
        writer.put(0, np.arange(2500.0))
        writer.put(1, np.arange(2500.0))


WRITERS = {
    "entries.npy": save_entries,
    "a.npy": lambda path: arrays.save_npy(path, np.arange(5000.0)),
    "a.npz": lambda path: arrays.save_npz(path, x=np.random.default_rng(0).random(5000)),
    "a.parquet": lambda path: tables.save_table(path, {"x": np.random.default_rng(0).random(5000)}),
    "a.png": save_figure,
}


@pytest.mark.parametrize("size", [0, 100, 4096])
@pytest.mark.parametrize(("name", "write"), WRITERS.items(), ids=WRITERS)
@pytest.mark.parametrize("before", [None, b"the whole file from before"])
def test_a_write_that_the_system_ends_leaves_what_was_there(tmp_path, name, write, size, before):
    path = tmp_path / name
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(UserError) as error, room_for(size):
        write(path)
    assert str(error.value).startswith(f"{path} cannot be written (")
    assert "Make room on its disk, then give the same command again" in str(error.value)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == ({} if before is None else {name: before})
    write(path)
    assert path.stat().st_size > 4096
