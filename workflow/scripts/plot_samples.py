"""Figure of the samples that the network finds hard: learned last, still wrong, moved most."""

import evolution.startup.load_matplotlib  # noqa: F401 - before matplotlib

# isort: split

import textwrap

import numpy as np
from matplotlib.figure import Figure

from evolution.activations.cells import Cells
from evolution.activations.predictions import are_known, load_predictions
from evolution.figures.fonts import drawable_names
from evolution.figures.style import MUTED, FigureStyle, headed_figure, per_cent, save_figure, shared_look, shorten
from evolution.io.arrays import load_npz
from evolution.io.job_log import job_log

COUNT = 12
SIDE, PRINTED_SIDE = 0.95, 0.62  # inches
PRINTED_LETTERS = 15  # of a heading, to the inch
NAME_LENGTH = 12  # as wide as an image


def learned_at(right: np.ndarray) -> np.ndarray:
    """From which snapshot on each sample is right to the end.

    Parameters
    ----------
    right : bool array (snapshots, N)

    Returns
    -------
    int array (N,)
        The snapshot's index; the number of snapshots where the last one is wrong.
    """
    from_the_end = np.cumprod(right[::-1], axis=0).sum(axis=0)
    return len(right) - from_the_end


def path_lengths(layouts: np.ndarray) -> np.ndarray:
    """How far each sample moves over all snapshots.

    Parameters
    ----------
    layouts : float array (snapshots, N, 2)

    Returns
    -------
    float array (N,)
        In units of the layout's root mean square radius, step by step.
    """
    centered = layouts - layouts.mean(axis=1, keepdims=True)
    radii = np.sqrt((centered**2).sum(axis=-1).mean(axis=1))
    steps = np.linalg.norm(np.diff(centered, axis=0), axis=-1)
    return (steps / np.where(radii[1:], radii[1:], 1)[:, None]).sum(axis=0)


def plot_samples(
    *, dataset: str, predictions: list[str], embeddings: Cells, times: list[int], layer: str, style: FigureStyle
) -> Figure:
    """Draw three rows of samples: learned last, still wrong at the last time, moved most.

    Where nobody knows what the network predicts, the last of them alone.

    Parameters
    ----------
    dataset : path of dataset.npz
    predictions : list of paths of `predictions/{span}.parquet`
    embeddings : Cells
        Of layouts, float32 (N, 2).
    times : list of int
    layer : str
        In whose map movement is measured.
    style : FigureStyle
    """
    images, labels, names = load_npz(dataset, "eval_images", "eval_labels", "class_names")
    predicted, confidence = load_predictions(predictions, times, len(labels))
    layouts = np.stack([embeddings.read_layout(layer, time, len(labels)) for time in times])
    learned, moved = learned_at(predicted == labels), path_lengths(layouts)
    count = COUNT if style.width is None else max(1, min(COUNT, int(style.width / PRINTED_SIDE)))
    late = [sample for sample in np.argsort(-learned, kind="stable") if 0 < learned[sample] < len(times)]
    never = np.flatnonzero(learned == len(times))
    never = never[np.argsort(-confidence[-1][never], kind="stable")]
    most = np.argsort(-moved, kind="stable")

    known, sure = are_known(predicted), bool(np.isfinite(confidence[-1]).all())
    note = (
        "Evaluation samples; below each its true class"
        + ", and after “not” the class that the network predicts or last predicted" * known
        + ". # is the number to search for in the explorer. Movement is summed over all snapshots."
    )
    names, fonts = drawable_names(names)

    def name(label: int, length: int = NAME_LENGTH) -> str:
        return shorten(names[label], length)

    def mistake(snapshot: int, sample: int) -> str:
        """The true class of a sample and the wrong one that is predicted."""
        return f"{name(labels[sample])}\nnot {name(predicted[snapshot, sample], NAME_LENGTH - 4)}"

    had_to_be = f"{len(late)} of {len(labels)} samples had to be learned"
    surest = ", the surest first" * sure
    rows = {
        f"Learned last: right from this {style.unit} to the end ({had_to_be})": [
            (sample, mistake(learned[sample] - 1, sample), f"{style.unit} {times[learned[sample]]}")
            for sample in late[:count]
        ],
        f"Still wrong at {style.unit} {times[-1]}{surest} ({len(never)} of {len(labels)} samples)": [
            (sample, mistake(-1, sample), f"{per_cent(confidence[-1, sample])}% sure" if sure else "")
            for sample in never[:count]
        ],
        f"Moved most in the map of {shorten(layer, 40)}, in radii of the map": [
            (sample, name(labels[sample]), f"{moved[sample]:.1f} radii") for sample in most[:count]
        ],
    }
    rows = rows if known else dict(list(rows.items())[-1:])
    side = SIDE if style.width is None else style.width / count
    with shared_look(fonts):
        figure = headed_figure(
            title="Samples that the network finds hard" if known else "Samples that move most",
            note=note,
            width=style.width or 0.5 + count * side,
            height=len(rows) * (side + (0.8 if style.printed else 0.95)),
            style=style,
        )
        for row, (heading, entries) in zip(figure.subfigures(len(rows), 1, squeeze=False)[:, 0], rows.items()):
            if style.width is not None:
                heading = textwrap.fill(heading, int(style.width * PRINTED_LETTERS))
            row.suptitle(heading, x=0.012, ha="left", size=7 if style.printed else 10, weight="bold")
            panels = row.subplots(1, count, squeeze=False)[0]
            for axes in panels:
                axes.set_axis_off()
            if not entries:
                panels[0].text(0, 0.5, "none", color=MUTED)
            for axes, (sample, what, when) in zip(panels, entries):
                image = images[sample].transpose(1, 2, 0)
                axes.imshow(image if image.shape[2] == 3 else image[..., 0], cmap="gray", vmin=0, vmax=255)
                texts = [text for text in (what, when, f"#{sample}") if text]
                axes.annotate(
                    "\n".join(texts), (0.5, 0), xytext=(0, -3), xycoords="axes fraction",
                    textcoords="offset points", ha="center", va="top", size=6 if style.printed else 7,
                )  # fmt: skip
    return figure


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_samples(
            dataset=snakemake.input.dataset,
            predictions=list(snakemake.input.predictions),
            embeddings=Cells(snakemake.input.embeddings, snakemake.params.spans),
            times=snakemake.params.times,
            layer=snakemake.params.layer,
            style=FigureStyle(dpi=snakemake.params.dpi, width=snakemake.params.width, unit=snakemake.params.unit),
        )
        save_figure(figure, snakemake.output)
