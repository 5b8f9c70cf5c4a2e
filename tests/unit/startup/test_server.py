"""Jobs that the worker forks, next to the same scripts run by the shell: nothing that a job sees differs."""

import json
import os
import resource
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from support.worker import MARK, Worker, gone, is_alive, kill

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the worker is used on Linux alone"),
    pytest.mark.usefixtures("heeded_signals"),
]

# What a script finds when it starts.
LOOK = """
from __future__ import annotations
import json, os, signal, sys, tempfile, threading
handlers = {number.name: str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD,
            signal.SIGPIPE, signal.SIGHUP)}
variables = {name: value for name, value in os.environ.items() if name not in ("_", "SHLVL", "PWD", "OLDPWD")}
print(json.dumps({
    "loaded": "colorsys" in sys.modules, "argv": sys.argv, "folder": os.getcwd(), "name": __name__, "file": __file__,
    "doc": __doc__, "path": sys.path, "handlers": handlers, "variables": variables, "flags": str(sys.flags),
    "temporary": tempfile.gettempdir(), "given": sys.stdin.read(),
    "main": sys.modules["__main__"].__dict__ is globals(),
    "threads": threading.active_count(), "project": [name for name in sys.modules if name.startswith("evolution")],
    "group": os.getpgrp(), "buffered": not sys.stdout.line_buffering, "open": len(os.listdir("/proc/self/fd")),
}))
print("to the errors", file=sys.stderr)
"""

ENDINGS = {
    "returns": "print('x' * 100_000)",
    "exits": "import sys; sys.exit(3)",
    "exits_high": "import sys; sys.exit(259)",
    "exits_with_a_message": "import sys; sys.exit('a message')",
    "raises": "def fail():\n    raise ValueError('a value')\nfail()",
    "is_no_python": "a = = 3",
    "interrupted": "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "aborts": "import os; print('unwritten', end=''); os.abort()",
    "at_exit": "import atexit; atexit.register(print, 'at exit'); print('before')",
    "leaves_a_thread": "import threading, time\nthreading.Timer(0.3, lambda: print('late')).start()",
}

# Writes its process and its parent's, and waits to be ended.
WAITS = """
import os, pathlib, sys, time
path = pathlib.Path("started")
again = path.exists()
path.with_suffix(".new").write_text(f"{os.getpid()} {os.getppid()}")
path.with_suffix(".new").rename(path)
while not again:
    time.sleep(0.05)
print("again, by the shell" if "colorsys" not in sys.modules else "again")
"""


def started(worker: Worker) -> tuple[int, int]:
    """The job of WAITS, once it has begun, and the process that forked it."""
    path, end = worker.folder / "started", time.monotonic() + 60
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.02)
    job, server = map(int, path.read_text(encoding="utf-8").split())
    assert "server.py" in Path(f"/proc/{server}/cmdline").read_text(encoding="utf-8")
    return job, server


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with Worker(tmp_path_factory.mktemp("worker"), {"look": LOOK, **ENDINGS}) as worker:
        yield worker


def test_a_job_finds_what_it_finds_when_python_starts(worker):
    (code, ours, errors), (_, theirs, _) = (
        worker.run(worker.command("look"), given="input", launcher=launcher, TMPDIR=str(worker.folder), TMP="t")
        for launcher in (None, "/bin/bash")
    )
    ours, theirs = json.loads(ours), json.loads(theirs)
    assert (code, errors) == (0, "to the errors\n")
    assert (ours.pop("loaded"), theirs.pop("loaded")) == (True, False)
    assert ours == theirs
    assert (ours["given"], ours["temporary"], ours["project"]) == ("input", str(worker.folder), [])


@pytest.mark.parametrize("name", ENDINGS)
def test_a_job_ends_as_under_the_shell(worker, name):
    """The same exit code, or the same signal; the same output, errors and traceback, but for that of an interrupt."""
    ours, theirs = (worker.run(worker.command(name), launcher=launcher) for launcher in (None, "/bin/bash"))
    if name == "interrupted":
        assert theirs[2].endswith("KeyboardInterrupt\n")
        theirs = (*theirs[:2], "")
    assert ours == theirs


def test_a_job_runs_the_code_as_it_is_on_disk(worker):
    path = worker.folder / ".snakemake" / "scripts" / "tmp1.returns.py"
    code = path.read_text(encoding="utf-8")
    path.write_text("print('edited')", encoding="utf-8")
    assert worker.run(worker.command("returns")) == (0, "edited\n", "")
    path.write_text(code, encoding="utf-8")


