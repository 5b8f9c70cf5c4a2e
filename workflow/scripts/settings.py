"""Write down what decides a stage's results, apart from its data: settings and code."""

import json
from pathlib import Path

from evolution.digests import file_digest
from evolution.files import job_log, whole_file


def fingerprint(settings: dict, sources: list[str]) -> str:
    """The settings and each source file's SHA-256 by its folder and name, as JSON with sorted keys."""
    digests = {"/".join(Path(path).parts[-2:]): file_digest(path) for path in sources}
    return json.dumps({"settings": settings, "code": digests}, indent=1, sort_keys=True) + "\n"


if "snakemake" in globals():
    with job_log(snakemake.log[0]), whole_file(snakemake.output[0]) as temporary:
        text = fingerprint(dict(snakemake.params.items()), list(snakemake.input.sources))
        temporary.write_text(text, encoding="utf-8")
