# The config: read, checked, and filled in with the defaults.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

sys.path.insert(0, str(Path(workflow.basedir) / "workflow" / "scripts"))

from evolution import config_checks, configuration


def checked(check, *arguments, **more):
    """Call a check of the config; what is wrong ends Snakemake with a message and no traceback."""
    try:
        return check(*arguments, **more)
    except configuration.ConfigError as error:
        raise WorkflowError(f"The config cannot be used:\n{error}") from None


# A preset given by --configfile stands alone; config.yaml is the experiment that runs without one.
if not workflow.configfiles:
    checked(configuration.check_file, "config.yaml")

    configfile: "config.yaml"


# Snakemake's own `config`, which holds what was written, stays as it is; rules read the resolved one.
experiment = checked(configuration.resolve, config, files=workflow.configfiles)

if workflow.is_main_process:
    for note in config_checks.notes(experiment):
        logger.info(note)
