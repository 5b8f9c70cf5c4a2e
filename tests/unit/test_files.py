import errno
import os
import pickle
import platform
import resource
import shlex
import signal
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from evolution import files
from evolution.files import JobError

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4)


def save_example(path):
    """An artifact of the kind that the path's suffix says."""
    if path.suffix == ".npy":
        files.save_npy(path, ARRAY)
    elif path.suffix == ".npz":
        files.save_npz(path, x=ARRAY, names=np.array(["cat", "dog"]))
    else:
        files.save_table(path, {"epoch": [0, 1], "name": ["a", "b"], "value": [0.5, None]})


def load_example(path):
    if path.suffix == ".npy":
        return files.load_npy(path, (3, 4))
    if path.suffix == ".npz":
        return files.load_npz(path, "x", "names")
    return files.load_table(path, "epoch", "value")


each_kind = pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])


def test_a_whole_file_appears_at_the_end(tmp_path):
    path = tmp_path / "new folder" / "a.txt"
    with files.whole_file(path) as temporary:
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
    with pytest.raises(error), files.whole_file(path) as temporary:
        temporary.write_text("ne")
        raise error
    assert [file.read_text() for file in tmp_path.iterdir()] == ([before] if before else [])


def test_what_a_killed_job_left_goes_when_its_file_is_written(tmp_path):
    path = tmp_path / "a.txt"
    code = (
        "import os, signal, sys; from evolution import files\n"
        "with files.whole_file(sys.argv[1]) as temporary:\n"
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
    with files.whole_file(path) as temporary:
        temporary.write_text("new")
    assert sorted(other.name for other in tmp_path.iterdir()) == sorted(["a.txt", *names])


def test_a_process_that_ended_and_was_not_asked_for_does_not_run():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert files._runs(process.pid)
        process.stdin.close()
        # Ended, and left as a zombie.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not files._runs(process.pid)
    assert not files._runs(process.pid)
    assert files._runs(1)


def test_two_that_write_one_file_do_not_meet(tmp_path):
    """Two Snakemakes that plan may both look at a model; and a job may live on where its Snakemake was killed."""
    path = tmp_path / "a.txt"
    code = (
        "import sys; from evolution import files\n"
        "with files.whole_file(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('slow'); print('written', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, path], cwd=SCRIPTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as slow:
        assert slow.stdout.readline() == "written\n"
        with files.whole_file(path) as temporary:
            temporary.write_text("quick")
        assert path.read_text() == "quick"
        slow.communicate("\n")
    assert slow.returncode == 0
    assert [other.read_text() for other in tmp_path.iterdir()] == ["slow"]


def test_files_beside_each_other_do_not_meet(tmp_path):
    with files.whole_file(tmp_path / "a.npy") as first, files.whole_file(tmp_path / "a.npz") as second:
        first.write_text("1")
        second.write_text("2")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.npy": "1", "a.npz": "2"}


@pytest.mark.parametrize(
    "save",
    [
        lambda folder: files.save_npy(folder / "a.npy", np.array([{}, "a"], dtype=object)),
        lambda folder: files.save_table(folder / "a.parquet", {"a": [1, 2], "b": [1]}),
    ],
    ids=["npy", "parquet"],
)
def test_what_cannot_be_saved_leaves_nothing(tmp_path, save):
    with pytest.raises(ValueError):
        save(tmp_path)
    assert list(tmp_path.iterdir()) == []


@each_kind
def test_the_same_content_gives_the_same_bytes(tmp_path, suffix):
    first, second = tmp_path / f"a{suffix}", tmp_path / "other" / f"longer name{suffix}"
    save_example(first)
    save_example(second)
    assert first.read_bytes() == second.read_bytes()
    if suffix == ".npz":
        with zipfile.ZipFile(first) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_arrays_come_back(tmp_path):
    for array in (ARRAY, ARRAY.T, ARRAY[:, ::2], np.int16([1, -1])):
        files.save_npy(tmp_path / "a.npy", array)
        loaded = files.load_npy(tmp_path / "a.npy", array.shape)
        np.testing.assert_array_equal(loaded, array)
        np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), array)
        assert loaded.dtype == array.dtype and isinstance(loaded, np.memmap)
        files.save_npy(tmp_path / "copy.npy", array.copy(order="C"))
        assert (tmp_path / "copy.npy").read_bytes() == (tmp_path / "a.npy").read_bytes(), "whatever the memory's order"


