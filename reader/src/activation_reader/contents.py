"""What a run has: its times, its layers, and the spans of times that share a file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from activation_reader.errors import ReaderError

CONTENTS = "contents.json"
FORMAT = 1
# The inputs themselves, as one more layer. They never change, and so are kept at the first time alone.
RAW_INPUTS = "raw_inputs"
# The most times that a message lists one by one.
LISTED = 24


@dataclass(frozen=True)
class Contents:
    """What a run has.

    Attributes
    ----------
    run : str
        Its name.
    source : {"train", "checkpoints", "recording"}
        Where its activations come from.
    unit : {"epoch", "step"}
        What its times are counted in.
    layers : list of str
        The raw inputs, where they are followed, and the network's in order.
    spans : mapping of str to sequence of int
        Each span's times, in the order of its files' entries.
    """

    run: str
    source: str
    unit: str
    layers: list[str]
    spans: Mapping[str, Sequence[int]]

    @cached_property
    def times(self) -> list[int]:
        """All times that the run is to have a snapshot of, ascending."""
        return [time for times in self.spans.values() for time in times]

    @cached_property
    def span_of(self) -> dict[int, str]:
        """Time to the span that holds it."""
        return {time: span for span, times in self.spans.items() for time in times}

    def time(self, epoch: int | None = None, step: int | None = None, layer: str | None = None) -> int:
        """The time that is asked for, as far as the run has it.

        Parameters
        ----------
        epoch, step : int, optional
            One of them, in the run's unit. Of the raw inputs none need be given.
        layer : str, optional
            Of which the time is asked.

        Raises
        ------
        ReaderError
            If the run has no such layer or time, or counts in the other unit.
        """
        if layer is not None:
            self.check_layer(layer)
        given, other = (epoch, step) if self.unit == "epoch" else (step, epoch)
        first = self.times[0]
        if other is not None:
            raise ReaderError(
                f"The run {self.run} counts in {self.unit}s: give {self.unit}=... ({self.said(self.times)})."
            )
        if given is None and layer == RAW_INPUTS:
            return first
        if given is None:
            raise ReaderError(f"Give {self.unit}=...; the run {self.run} has {self.said(self.times)}.")
        if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given not in self.span_of:
            raise ReaderError(
                f"The run {self.run} has no snapshot at {self.unit} {given!r}; it has {self.said(self.times)}."
            )
        if layer == RAW_INPUTS and given != first:
            raise ReaderError(
                f"The raw inputs of the run {self.run} never change, and are kept at {self.unit} {first} alone."
            )
        return int(given)

    def check_layer(self, layer: str) -> None:
        """Raise a ReaderError if the run has no such layer."""
        if layer not in self.layers:
            raise ReaderError(f"The run {self.run} has no layer {layer!r}; it has {', '.join(self.layers)}.")

    def said(self, times: Sequence[int]) -> str:
        """Some times in words; of many the first and the last."""
        if len(times) <= LISTED:
            return f"{self.unit}{'s' * (len(times) > 1)} {', '.join(map(str, times))}"
        begin, end = (", ".join(map(str, some)) for some in (times[:8], times[-2:]))
        return f"{len(times)} {self.unit}s: {begin}, ..., {end}"


def load_contents(folder: Path) -> Contents:
    """What the run in a folder has.

    Raises
    ------
    ReaderError
        If there is no run, or it was made by another version of the workflow.
    """
    path = folder / CONTENTS
    if not path.is_file():
        raise ReaderError(_no_run(folder))
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] == FORMAT:
            return Contents(*(found[name] for name in ("run", "source", "unit", "layers", "spans")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReaderError(
            f"{path} cannot be read ({error}): remove it, and make it again with the workflow."
        ) from error
    raise ReaderError(
        f"{path} has format {found['format']}, and this reader knows {FORMAT}: install the reader that comes with the "
        "workflow that made the run (pip install ./reader)."
    )


def _no_run(folder: Path) -> str:
    """What to say of a folder that is no run."""
    if not folder.is_dir():
        return f"{folder} is not there; give the folder of a run, such as results/mnist."
    runs = sorted(path.parent.name for path in folder.glob(f"*/{CONTENTS}"))
    if runs:
        return f"{folder} is no run; it holds the runs {', '.join(runs)}: load({str(folder / runs[0])!r})."
    return (
        f"{folder} has no {CONTENTS}: it is no run, or the workflow has not begun with it, or an earlier version of "
        "the workflow made it. In the working directory of the workflow this makes the file, and what else is missing: "
        "snakemake --cores 2"
    )
