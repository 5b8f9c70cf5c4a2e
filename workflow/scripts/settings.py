"""Write down what decides a stage's results, apart from its data: settings and code."""

import hashlib
import json
from pathlib import Path

from evolution.files import job_log, whole_file


def digest(path: str) -> str:
    """A file's SHA-256."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def fingerprint(settings: dict, sources: list[str], model: list[str]) -> str:
    """The settings and the SHA-256 of each source file and each file of a user's model, as JSON with sorted keys."""
    code = {Path(path).name: digest(path) for path in sources}
    written = {"settings": settings, "code": code, "model": [digest(path) for path in model]}
    return json.dumps(written, indent=1, sort_keys=True) + "\n"


if "snakemake" in globals():
    with job_log(snakemake.log[0]), whole_file(snakemake.output[0]) as temporary:
        text = fingerprint(
            dict(snakemake.params.items()), list(snakemake.input.sources), list(snakemake.input.get("model", []))
        )
        temporary.write_text(text, encoding="utf-8")