def test_jobs_run_at_once(worker):
    jobs = [worker.start(worker.command("leaves_a_thread")) for _ in range(8)]
    assert [job.communicate(timeout=60)[0] for job in jobs] == ["late\n"] * 8


def test_more_jobs_than_the_server_may_open_files_for_run(tmp_path):
    with Worker(tmp_path, {"waits": WAITS, "sleeps": "import time; time.sleep(2)"}) as worker:
        first = worker.start(worker.command("waits"))
        _, server = started(worker)
        most = len(os.listdir(f"/proc/{server}/fd")) + 8
        resource.prlimit(server, resource.RLIMIT_NOFILE, (most, most))
        jobs = [worker.start(worker.command("sleeps")) for _ in range(30)]
        assert [job.communicate(timeout=60) for job in jobs] == [("", "")] * 30
        assert not any(job.returncode for job in jobs)
        assert is_alive(server)
        first.kill()
        first.communicate(timeout=60)


@pytest.mark.parametrize("changed", [{"PYTHONHASHSEED": "7"}, {"LD_LIBRARY_PATH": "/nowhere"}])
def test_a_job_with_another_environment_starts_by_itself(worker, changed):
    """A library may have read the variable while it was loaded."""
    found = json.loads(worker.run(worker.command("look"), **changed)[1])
    assert found["loaded"] is False
    assert changed.items() <= found["variables"].items()


def test_a_variable_that_differs_is_named_once(tmp_path, capfd):
    with Worker(tmp_path, {"known": ""}) as worker:
        for value in ("7", "8"):
            worker.run(worker.command("known"), PYTHONHASHSEED=value)
    said = "A job starts without the worker: its environment differs in PYTHONHASHSEED.\n"
    assert capfd.readouterr().err.count(said) == 1


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_libraries_use_as_many_threads_as_the_job_has(tmp_path, threads):
    code = (
        "import sys, numpy, threadpoolctl\n"
        f"print({MARK!r} in sys.modules, {{each['num_threads'] for each in threadpoolctl.threadpool_info()}})"
    )
    with Worker(tmp_path, {"count": code}, (MARK, "numpy", "threadpoolctl")) as worker:
        number = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
        assert worker.run(worker.command("count"), **number) == (0, f"True {{{threads}}}\n", "")


def test_each_job_draws_other_numbers(tmp_path):
    """As each Python does that starts; a job of this project draws from the config's seed."""
    with Worker(tmp_path, {"draw": "import numpy; print(numpy.random.random())"}, (MARK, "numpy.random")) as worker:
        assert len({worker.run(worker.command("draw")) for _ in range(3)}) == 3


def test_a_library_that_starts_a_thread_is_not_forked(tmp_path):
    library = "import threading, time; threading.Thread(target=time.sleep, args=(9,), daemon=True).start()"
    (tmp_path / "busy_library.py").write_text(library, encoding="utf-8")
    with Worker(tmp_path, {"look": LOOK}, (MARK, "busy_library")) as worker:
        for _ in range(2):
            code, output, _ = worker.run(worker.command("look"))
            assert (code, json.loads(output)["loaded"]) == (0, False)


def test_jobs_start_by_themselves_where_a_library_cannot_be_imported(tmp_path):
    """In one that has been tried before, the job's own import may end in another error."""
    (tmp_path / "broken_library.py").write_text("raise ImportError('no libbroken.so')", encoding="utf-8")
    with Worker(tmp_path, {"look": LOOK}, (MARK, "broken_library")) as worker:
        for _ in range(2):
            code, output, errors = worker.run(worker.command("look"))
            assert (code, json.loads(output)["loaded"], errors) == (0, False, "to the errors\n")


def test_a_librarys_temporary_folder_outlives_a_job(tmp_path):
    """matplotlib makes one where the home folder cannot be written to."""
    library = "import atexit, shutil, tempfile\nfolder = tempfile.mkdtemp()\natexit.register(shutil.rmtree, folder)"
    (tmp_path / "untidy_library.py").write_text(library, encoding="utf-8")
    code = "import os, untidy_library as it; print(os.path.isdir(it.folder), it.folder)"
    with Worker(tmp_path, {"look": code}, ("untidy_library",)) as worker:
        first, second = (worker.run(worker.command("look")) for _ in range(2))
        assert first == second
        assert (first[0], first[1].split()[0], first[2]) == (0, "True", "")
    assert not Path(first[1].split()[1]).exists()


