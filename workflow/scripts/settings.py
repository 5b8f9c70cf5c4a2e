"""Write down the settings and the code of a stage: apart from its data, they decide its results."""

import json
import os
from pathlib import Path

from evolution.io.job_log import job_log
from evolution.io.whole_files import whole_file
from evolution.planning.digests import file_digest

SCRIPTS = Path(__file__).parent


def fingerprint(*, settings: dict, sources: list[str], root: str | Path = SCRIPTS) -> str:
    """The settings and the SHA-256 of each source file, as JSON with sorted keys.

    Parameters
    ----------
    settings : dict
    sources : list of paths
    root : path
        The folder that the files' names in the JSON start from. So two modules of one name in different packages have
        different names there, and no name says where the project lies.

    Returns
    -------
    str
        With a line break at the end.
    """
    digests = {Path(os.path.relpath(path, root)).as_posix(): file_digest(path) for path in sources}
    return json.dumps({"settings": settings, "code": digests}, indent=1, sort_keys=True) + "\n"


if "snakemake" in globals():
    with job_log(snakemake.log[0]), whole_file(snakemake.output[0]) as temporary:
        text = fingerprint(settings=dict(snakemake.params.items()), sources=list(snakemake.input.sources))
        temporary.write_text(text, encoding="utf-8")
