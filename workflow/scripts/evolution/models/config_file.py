"""Reading a config.json, in which Hugging Face's transformers describe a model."""

import json
from pathlib import Path

from evolution.errors import ModelError, first_line

# Entries that name who wrote the file, and change nothing of the model.
WRITERS = ("_name_or_path", "transformers_version")


def read_model_config(path: str) -> dict:
    """The content of a config.json, without the entries that only say who wrote it.

    Raises
    ------
    ModelError
        If it cannot be read, or holds no mapping.
    """
    try:
        content = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise ModelError(f"{path!r} cannot be read ({reason}); must be a config.json", "model.kwargs.config") from None
    if not isinstance(content, dict):
        raise ModelError(f"{path!r} is not allowed; must be a config.json, which is a mapping", "model.kwargs.config")
    return {key: value for key, value in content.items() if key not in WRITERS}
