"""When each layer of each run crosses a threshold, by the adjusted Rand index or what other targets are measured by."""

import csv
from dataclasses import dataclass

import numpy as np

from evolution.figures.metric_titles import SENTENCE_NAMES
from evolution.io.job_log import job_log
from evolution.io.markdown import DASH, markdown_table
from evolution.io.tables import load_table, load_unit
from evolution.io.whole_files import whole_file
from evolution.measures.intervals import mean_interval
from evolution.measures.long_tables import MAIN_METRICS

NEVER = "never"
SEVERAL_TARGETS = """\
The runs differ in what is known of their samples (classes, numbers, labels, or nothing), so no one measure compares
them all. Each run is in the part of its own measure."""
# With more runs only the first and the last to end are named.
MOST_ENDS = 12
LEGEND = """\
The {unit} is where the straight line from one snapshot to the next first reaches the threshold; the first snapshot's
{unit} where it is reached from the start. Mean and 95 % interval (Student's t) are over a group's runs, which differ in
their seed alone, and stand only where all of them cross: a mean over those that do would look early. *Highest* is the
mean of the runs' highest values. Sorted by the mean; groups of which some runs never cross come after, and those of
which none does last."""


@dataclass(frozen=True)
class Crossings:
    """One layer of one group."""

    group: str
    runs: tuple[tuple[str, float, float], ...]  # run, time of the crossing (NaN: never), highest value; sorted
    mean: float  # NaN where not all cross
    low: float
    high: float

    @property
    def crossed(self) -> int:
        """How many of the runs cross."""
        return sum(np.isfinite(time) for _, time, _ in self.runs)

    @property
    def highest(self) -> float:
        """The mean of the runs' highest values; minus infinity where no run has any."""
        known = [value for _, _, value in self.runs if np.isfinite(value)]
        return float(np.mean(known)) if known else -np.inf


def crossing(times: np.ndarray, values: np.ndarray, threshold: float) -> float:
    """When a curve first reaches a threshold, with straight lines from time to time.

    Parameters
    ----------
    times : int array (E,)
        Ascending.
    values : float array (E,)
        NaN is passed over.
    threshold : float

    Returns
    -------
    float
        A time: the first one where the curve begins at or above the threshold. NaN where it never reaches it.
    """
    known = np.isfinite(values)
    times, values = times[known], values[known]
    above = np.flatnonzero(values >= threshold)
    if not len(above):
        return np.nan
    index = above[0]
    if index == 0:
        return float(times[0])
    share = (threshold - values[index - 1]) / (values[index] - values[index - 1])
    return float(times[index - 1] + share * (times[index] - times[index - 1]))


def group_crossings(group: str, curves: dict[str, tuple[np.ndarray, np.ndarray]], threshold: float) -> Crossings:
    """The crossings of a group's runs, given as run to times and values, sorted by when they cross."""
    runs = []
    for run, (times, values) in curves.items():
        known = values[np.isfinite(values)]
        runs.append((run, crossing(times, values, threshold), known.max() if len(known) else np.nan))
    found = np.array([time for _, time, _ in runs])
    mean, low, high = mean_interval(found) if np.isfinite(found).all() else (np.nan,) * 3
    runs.sort(key=lambda run: (np.isnan(run[1]), run[1]))
    return Crossings(group, tuple(runs), float(mean), float(low), float(high))


def sort_groups(groups: list[Crossings]) -> list[Crossings]:
    """Groups of which all runs cross, by mean; then of which some do, most first; then the others, highest first."""

    def rank(group: Crossings) -> tuple:
        if group.crossed == len(group.runs):
            return (0, group.mean)
        times = [time for _, time, _ in group.runs if np.isfinite(time)]
        return (1, -group.crossed / len(group.runs), np.mean(times)) if times else (2, -group.highest)

    return sorted(groups, key=rank)


Curves = dict[str, dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]]


def load_curves(path: str, targets: dict[str, str]) -> dict[str, Curves]:
    """Read of each run the metric that layers are compared by, from `comparison/tables/metrics.parquet`.

    Parameters
    ----------
    path : path
    targets : dict
        Run to the kind of its target.

    Returns
    -------
    dict of str to dict
        Metric to layer to group to run to times and values; metrics in the order of `MAIN_METRICS`.
    """
    table = load_table(path, "run", "group", "layer", "time", "metric", "value")
    names = ("layer", "group", "run", "time", "value", "metric")
    points: dict[str, dict] = {metric: {} for metric in MAIN_METRICS.values()}
    for layer, group, run, time, value, metric in zip(*(table.column(name).to_pylist() for name in names)):
        if metric == MAIN_METRICS[targets[run]]:
            runs = points[metric].setdefault(layer, {}).setdefault(group, {})
            runs.setdefault(run, []).append((time, np.nan if value is None else value))
    return {
        metric: {
            layer: {
                group: {run: tuple(map(np.array, zip(*sorted(curve)))) for run, curve in runs.items()}
                for group, runs in groups.items()
            }
            for layer, groups in layers.items()
        }
        for metric, layers in points.items()
        if layers
    }


