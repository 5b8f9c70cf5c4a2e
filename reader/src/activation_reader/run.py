"""A run, and what there is of it."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from activation_reader.age import changes_of, parts_of_training, warn_of_older
from activation_reader.arrays import OUT_OF_DATE, not_there, read_cell
from activation_reader.contents import load_contents
from activation_reader.errors import ReaderError
from activation_reader.samples import Samples
from activation_reader.tables import below_one_another, read_table, table_names, with_run

# What every run has in the end; other tables depend on what is measured.
TABLES = ("history", "metrics", "embedding", "points")


def load(path: str | os.PathLike) -> "Run":
    """Open a run, also one that is not whole: what is there can be read.

    Parameters
    ----------
    path : path
        The run's folder, such as results/mnist.

    Raises
    ------
    ReaderError
        If there is no run, or nothing is known of its samples.
    """
    return Run(Path(path))


class Run:
    """A run's results. Nothing is read before it is asked for.

    Methods that take a time are given `epoch=...` or `step=...`, whichever the run counts in. All raise `ReaderError`
    where something is not there; the message says what there is.

    Parameters
    ----------
    folder : Path

    Attributes
    ----------
    name : str
    source : {"train", "checkpoints", "recording"}
        Where the activations come from.
    unit : {"epoch", "step"}
        What times are counted in.
    times : list of int
        Those with a snapshot when the run was opened, ascending.
    missing : list of int
        Those whose snapshot was not there then: it is not taken yet, or could not be taken.
    layers : list of str
        "raw_inputs", where they are followed, and the network's in order. The raw inputs are kept at the first time.
    target : {"classes", "number", "labels", "none"}
        What is known of a sample.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._contents = load_contents(folder)
        self._samples = Samples(folder)
        self.name, self.source, self.unit = self._contents.run, self._contents.source, self._contents.unit
        self.layers = list(self._contents.layers)
        there = {span for span in self._contents.spans if (folder / _predictions(span)).is_file()}
        span_of = self._contents.span_of
        self.times = [time for time in self._contents.times if span_of[time] in there]
        self.missing = [time for time in self._contents.times if span_of[time] not in there]
        self.target = self._samples.target

    def __repr__(self) -> str:
        planned = self._contents.times
        taken = f"{len(self.times)} of {len(planned)}" if self.missing else f"{len(planned)}"
        return (
            f"<run {self.name}: {len(self)} samples, {len(self.layers)} layers, {taken} snapshots, "
            f"{self.unit} {planned[0]} to {planned[-1]}>"
        )

    def __len__(self) -> int:
        """The samples, N."""
        return self._samples.count

    @property
    def labels(self) -> np.ndarray:
        """Of classes int64 (N,), positions in `class_names`; a number float64 (N,); several labels bool (N, K)."""
        labels = self._samples.labels()
        if labels is None:
            known = ", ".join(self.attributes) or "none either"
            raise ReaderError(f"The run {self.name} has samples without labels; of attributes it has {known}.")
        return labels

    @property
    def class_names(self) -> list[str]:
        """Of the classes or labels, or of the model's outputs; empty where there are none."""
        return self._samples.class_names()

    @property
    def ids(self) -> np.ndarray:
        """What tells a sample, (N,): its id, text, where samples have ids; else its position in its data set."""
        return self._samples.ids()

    @property
    def attributes(self) -> dict[str, np.ndarray]:
        """Further columns of the samples, (N,) each: float64, NaN where a value is missing; or text, empty there."""
        return self._samples.attributes()

    @property
    def images(self) -> np.ndarray:
        """What a person sees of each sample, uint8 (N, channels, height, width)."""
        return self._samples.images()

    def activations(self, layer: str, *, epoch: int | None = None, step: int | None = None) -> np.ndarray:
        """What a layer puts out, float32 (N, D), in the form that the config chose: as it is, or in fewer coordinates.

        It is mapped from disk, read-only. In fewer coordinates norms and angles are those of the layer's own outputs,
        exactly or within what `docs/results.md` of the project states. In a file of several times, columns of zeros at
        the end fill the narrower ones up.
        """
        return self._cell("activations", layer, epoch, step)

    def layout(self, layer: str, *, epoch: int | None = None, step: int | None = None) -> np.ndarray:
        """Where the samples lie in a layer's map, float32 (N, 2)."""
        return self._cell("embeddings", layer, epoch, step)

    def clusters(self, layer: str, *, epoch: int | None = None, step: int | None = None) -> np.ndarray:
        """Each sample's k-means cluster, int16 (N,). Its number says nothing at another time or layer."""
        return self._cell("clusters", layer, epoch, step)

    def votes(self, layer: str, *, epoch: int | None = None, step: int | None = None) -> np.ndarray:
        """What a sample's nearest neighbours say of it.

        Of classes the one that most have, int16 (N,); of a number their mean, float32 (N,); of several labels the share
        that has each, float32 (N, K).
        """
        if self.target == "none":
            raise ReaderError(f"The run {self.name} has samples without labels, of which neighbours say nothing.")
        return self._cell("votes", layer, epoch, step)

    def classifier(self, *, epoch: int | None = None, step: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """What the network's last linear layer is given, float32 (N, D), and its weights, float32 (classes, D).

        Their inner products, and its bias, are the network's outputs. Both may be in fewer coordinates, the same for
        both, which keep these products.
        """
        time = self._contents.time(epoch, step)
        count = len(self) + len(self.class_names)
        rows = read_cell(self._folder, self._contents, "classifier/{span}.npy", time, count)
        # Without a classifier a row is one NaN, which zeros follow in a file with times that have one.
        if np.isnan(rows[0, 0]) and np.isnan(rows[:, 0]).all():
            raise ReaderError(
                f"The run {self.name} has no classifier at {self.unit} {time}: its samples have no classes, or the "
                "network does not end in a linear layer."
            )
        return rows[: len(self)], rows[len(self) :]

    def predictions(self, *, epoch: int | None = None, step: int | None = None) -> pa.Table:
        """What the network says of each sample, at one time or at all.

        Returns
        -------
        pyarrow.Table
            run, epoch or step, sample, predicted (a position in `class_names`, -1 where nobody knows; a number; or the
            probability of each label), and confidence, the largest probability; NaN where nobody knows.
        """
        span_of, rows = self._contents.span_of, None
        times = self.times
        if epoch is not None or step is not None:
            times = [self._contents.time(epoch, step)]
            rows = [(self.unit, "=", times[0])]
        elif not times:
            raise ReaderError(not_there(self._folder, _predictions(next(iter(self._contents.spans)))))
        spans = dict.fromkeys(span_of[time] for time in times)
        self._warn_of_older({_predictions(span): self._contents.spans[span] for span in spans}, taken=True)
        tables = [read_table(self._folder, _predictions(span), rows) for span in spans]
        found = below_one_another(tables, f"files in {self._folder / 'predictions'}")
        if found.num_rows != len(times) * len(self):
            raise ReaderError(
                f"{self._folder / 'predictions'} has {found.num_rows} rows of {len(times)} times, and there are "
                f"{len(self)} samples. {OUT_OF_DATE}"
            )
        return with_run(found, self.name)

    def points(self, layer: str | None = None, *, epoch: int | None = None, step: int | None = None) -> pa.Table:
        """A row for each dot of each map: of all, of a layer, of a time, or of both.

        Returns
        -------
        pyarrow.Table
            `tables/points.parquet`: run, epoch or step, layer, sample, x, y, label, cluster, predicted, confidence; all
            but the last of which something is known.
        """
        contents, rows = self._contents, []
        if epoch is not None or step is not None:
            rows.append((self.unit, "=", contents.time(epoch, step, layer)))
        if layer is not None:
            contents.check_layer(layer)
            rows.append(("layer", "=", layer))
        found = self.table("points", rows)
        if not found.num_rows:
            asked = " and ".join(f"{name} {value}" for name, _, value in rows)
            raise ReaderError(
                f"{self._folder}/tables/points.parquet has no row of {asked}: it is older than the run. {OUT_OF_DATE}"
            )
        if found.num_rows % len(self):
            raise ReaderError(
                f"{self._folder}/tables/points.parquet does not have a row for each of {len(self)} samples in each "
                f"map. {OUT_OF_DATE}"
            )
        return found

    def metrics(self) -> pa.Table:
        """Every metric of every layer and time: run, layer, epoch or step, metric, value."""
        return self.table("metrics")

    def history(self) -> pa.Table:
        """Losses and scores of the training: run, epoch or step, metric, class_name ("" for all), value."""
        return self.table("history")

    def table(self, name: str, rows: list[tuple[str, str, object]] | None = None) -> pa.Table:
        """A table of the run's folder `tables`, such as class_metrics, collapse or embedding.

        Parameters
        ----------
        name : str
            Of the file, without its ending.
        rows : list of (column, operator, value), optional
            Which rows to read, as `pyarrow.parquet.read_table` takes them.
        """
        known = table_names(self._folder)
        if name in known:
            self._warn_of_older({f"tables/{name}.parquet": None})
            return read_table(self._folder, f"tables/{name}.parquet", rows)
        said = f"The run {self.name} has no table {name!r}; it has {', '.join(known) or 'none yet'}."
        if name in TABLES:
            said = not_there(self._folder, f"tables/{name}.parquet")
        if self.missing:
            said += f"\nSnapshots that were missing when the run was opened: {self._contents.said(self.missing)}."
        raise ReaderError(said)

    def _cell(self, folder: str, layer: str, epoch: int | None, step: int | None) -> np.ndarray:
        time = self._contents.time(epoch, step, layer)
        name = f"{folder}/{{span}}/{layer}.npy"
        span = self._contents.span_of[time]
        self._warn_of_older({name.format(span=span): self._contents.spans[span]}, taken=folder == "activations")
        return read_cell(self._folder, self._contents, name, time, len(self))

    def _warn_of_older(self, files: dict[str, Sequence[int] | None], *, taken: bool = False) -> None:
        """Warn where a file, of these times or of all, may show what the run was before.

        `taken` are the activations and predictions.
        """
        # Where nothing was trained here, the job that took them wrote the history too, in any order.
        parts = [] if taken and self.source != "train" else parts_of_training(self._folder)
        for name, times in files.items():
            warn_of_older(self._folder, name, changes_of(parts, times))


def _predictions(span: str) -> str:
    """The file with the predictions of a span, which every snapshot job writes."""
    return f"predictions/{span}.parquet"
