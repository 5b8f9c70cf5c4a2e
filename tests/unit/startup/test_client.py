"""Which commands go to the worker; what they become there is in test_server.py."""

import sys

import pytest

from evolution.startup.client import script_of
from support.worker import Worker

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


@pytest.mark.skipif(sys.platform != "linux", reason="the worker is used on Linux alone")
def test_other_commands_are_the_shells(tmp_path):
    with Worker(tmp_path, {"known": ""}) as worker:
        assert worker.run("set -euo pipefail; echo $0 one | tr o 0") == (0, "/bin/bash 0ne\n", "")
        assert worker.run("set -euo pipefail; false | true")[0] == 1
        # A pipe that nobody reads ends a program, as it does under a shell that Snakemake starts.
        assert worker.run("(yes; echo $? >&2) | head -n 1") == (0, "y\n", "141\n")
        script = worker.folder / ".snakemake" / "scripts" / "tmp1.unknown.py"
        script.write_text("import sys; print('colorsys' in sys.modules)", encoding="utf-8")
        assert worker.run(worker.command("unknown")) == (0, "False\n", "")
