"""The config.json that a model of transformers is built from, taken into the config by its content.

It is the one that the config names, or the one that lies with the run's checkpoints.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from evolution.config.checks import CheckedConfig
from evolution.errors import ModelError
from evolution.models.config_file import read_model_config
from evolution.models.names import TRANSFORMERS
from evolution.sources.stored_times import StoredTime


def fill_in_model_configs(checked: CheckedConfig) -> Iterator[str]:
    """Put the content of each config.json in the place of its path, so that a job runs again when that changes.

    Parameters
    ----------
    checked : CheckedConfig
        The runs of its config are changed.

    Yields
    ------
    str
        What is wrong, a line each.
    """
    for name, run in checked.runs("model"):
        path = run["model"]["kwargs"].get("config")
        if run["model"]["name"] != TRANSFORMERS:
            continue
        if path is None and name in checked.config["times"]:
            path = found_with(checked.config["times"][name].stored.values())
        if not isinstance(path, str):
            continue
        try:
            content = read_model_config(path)
        except ModelError as error:
            yield f"{checked.written_key(name, 'model.kwargs', 'config')}: {error.problem}"
            continue
        run["model"] = run["model"] | {"kwargs": run["model"]["kwargs"] | {"config": content}}


def found_with(checkpoints: Iterable[StoredTime]) -> str | None:
    """The config.json in the last checkpoint that is a folder with one, or next to one that is a file."""
    for checkpoint in reversed(list(checkpoints)):
        file = Path(checkpoint.path)
        path = (file if file.is_dir() else file.parent) / "config.json"
        if path.is_file():
            return str(path)
    return None
