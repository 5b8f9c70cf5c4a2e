# Where this workflow's own files lie, whether it runs on its own or as a part of another one.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

# Where another workflow uses this one, `workflow.basedir` is the folder of that one.
WORKFLOW_FOLDER = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]
SCRIPTS = WORKFLOW_FOLDER / "workflow" / "scripts"
# The name that another workflow gives this one by `module`; None where this workflow runs on its own, or by `include`.
MODULE = (
    None if os.path.realpath(workflow.main_snakefile) == os.path.realpath(WORKFLOW_FOLDER / "Snakefile") else __name__
)

if str(SCRIPTS) not in sys.path:
    sys.path.insert(0, str(SCRIPTS))

import evolution

# A package without __init__.py has no file.
LOADED = evolution.__file__ or list(evolution.__path__)[0]
if os.path.realpath(LOADED) != os.path.realpath(SCRIPTS / "evolution" / "__init__.py"):
    raise WorkflowError(
        f"`evolution` was imported from {LOADED}, and this workflow's package of that name lies in {SCRIPTS}: use one "
        "clone of this workflow for all modules, and give a module of your own another name."
    )
