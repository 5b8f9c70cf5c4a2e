"""The layers of a recording in the form of a model's module tree, for the list that `snakemake layers` prints."""

import hashlib
import json
from pathlib import Path

from evolution.io.whole_files import whole_file
from evolution.planning.programs import FOLDER
from evolution.sources.recording import Recording
from evolution.sources.recording_layers import recorded_modules


def recording_tree(recording: Recording) -> Path:
    """The file with a recording's layers; it is written where there is none yet.

    Parameters
    ----------
    recording : Recording

    Returns
    -------
    Path
        JSON: for each layer its name, its type (recorded), its shape for one sample, its parameters (none are known),
        and why it cannot be followed.
    """
    modules = recorded_modules(recording)
    rows = [
        {"name": name, "type": "recorded", "shape": shape, "parameters": None, "fault": modules.unfit.get(name)}
        for name, shape in recording.layers.items()
    ]
    text = json.dumps(rows)
    path = FOLDER / f"{hashlib.sha256(text.encode()).hexdigest()[:20]}.json"
    if not path.exists():
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return path
