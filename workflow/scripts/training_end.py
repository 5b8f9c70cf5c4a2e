"""Where a training has ended by itself, if it has: read from the history of its last span."""

import json

from evolution.io.job_log import job_log
from evolution.io.tables import load_metadata
from evolution.io.whole_files import whole_file


def training_end(*, history: str, output: str) -> None:
    """Write the last time of a training that has ended by itself, and the reason; null for any other.

    Parameters
    ----------
    history : path of `history/{span}.parquet`
        Of the last span: each span hands on that the training has ended.
    output : path
        JSON: {"time": int, "reason": str, "diverged": bool}, or null.
    """
    ended = json.loads(load_metadata(history).get("ended", "null"))
    answer = ended and {key: ended[key] for key in ("time", "reason", "diverged")}
    with whole_file(output) as temporary:
        temporary.write_text(json.dumps(answer) + "\n", encoding="utf-8")


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        training_end(history=snakemake.input.history, output=snakemake.output[0])