@pytest.mark.parametrize(("shape", "fits"), [
    ((3, 4), True), ((None, 4), True), ((3, None), True), ((None, None), True),
    ((3, 5), False), ((4, 3), False), ((None, 3), False), ((12,), False), ((3, 4, 1), False), ((), False),
])  # fmt: skip
def test_shapes(tmp_path, shape, fits):
    path = tmp_path / "a.npy"
    files.save_npy(path, ARRAY)
    if fits:
        np.testing.assert_array_equal(files.load_npy(path, shape), ARRAY)
    else:
        with pytest.raises(JobError) as error:
            files.load_npy(path, shape)
        assert str(path) in str(error.value) and f"shape (3, 4), expected {shape}" in str(error.value)


def test_named_arrays_come_back_in_the_order_asked_for(tmp_path):
    save_example(tmp_path / "a.npz")
    names, x = files.load_npz(tmp_path / "a.npz", "names", "x")
    assert names.tolist() == ["cat", "dog"]
    np.testing.assert_array_equal(x, ARRAY)
    with pytest.raises(JobError, match=r"a\.npz is damaged .*labels"):
        files.load_npz(tmp_path / "a.npz", "x", "labels")


def test_tables_come_back(tmp_path):
    save_example(tmp_path / "a.parquet")
    table = files.load_table(tmp_path / "a.parquet", "name")
    assert table.to_pydict() == {"epoch": [0, 1], "name": ["a", "b"], "value": [0.5, None]}
    with pytest.raises(JobError, match=r"a\.parquet is damaged .*no column loss, time"):
        files.load_table(tmp_path / "a.parquet", "loss", "epoch", "time")


def test_folders_named_like_partitions_add_no_column(tmp_path):
    path = tmp_path / "lr=0.1" / "a.parquet"
    save_example(path)
    assert files.load_table(path).column_names == ["epoch", "name", "value"]


def assert_damaged(path):
    with pytest.raises(JobError) as error:
        load_example(path)
    message = str(error.value)
    assert message.startswith(f"{path} is damaged or not what this workflow wrote (")
    assert message.endswith(f"rm {shlex.quote(str(path))} && snakemake --cores 2")


@each_kind
def test_files_that_are_not_there_or_no_such_thing(tmp_path, suffix):
    assert_damaged(tmp_path / f"missing{suffix}")
    for name, content in (("empty", b""), ("text", b"not this"), ("head", b"PK\x03\x04"), ("two words", bytes(500))):
        path = tmp_path / f"{name}{suffix}"
        path.write_bytes(content)
        assert_damaged(path)
    for other in {".npy", ".npz", ".parquet"} - {suffix}:
        save_example(tmp_path / f"a{other}")
        assert_damaged((tmp_path / f"a{other}").rename(tmp_path / f"was{other}{suffix}"))


@each_kind
def test_files_cut_short(tmp_path, suffix):
    whole, cut = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}"
    save_example(whole)
    content = whole.read_bytes()
    for length in range(0, len(content), 7):
        cut.write_bytes(content[:length])
        assert_damaged(cut)


@each_kind
def test_damaged_bytes_raise_nothing_else(tmp_path, suffix):
    whole = tmp_path / f"whole{suffix}"
    save_example(whole)
    content = whole.read_bytes()
    refused = 0
    for place in range(0, len(content), 3):
        damaged = tmp_path / f"{place}{suffix}"
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 0xA5]) + content[place + 1 :])
        try:
            load_example(damaged)
        except JobError:
            refused += 1
    assert refused > len(content) / 3 / 4


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_file_that_cannot_be_read_now_is_not_called_damaged(tmp_path, number):
    with pytest.raises(JobError) as error, files.reading(tmp_path / "a.npy"):
        raise OSError(number, os.strerror(number))
    message = str(error.value)
    assert message.startswith(f"{tmp_path / 'a.npy'} cannot be read ({os.strerror(number)})")
    assert "damaged" not in message and "rm " not in message


def test_too_little_memory_to_read_a_file_comes_before_its_damage(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 4)))
    for problem in ("(MemoryError)", "(Unable to allocate 8 EiB)"):
        with pytest.raises(JobError) as error, files.reading(tmp_path / "a.npy"):
            raise MemoryError(problem.strip("()")) if "8" in problem else MemoryError
        assert str(error.value).startswith(f"There is too little memory to read {tmp_path / 'a.npy'} {problem}. Give")


class Bomb:
    def __reduce__(self):
        return print, ("unpickled",)