def test_a_library_that_is_not_installed_is_left_out(tmp_path):
    with Worker(tmp_path, {"look": LOOK}, ("no_such_library", MARK)) as worker:
        assert json.loads(worker.run(worker.command("look"))[1])["loaded"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_reaches_the_job(tmp_path, number):
    with Worker(tmp_path, {"waits": WAITS}) as worker:
        client = worker.start(worker.command("waits"))
        job, _ = started(worker)
        client.send_signal(number)
        client.communicate(timeout=60)
        assert client.returncode == -number
        assert gone(job)


def test_a_job_ends_with_what_stands_for_it(tmp_path):
    with Worker(tmp_path, {"waits": WAITS}) as worker:
        client = worker.start(worker.command("waits"))
        job, server = started(worker)
        client.kill()
        assert gone(job)
        client.communicate(timeout=60)
        assert is_alive(server)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, None])
def test_worker_and_jobs_end_with_snakemake(tmp_path, number):
    with Worker(tmp_path, {"waits": WAITS}) as worker:
        client = worker.start(worker.command("waits"))
        job, server = started(worker)
        folder = Path(worker.launcher).parent
        assert folder.is_dir()
        worker.program.stdin.close() if number is None else worker.program.send_signal(number)
        assert gone(job)
        assert gone(server)
        assert client.communicate(timeout=60)[0] == ""
        assert client.returncode == -signal.SIGKILL
        worker.program.wait(timeout=60)
        end = time.monotonic() + 20
        while folder.exists() and time.monotonic() < end:
            time.sleep(0.02)
        assert not folder.exists()
        worker.program.stdin = None


def test_the_worker_outlives_signals_to_all_processes(tmp_path):
    """With the worker gone first, the jobs that such a signal ends would run again."""
    with Worker(tmp_path, {"waits": WAITS}) as worker:
        client = worker.start(worker.command("waits"))
        job, server = started(worker)
        first = int(Path(f"/proc/{server}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        # A terminal's signals, and a kill of Snakemake's group, reach the job alone.
        assert os.getpgid(job) == os.getpgrp()
        assert os.getpgid(server) == os.getpgid(first) == first
        for number in (signal.SIGHUP, signal.SIGTERM):
            for process in (server, first, client.pid):
                os.kill(process, number)
        assert client.communicate(timeout=60) == ("", "")
        assert -client.returncode in (signal.SIGHUP, signal.SIGTERM)
        assert gone(job)
        assert is_alive(server)
        assert is_alive(first)


def test_a_killed_worker_leaves_no_folders(tmp_path, monkeypatch, short):
    monkeypatch.setenv("TMPDIR", str(short))
    with Worker(tmp_path, {"waits": WAITS}) as worker:
        client = worker.start(worker.command("waits"))
        _, server = started(worker)
        kill(int(Path(f"/proc/{server}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]))
        client.kill()
        client.communicate(timeout=60)
    assert list(short.iterdir()) == []
    assert not Path(worker.launcher).parent.exists()
    assert gone(server)


def test_a_request_that_is_none_is_refused(tmp_path, monkeypatch, short):
    monkeypatch.setenv("TMPDIR", str(short))
    with Worker(tmp_path, {"returns": "print('returned')"}) as worker:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(next(short.glob("evolution-*")) / "analysis.socket"))
            client.sendall(b"\nno request\n")
            assert client.recv(100) == b"0\n"
        assert worker.run(worker.command("returns")) == (0, "returned\n", "")


def test_jobs_of_a_dead_worker_run_again_without_it_and_one_says_so(tmp_path):
    with Worker(tmp_path, {"waits": WAITS, "returns": "print('returned')"}) as worker:
        client = worker.start(worker.command("waits"))
        job, server = started(worker)
        kill(server)
        output, errors = client.communicate(timeout=60)
        assert (client.returncode, output) == (0, "again, by the shell\n")
        assert not is_alive(job)
        assert errors == "The worker that starts jobs has ended; jobs now start without it.\n"
        assert worker.run(worker.command("returns")) == (0, "returned\n", "")
