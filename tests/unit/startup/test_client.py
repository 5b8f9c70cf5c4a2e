"""Which commands go to the worker; what they become there is in test_server.py."""

import shutil
import signal
import sys
import time

import pytest

from evolution.startup.client import script_of
from support.worker import MARK, Worker

SCRIPT = ".snakemake/scripts/tmp1ab_c.measure.py"


@pytest.mark.parametrize(
    ("command", "script"),
    [
        (f"set -euo pipefail; /bin/python {SCRIPT}", SCRIPT),
        (f"set -euo pipefail;  /bin/python {SCRIPT} ", SCRIPT),
        (f"/bin/python {SCRIPT}", SCRIPT),
        (f"set -euo pipefail; python {SCRIPT}", None),
        (f"source activate env; set -euo pipefail; /bin/python {SCRIPT}", None),
        (f"set -euo pipefail; /bin/python {SCRIPT} more", None),
        ("set -euo pipefail; /bin/python '/my-own folder/scripts/a.py'", "/my-own folder/scripts/a.py"),
        ("set -euo pipefail; /bin/python '/my-own/scripts/a.py'", "/my-own/scripts/a.py"),
        ("set -euo pipefail; /bin/python 'unclosed.py", None),
        ("set -euo pipefail; /bin/python a*.py", None),
        ("set -euo pipefail; /bin/python $HOME/measure.py", None),
        ("set -euo pipefail; /bin/python a.py;b.py", None),
        ("set -euo pipefail; /bin/python -V", None),
        ("", None),
    ],
)
def test_a_command_that_only_runs_a_script_is_recognised(command, script):
    assert script_of(command, "/bin/python") == script


linux = pytest.mark.skipif(sys.platform != "linux", reason="the worker is used on Linux alone")


@linux
def test_other_commands_are_the_shells(tmp_path):
    with Worker(tmp_path, {"known": ""}) as worker:
        assert worker.run("set -euo pipefail; echo $0 one | tr o 0") == (0, "/bin/bash 0ne\n", "")
        assert worker.run("set -euo pipefail; false | true")[0] == 1
        # A pipe that nobody reads ends a program, as it does under a shell that Snakemake starts.
        assert worker.run("(yes; echo $? >&2) | head -n 1") == (0, "y\n", "141\n")
        script = worker.folder / ".snakemake" / "scripts" / "tmp1.unknown.py"
        script.write_text("import sys; print('colorsys' in sys.modules)", encoding="utf-8")
        assert worker.run(worker.command("unknown")) == (0, "False\n", "")


@linux
def test_a_script_of_another_workflow_runs_by_itself_whatever_its_name(tmp_path):
    look = f"import sys; print({MARK!r} in sys.modules)"
    with Worker(tmp_path, {"measure": look}) as worker:
        assert worker.run(worker.command("measure")) == (0, "True\n", "")
        copy = tmp_path / ".snakemake" / "scripts" / "tmp1.measure.py"
        copy.write_text(f"__file__ = '/theirs/scripts/measure.py'; {look}", encoding="utf-8")
        assert worker.run(worker.command("measure")) == (0, "False\n", "")


@linux
def test_variables_that_some_shells_drop_are_kept(tmp_path, monkeypatch):
    """A cluster's `module` command is such a function."""
    monkeypatch.setenv("BASH_FUNC_greet%%", "() { echo hello; }")
    code = f"import os, sys; print({MARK!r} in sys.modules, os.environ['BASH_FUNC_greet%%'])"
    with Worker(tmp_path, {"look": code}) as worker:
        assert worker.run("greet") == (0, "hello\n", "")
        assert worker.run(worker.command("look")) == (0, "True () { echo hello; }\n", "")


@linux
def test_a_script_may_have_a_longer_name_than_a_socket(tmp_path):
    name = "a" * 100
    with Worker(tmp_path, {name: f"import sys; print({MARK!r} in sys.modules)"}) as worker:
        assert worker.run(worker.command(name)) == (0, "True\n", "")


@linux
def test_jobs_start_when_temporary_files_have_been_deleted(tmp_path, monkeypatch, short):
    """As some systems do with those that are some days old."""
    monkeypatch.setenv("TMPDIR", str(short))
    with Worker(tmp_path, {"look": f"import sys; print({MARK!r} in sys.modules)"}) as worker:
        shutil.rmtree(short)
        short.mkdir()
        assert worker.run(worker.command("look")) == (0, "False\n", "")
        assert worker.run("echo run") == (0, "run\n", "")


@linux
def test_an_interrupt_before_the_job_has_begun_ends_it(tmp_path, heeded_signals):
    """While libraries are loaded, no job is there that could be interrupted."""
    path = tmp_path / "loading"
    (tmp_path / "slow_library.py").write_text(f"import time; open({str(path)!r}, 'w'); time.sleep(3)", encoding="utf-8")
    with Worker(tmp_path, {"job": "import time; time.sleep(60)"}, ("slow_library",)) as worker:
        client = worker.start(worker.command("job"))
        end = time.monotonic() + 60
        while not path.exists() and time.monotonic() < end:
            time.sleep(0.02)
        client.send_signal(signal.SIGINT)
        assert client.communicate(timeout=60) == ("", "")
        assert client.returncode == -signal.SIGINT