def time_text(time: float) -> str:
    """A time with one decimal, or the word for never."""
    return NEVER if np.isnan(time) else f"{time:.1f}"


def layer_section(layer: str, groups: list[Crossings], unit: str) -> str:
    """A layer's part of the Markdown: a table, or a sentence where no run ever crosses."""
    if not any(group.crossed for group in groups):
        highest = max(group.highest for group in groups)
        best = f"; the highest is {highest:.3f}, of {groups[0].group}" if np.isfinite(highest) else ""
        return f"**{layer}**: {NEVER}, in no run{best}."
    rows = []
    for group in groups:
        mean = time_text(group.mean) if group.crossed in (0, len(group.runs)) else DASH
        interval = DASH if np.isnan(group.low) else f"{group.low:.1f} to {group.high:.1f}"
        each = ", ".join(time_text(time) for _, time, _ in group.runs)
        highest = f"{group.highest:.3f}" if np.isfinite(group.highest) else DASH
        rows.append([group.group, mean, interval, f"{group.crossed} of {len(group.runs)}", highest, each])
    header = ["Group", unit.capitalize(), "95 % interval", "Runs that cross", "Highest", "Each run"]
    return f"**{layer}**\n\n{markdown_table(header, rows)}"


def ends_note(curves: dict[str, Curves], unit: str) -> str:
    """A sentence on trainings that end at different times, to be read with *never*; empty where all end at one."""
    ends = {
        run: int(times[-1])
        for layers in curves.values()
        for groups in layers.values()
        for runs in groups.values()
        for run, (times, _) in runs.items()
    }
    if len(set(ends.values())) < 2:
        return ""
    shown = [f"{run} at {time}" for run, time in sorted(ends.items(), key=lambda each: each[1])]
    between = "" if len(shown) <= MOST_ENDS else " (all are in crossing.csv)"
    shown = shown if len(shown) <= MOST_ENDS else [*shown[: MOST_ENDS - 1], "...", shown[-1]]
    return (
        f"The runs end at different {unit}s: {', '.join(shown)}{between}. *{NEVER}* means not before a run's end.\n\n"
    )


def compare_crossings(
    *,
    metrics_table: str,
    layers: list[str],
    threshold: float,
    seeds: dict[str, int],
    targets: dict[str, str],
    markdown_path: str,
    csv_path: str,
) -> None:
    """Write when each layer crosses the threshold, for reading and for computing.

    Parameters
    ----------
    metrics_table : path of `comparison/tables/metrics.parquet`
    layers : list of str
        Of all groups, in the order to show them in.
    threshold : float
        Of the adjusted Rand index, or what `MAIN_METRICS` has for a run's target.
    seeds : dict
        Run to its seed.
    targets : dict
        Run to the kind of its target.
    markdown_path, csv_path : paths to write
        The CSV has a row a layer and run.
    """
    unit = load_unit(metrics_table)
    curves = load_curves(metrics_table, targets)
    found = {
        metric: {
            layer: sort_groups([group_crossings(group, runs, threshold) for group, runs in of_layer[layer].items()])
            for layer in layers
            if layer in of_layer
        }
        for metric, of_layer in curves.items()
    }
    parts = {
        metric: "\n\n".join(layer_section(layer, groups, unit) for layer, groups in of_layer.items())
        for metric, of_layer in found.items()
    }
    if len(parts) == 1:
        ((metric, text),) = parts.items()
        heading = f"When the {SENTENCE_NAMES[metric]} reaches {threshold:g}"
    else:
        heading = f"When layers reach {threshold:g}"
        sections = [f"## By the {SENTENCE_NAMES[metric]}\n\n{part}" for metric, part in parts.items()]
        text = "\n\n".join([SEVERAL_TARGETS, *sections])
    notes = f"{ends_note(curves, unit)}{LEGEND.format(unit=unit)}"
    with whole_file(markdown_path) as temporary:
        temporary.write_text(f"# {heading}\n\n{text}\n\n{notes}\n", encoding="utf-8", newline="\n")
    with whole_file(csv_path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(
            ["layer", "group", "run", "seed", unit, "highest", "group_mean", "group_low", "group_high"]
            + ["group_crossed", "group_runs", "end", "metric"]
        )
        for metric, layer, group in (
            (metric, layer, group)
            for metric, of_layer in found.items()
            for layer, groups in of_layer.items()
            for group in groups
        ):
            shared = ["" if np.isnan(value) else f"{value:.3f}" for value in (group.mean, group.low, group.high)]
            for run, time, highest in group.runs:
                numbers = ["" if np.isnan(value) else f"{value:.3f}" for value in (time, highest)]
                own = [layer, group.group, run, seeds[run], *numbers]
                end = int(curves[metric][layer][group.group][run][0][-1])
                writer.writerow([*own, *shared, group.crossed, len(group.runs), end, metric])


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        compare_crossings(
            metrics_table=snakemake.input.metrics,
            layers=snakemake.params.layers,
            threshold=snakemake.params.threshold,
            seeds=snakemake.params.seeds,
            targets=snakemake.params.targets,
            markdown_path=snakemake.output.markdown,
            csv_path=snakemake.output.csv,
        )
