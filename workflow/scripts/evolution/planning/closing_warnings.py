"""The warnings of many runs in few lines, for the end of an invocation that prints no summaries."""

from collections.abc import Mapping, Sequence

# Runs that a line names; of more it gives the number.
MOST_RUNS = 5


def warning_lines(
    warnings: Mapping[str, Sequence[str]], *, most: int, most_runs: int = MOST_RUNS, results: str = "results"
) -> list[str]:
    """Each distinct warning once, with the runs that have it.

    Parameters
    ----------
    warnings : mapping of str to sequence of str
        Run to its warnings.
    most : int
        Warnings to name; of more the last line gives the number.
    most_runs : int
        Runs to name with a warning.
    results : path
        The folder with the results.

    Returns
    -------
    list of str
        In the order in which the warnings first appear; empty where there are none.
    """
    runs_of: dict[str, list[str]] = {}
    for run, sentences in warnings.items():
        for sentence in dict.fromkeys(sentences):
            runs_of.setdefault(sentence, []).append(run)
    lines = []
    for sentence, runs in list(runs_of.items())[:most]:
        more = f", and {len(runs) - most_runs} more" if len(runs) > most_runs else ""
        lines.append(f"Warning ({', '.join(runs[:most_runs])}{more}): {sentence}")
    if len(runs_of) > most:
        lines.append(f"{len(runs_of) - most} more warnings: {results}/*/warnings.json")
    return lines
