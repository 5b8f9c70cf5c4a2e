"""Code that runs in a Python of its own, which has imported nothing yet."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"


def run(code, **environment):
    """Run code from the folder of the scripts, with the tests' helpers on the path; return what it printed.

    `environment` is added to this process's, whose off switch for the substitution of imports does not count.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "EVOLUTION_PLAIN_IMPORTS"}
    paths = [str(SCRIPTS), str(ROOT / "tests"), *filter(None, [inherited.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=SCRIPTS,
        env=inherited | {"PYTHONPATH": os.pathsep.join(paths)} | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout
