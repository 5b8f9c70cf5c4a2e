"""What a run has or will have: its times, its layers, and in which files each cell lies. `reader/` opens it by this."""

import json
from collections.abc import Mapping, Sequence

from evolution.io.job_log import job_log
from evolution.io.whole_files import whole_file

# To be raised when a reader of the former format would go wrong.
FORMAT = 1


def contents(*, run: str, source: str, unit: str, layers: Sequence[str], spans: Mapping[str, Sequence[int]]) -> str:
    """What a run has, as JSON.

    Files of former settings may lie next to those that count, such as those of a span that has since been cut in
    another way: only this says which ones count.

    Parameters
    ----------
    run : str
        Its name.
    source : {"train", "checkpoints", "recording"}
        Where its activations come from.
    unit : {"epoch", "step"}
        What times are counted in.
    layers : sequence of str
        The raw inputs, where they are followed, and the network's in order.
    spans : mapping of str to sequence of int
        Each span's times, in the order of its files' entries.

    Returns
    -------
    str
        With a line break at the end.
    """
    known = {"format": FORMAT, "run": run, "source": source, "unit": unit, "layers": list(layers)}
    return json.dumps(known | {"spans": {span: list(times) for span, times in spans.items()}}) + "\n"


if "snakemake" in globals():
    with job_log(snakemake.log[0]), whole_file(snakemake.output[0]) as temporary:
        text = contents(
            run=snakemake.wildcards.run,
            source=snakemake.params.source,
            unit=snakemake.params.unit,
            layers=snakemake.params.layers,
            spans=snakemake.params.spans,
        )
        temporary.write_text(text, encoding="utf-8", newline="\n")
