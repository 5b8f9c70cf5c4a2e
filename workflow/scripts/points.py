"""Every dot of every map in one table: where it lies, what its sample is, and what the network says of it."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from evolution import RAW_INPUTS
from evolution.activations.cells import Cells
from evolution.activations.predictions import UNKNOWN, load_predictions
from evolution.data.kinds import LABELS, NONE, NUMBER
from evolution.data.targets import Targets, load_targets
from evolution.io.job_log import job_log
from evolution.io.large_tables import save_large_table
from evolution.io.reading import damaged
from evolution.sources.file_names import other_unit

# The least probability at which a label counts as predicted.
HELD = 0.5


def categories(codes: np.ndarray, names: Sequence[str]):
    """A column of names by their positions, int (N,); nothing where a position is `UNKNOWN`.

    Readers get categories, in the order of the names.
    """
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32), mask=codes == UNKNOWN), pa.array(list(names), pa.string())
    )


def numbers(values: np.ndarray):
    """A column of floats, nothing where a value is NaN."""
    import pyarrow as pa

    return pa.array(values, mask=np.isnan(values))


def names_held(held: np.ndarray, known: np.ndarray, names: Sequence[str]):
    """A column of lists: the names of the labels that each sample has.

    Parameters
    ----------
    held : bool array (N, K)
    known : bool array (N,)
        Where it is False there is no list.
    names : sequence of K str
    """
    import pyarrow as pa

    counts = np.where(known, held.sum(1), 0)
    ends = np.concatenate([[0], counts.cumsum()]).astype(np.int32)
    taken = pa.array(list(names), pa.string()).take(pa.array(np.nonzero(held & known[:, None])[1]))
    return pa.ListArray.from_arrays(pa.array(ends), taken, mask=pa.array(~known))


def truth(targets: Targets):
    """The column `label`; None where nobody knows one."""
    if targets.target == NONE:
        return None
    if targets.target == NUMBER:
        return numbers(targets.values)
    if targets.target == LABELS:
        return names_held(targets.values, np.ones(targets.count, bool), targets.names)
    return categories(targets.values, targets.names)


def check_names(path: str, values: np.ndarray | None, targets: Targets) -> None:
    """Raise a UserError if a file's labels or predictions are not of the classes or labels that there are.

    Parameters
    ----------
    path : path
        Of the file.
    values : array (..., N) or (..., N, K), or None
        Positions of classes, or a number for each of K labels; else they are not looked at.
    targets : Targets
    """
    if values is None or targets.target == NUMBER or not targets.names:
        return
    count = len(targets.names)
    if targets.target == LABELS:
        if values.shape[-1] != count:
            raise damaged(path, f"values of {values.shape[-1]} labels, and there are {count}")
    elif values.dtype.kind == "f" or not UNKNOWN <= values.min() <= values.max() < count:
        raise damaged(path, f"classes from {values.min()} to {values.max()}, and there are {count}")


def outcome(targets: Targets, predicted: np.ndarray, confidence: np.ndarray) -> dict[str, object]:
    """The columns `predicted` and `confidence` at one time, as far as there are any.

    Parameters
    ----------
    targets : Targets
    predicted, confidence : arrays (N,), of labels (N, K)
        See `predictions.load_predictions`.
    """
    if targets.target == NUMBER:
        return {"predicted": numbers(predicted)}
    if targets.target == LABELS:
        return {"predicted": names_held(predicted >= HELD, np.isfinite(predicted).all(1), targets.names)}
    if not targets.names:
        # Without names, which output is the largest says nothing.
        return {}
    return {"predicted": categories(predicted, targets.names), "confidence": numbers(confidence)}


def points(
    *,
    run: str,
    dataset: str,
    embeddings: Cells,
    clusters: Cells,
    predictions: Mapping[str, str],
    spans: Mapping[str, Sequence[int]],
    layers: Sequence[str],
    has_predictions: bool = True,
    unit: str = "epoch",
    other_times: Mapping[int, float] | None = None,
) -> Iterator:
    """The dots of each map: a table for each time and layer, ascending by time, layers in their order.

    Parameters
    ----------
    run : str
        Its name.
    dataset : path of dataset.npz
    embeddings, clusters : Cells
        Of layouts, float32 (N, 2), and of clusters, int16 (N,); the raw inputs at the first time only.
    predictions : mapping of str to path
        Span to its `predictions/{span}.parquet`.
    spans : mapping of str to sequence of int
        Span to its times.
    layers : sequence of str
        The raw inputs, where they are followed, and the network's in order.
    has_predictions : bool
        Whether anything is known of what the network predicts.
    unit : {"epoch", "step"}
        What times are counted in.
    other_times : mapping of int to float, optional
        Time to time in the other unit, as far as it is known. The column is int32, or float64 where steps lie within
        an epoch.

    Yields
    ------
    pyarrow.Table
        run, time int32, the time in the other unit, layer, sample int32 (its position in dataset.npz), x and y float32,
        label, cluster int16, predicted, confidence float32. Label and predicted are the name of a class, a number
        (float64, and float32 as the network gives it), or the list of the labels that a sample has (of predictions,
        that have a probability of at least `HELD`). What is not known is null; a column of which nothing is known is
        left out.

    Raises
    ------
    UserError
        If a file cannot be read, or is not what it should be.
    """
    import pyarrow as pa

    targets = load_targets(dataset)
    check_names(dataset, targets.values, targets)
    label, samples = truth(targets), pa.array(np.arange(targets.count, dtype=np.int32))
    whole = all(float(time).is_integer() for time in (other_times or {}).values())
    other_type = pa.int32() if whole else pa.float64()
    first = next(iter(spans.values()))[0]

    def of_all(value: object, kind):
        return pa.repeat(pa.scalar(value, kind), targets.count)

    for span, times in spans.items():
        predicted, confidence = load_predictions([predictions[span]], list(times), targets.count)
        check_names(predictions[span], predicted, targets)
        for index, time in enumerate(times):
            said = outcome(targets, predicted[index], confidence[index]) if has_predictions else {}
            for number, layer in enumerate(layers):
                if layer == RAW_INPUTS and time != first:
                    continue
                layout = embeddings.read_layout(layer, time, targets.count)
                columns = {
                    "run": categories(np.zeros(targets.count, int), [run]),
                    "time": of_all(time, pa.int32()),
                    other_unit(unit): of_all(other_times.get(time), other_type) if other_times else None,
                    "layer": categories(np.full(targets.count, number), layers),
                    "sample": samples,
                    "x": pa.array(layout[:, 0].copy()),
                    "y": pa.array(layout[:, 1].copy()),
                    "label": label,
                    "cluster": pa.array(np.array(clusters.read(layer, time, (targets.count,)), np.int16)),
                }
                known = {name: column for name, column in columns.items() if column is not None}
                yield pa.table(known | said)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        parameters = snakemake.params
        tables = points(
            run=snakemake.wildcards.run,
            dataset=snakemake.input.dataset,
            embeddings=Cells(snakemake.input.embeddings, parameters.spans),
            clusters=Cells(snakemake.input.clusters, parameters.spans),
            predictions=dict(zip(parameters.spans, snakemake.input.predictions)),
            spans=parameters.spans,
            layers=parameters.layers,
            has_predictions=parameters.has_predictions,
            unit=parameters.unit,
            other_times=parameters.other_times,
        )
        save_large_table(snakemake.output[0], tables, unit=parameters.unit, counting=["sample"])
