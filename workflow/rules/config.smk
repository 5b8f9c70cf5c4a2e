# The config: read, checked, and filled in with the defaults.
import yaml
from snakemake.logging import logger
from snakemake.settings.types import DeploymentMethod

from evolution.config import checks, class_colors, class_votes, command_line, files
from evolution.config import resolve, stated_paths, training_part
from evolution.errors import ConfigError
from evolution.planning.programs import put_library_first
from evolution.planning.said_before import not_said_before

# Snakemake puts a script's folder last on its path: a user's package that is called as this library would come first.
put_library_first()


def checked(check, *arguments, **more):
    """Call a check of the config; what is wrong ends Snakemake with a message and no traceback."""
    try:
        return check(*arguments, **more)
    except ConfigError as error:
        raise WorkflowError(f"The config cannot be used:\n{error}") from None


# A preset given by --configfile stands alone; config.yaml is the experiment that runs without one: that of the working
# directory, or of this workflow.
if not MODULE and not workflow.configfiles:
    DEFAULT_CONFIG = "config.yaml"
    if not os.path.exists(DEFAULT_CONFIG):
        DEFAULT_CONFIG = os.path.relpath(WORKFLOW_FOLDER / "config.yaml")
    checked(files.check_file, DEFAULT_CONFIG)

    configfile: DEFAULT_CONFIG


# In the order in which they are laid over each other: those of --configfile come first in Snakemake's list, and count
# more than those of a Snakefile.
GIVEN = len(workflow.overwrite_configfiles)
STATED_IN = [*workflow.configfiles[GIVEN:], *workflow.configfiles[:GIVEN]]
# A module that is given no config, or an empty one, is the default experiment. `configfile:` would lay over it what the
# command line gives to the workflow that uses this one.
IS_DEFAULT = MODULE and not config
if IS_DEFAULT:
    STATED_IN = [os.path.relpath(WORKFLOW_FOLDER / "config.yaml")]
    checked(files.check_file, STATED_IN[0])
    config = yaml.safe_load(Path(STATED_IN[0]).read_text(encoding="utf-8"))


include: "results.smk"


# The files of a workflow that uses this one hold more, and are checked there.
CONFIG_FILES = [] if MODULE else workflow.configfiles
WRITTEN = config if MODULE else command_line.with_typed_values(config, CONFIG_FILES, resolve.read_schema())
WRITTEN, PATH_NOTES = checked(
    stated_paths.counted_from_files,
    WRITTEN,
    STATED_IN,
    part=bool(MODULE) and not IS_DEFAULT,
    results=RESULTS,
)

# Snakemake's own `config`, which holds what was written, stays as it is; rules read the resolved one.
experiment = checked(
    resolve.resolve,
    WRITTEN,
    files=CONFIG_FILES,
    results=Path(RESULTS),
)
# It is no part of the experiment where results lie.
del experiment["results"]
# Each run's times: they follow from the config, and are no part of it.
PLANNED = experiment.pop("times")
# So do the facts on each run's samples.
FACTS = experiment.pop("facts")

# With --sdm conda a method's package comes with its environment, whether or not it is installed next to Snakemake. So
# does matplotlib, and the jobs that draw look for the font.
if DeploymentMethod.CONDA not in workflow.deployment_settings.deployment_method:
    checked(checks.check_installed, experiment)
    if experiment["plots"]["font"] and workflow.is_main_process:
        from evolution.figures.typefaces import font_file  # It loads matplotlib, which planning does without.

        checked(font_file, experiment["plots"]["font"])

if workflow.is_main_process:
    for note in not_said_before(
        [
            *PATH_NOTES,
            *checks.notes(experiment),
            *training_part.training_part_notes(experiment),
            *class_votes.vote_notes(experiment, FACTS, PLANNED),
            *class_colors.color_notes(experiment, FACTS),
            *(note for times in PLANNED.values() for note in times.notes),
        ]
    ):
        logger.info(note)