def test_pickles_are_refused(tmp_path, capsys):
    np.save(tmp_path / "a.npy", np.array([Bomb()] * 12).reshape(3, 4), allow_pickle=True)
    np.savez(tmp_path / "a.npz", x=np.array([Bomb()]), names=np.array(["a"]))
    for suffix in (".npy", ".npz", ".parquet"):
        (tmp_path / f"b{suffix}").write_bytes(pickle.dumps(Bomb()))
    for name in ("a.npy", "a.npz", "b.npy", "b.npz", "b.parquet"):
        assert_damaged(tmp_path / name)
    assert "unpickled" not in capsys.readouterr().out


def run_job(tmp_path, body):
    """Run code inside job_log in a process of its own; what the process printed, its exit code, and its log."""
    code = f"import logging, sys\nfrom evolution.files import *\nwith job_log('logs/job.log'):\n    {body}"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(SCRIPTS)}, capture_output=True, text=True
    )
    return process.stdout + process.stderr, process.returncode, (tmp_path / "logs" / "job.log").read_text()


def test_a_jobs_output_goes_to_its_log(tmp_path):
    body = (
        "logging.getLogger('evolution').info('Epoch %d', 3); print('printed'); print('warned', file=sys.stderr);"
        "import os; os.system('echo from a child')"
    )
    printed, code, log = run_job(tmp_path, body)
    assert (printed, code) == ("", 0)
    assert sorted(log.splitlines()) == ["Epoch 3", "from a child", "printed", "warned"]


def test_a_job_error_is_its_message_alone(tmp_path):
    assert run_job(tmp_path, "raise JobError('Set it to auto.')") == ("", 1, "Error: Set it to auto.\n")


def test_any_other_error_keeps_its_traceback(tmp_path):
    printed, code, log = run_job(tmp_path, "print('before'); 1 / 0")
    assert (printed, code) == ("", 1)
    assert "before\n" in log and "Traceback" in log and log.endswith("ZeroDivisionError: division by zero\n")


def test_a_log_starts_anew(tmp_path):
    run_job(tmp_path, "print('first')")
    assert run_job(tmp_path, "print('second')")[2] == "second\n"


def test_entries_written_one_at_a_time_make_the_array(tmp_path):
    entries = np.arange(24, dtype=np.float32).reshape(3, 4, 2)
    with files.NpyWriter(tmp_path / "array.npy", 3) as writer:
        for place in (2, 0, 1):
            writer.put(place, entries[place])
    np.save(tmp_path / "at_once.npy", entries)
    assert (tmp_path / "array.npy").read_bytes() == (tmp_path / "at_once.npy").read_bytes()


def test_an_interrupted_writer_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), files.NpyWriter(tmp_path / "array.npy", 2) as writer:
        writer.put(0, np.zeros((2, 2)))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


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

    from evolution import style

    figure = Figure()
    figure.add_subplot().plot([1, 2])
    style.save_figure(figure, path)


def save_entries(path):
    with files.NpyWriter(path, 2) as writer:
        writer.put(0, np.arange(2500.0))
        writer.put(1, np.arange(2500.0))


WRITERS = {
    "entries.npy": save_entries,
    "a.npy": lambda path: files.save_npy(path, np.arange(5000.0)),
    "a.npz": lambda path: files.save_npz(path, x=np.random.default_rng(0).random(5000)),
    "a.parquet": lambda path: files.save_table(path, {"x": np.random.default_rng(0).random(5000)}),
    "a.png": save_figure,
}


@pytest.mark.parametrize("size", [0, 100, 4096])
@pytest.mark.parametrize(("name", "write"), WRITERS.items(), ids=WRITERS)
@pytest.mark.parametrize("before", [None, b"the whole file from before"])
def test_a_write_that_the_system_ends_leaves_what_was_there(tmp_path, name, write, size, before):
    path = tmp_path / name
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(JobError) as error, room_for(size):
        write(path)
    assert str(error.value).startswith(f"{path} cannot be written (")
    assert "Make room on its disk, then give the same command again" in str(error.value)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == ({} if before is None else {name: before})
    write(path)
    assert path.stat().st_size > 4096


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match="cannot be written"):
        files.save_npy(tmp_path / "file" / "a.npy", ARRAY)


@pytest.mark.parametrize(("fault", "said"), [("JobError", "Error: what is wrong"), ("KeyError", "Traceback")])
def test_a_log_without_room_loses_no_message(tmp_path, fault, said):
    code = (
        "import resource, signal; from evolution.files import *; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))\n"
        f"with job_log({str(tmp_path / 'job.log')!r}):\n"
        f"    log.info('working'); raise {fault}('what is wrong')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True)
    assert done.returncode == 1
    assert said in done.stderr and "what is wrong" in done.stderr
    assert ("Traceback" in done.stderr) == (fault == "KeyError")
