# Where this workflow's own files lie, whether it runs on its own or as a part of another one.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

# Where another workflow uses this one, `workflow.basedir` is the folder of that one.
WORKFLOW_FOLDER = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]
SCRIPTS = WORKFLOW_FOLDER / "workflow" / "scripts"
# The name that another workflow gives this one by `module`; None where this workflow runs on its own, or by `include`.
MODULE = None if os.path.samefile(workflow.main_snakefile, WORKFLOW_FOLDER / "Snakefile") else __name__

if str(SCRIPTS) not in sys.path:
    sys.path.insert(0, str(SCRIPTS))

import evolution

if not os.path.samefile(os.path.dirname(evolution.__file__), SCRIPTS / "evolution"):
    raise WorkflowError(
        f"There is a package `evolution` in {os.path.dirname(os.path.dirname(evolution.__file__))} and another one in "
        f"{SCRIPTS}, and Python loads one of a name: use one clone of this workflow for all modules, and give a "
        "package of your own another name."
    )
