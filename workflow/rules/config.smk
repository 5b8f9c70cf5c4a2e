# The config: read, checked, and filled in with the defaults.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.settings.types import DeploymentMethod

sys.path.insert(0, str(Path(workflow.basedir) / "workflow" / "scripts"))

from evolution.config import checks, files, resolve
from evolution.errors import ConfigError, ModelError
from evolution.models.names import model_files, short_name
from evolution.planning.model_trees import tree_file


def checked(check, *arguments, **more):
    """Call a check of the config; what is wrong ends Snakemake with a message and no traceback."""
    try:
        return check(*arguments, **more)
    except ConfigError as error:
        raise WorkflowError(f"The config cannot be used:\n{error}") from None


def checked_model(look, *arguments):
    """Look into a model; one that cannot be built or run ends Snakemake with a message and no traceback."""
    try:
        return look(*arguments)
    except ModelError as error:
        raise WorkflowError(str(error)) from None


# A preset given by --configfile stands alone; config.yaml is the experiment that runs without one.
if not workflow.configfiles:
    checked(files.check_file, "config.yaml")

    configfile: "config.yaml"


# Snakemake's own `config`, which holds what was written, stays as it is; rules read the resolved one.
experiment = checked(resolve.resolve, config, files=workflow.configfiles)

# In conda environments a method finds its package, whatever there is beside Snakemake.
if DeploymentMethod.CONDA not in workflow.deployment_settings.deployment_method:
    checked(checks.check_installed, experiment)

if workflow.is_main_process:
    for note in checks.notes(experiment):
        logger.info(note)
