"""Figure of the samples that the network finds hard: learned last, still wrong or far off, and moved most."""

import textwrap
import unicodedata
import warnings
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from evolution.activations.cells import Cells
from evolution.activations.predictions import are_known, load_predictions
from evolution.data.kinds import CLASSES, LABELS, NONE, NUMBER
from evolution.data.targets import Targets, load_targets
from evolution.data.unusual_values import unusual_columns
from evolution.figures.fonts import drawable_names
from evolution.figures.sample_sheet import (
    FLATTEST,
    Entry,
    Rows,
    draw_picture,
    sample_sheet,
    sample_side,
    samples_in_row,
    shown_shape,
)
from evolution.figures.style import (
    DASH,
    FigureStyle,
    per_cent,
    save_figure,
    shared_look,
    shorten,
    shorten_apart,
)
from evolution.figures.typefaces import BASE_FONT
from evolution.io.arrays import load_npz, names_in_npz
from evolution.io.job_log import job_log

NAME_LENGTH = 12  # as wide as an image
TILE = 0.68  # of a sample's side, what a text in place of an image may fill
LINE, LETTER = 1.15, 0.6  # of the letters' size: a line's height, and a letter's usual width
MOST_VALUES = 12  # more lines than any tile has room for
HOLDS = 0.5  # from which probability on the network says that a label holds


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


def class_rows(
    *,
    labels: np.ndarray,
    names: list[str],
    predicted: np.ndarray,
    confidence: np.ndarray,
    times: list[int],
    unit: str,
    count: int,
) -> Rows:
    """The samples that were learned last, and those that are still wrong at the end.

    Parameters
    ----------
    labels : int array (N,)
    names : list of str
    predicted, confidence : int and float arrays (times, N)
    times : list of int
    unit : {"epoch", "step"}
    count : int
        Samples in a row.
    """
    learned = learned_at(predicted == labels)
    late = [sample for sample in np.argsort(-learned, kind="stable") if 0 < learned[sample] < len(times)]
    never = np.flatnonzero(learned == len(times))
    never = never[np.argsort(-confidence[-1][never], kind="stable")]
    sure = bool(np.isfinite(confidence[-1]).all())

    true, guessed = shorten_apart(names, NAME_LENGTH), shorten_apart(names, NAME_LENGTH - 4)

    def mistake(snapshot: int, sample: int) -> str:
        """The true class of a sample and the wrong one that is predicted."""
        return f"{true[labels[sample]]}\nnot {guessed[predicted[snapshot, sample]]}"

    had_to_be = f"{len(late)} of {len(labels)} samples had to be learned"
    surest = ", the surest first" * sure
    return {
        f"Learned last: right from this {unit} to the end ({had_to_be})": [
            Entry(sample, mistake(learned[sample] - 1, sample), f"{unit} {times[learned[sample]]}")
            for sample in late[:count]
        ],
        f"Still wrong at {unit} {times[-1]}{surest} ({len(never)} of {len(labels)} samples)": [
            Entry(sample, mistake(-1, sample), f"{per_cent(confidence[-1, sample])}% sure" if sure else "")
            for sample in never[:count]
        ],
    }


def number_rows(*, values: np.ndarray, predicted: np.ndarray, when: str, count: int, letters: int) -> Rows:
    """The samples whose numbers are predicted worst.

    Parameters
    ----------
    values, predicted : float arrays (N,)
        At the last time.
    when : str
    count : int
        Samples in a row.
    letters : int
        That a line below a sample has room for.
    """
    errors = predicted - values
    worst = np.argsort(-np.abs(np.nan_to_num(errors, nan=-np.inf)), kind="stable")[:count]
    typical = number_text(float(np.median(np.abs(errors))))
    return {
        f"Largest errors at {when} (half of the {len(values)} samples are off by {typical} or less)": [
            Entry(
                sample,
                f"{number_text(values[sample])}\n"
                + textwrap.fill(f"predicted {number_text(predicted[sample])}", letters),
                f"off by {number_text(abs(errors[sample]))}",
            )
            for sample in worst
        ]
    }


def label_text(word: str, labels: np.ndarray, names: list[str], letters: int) -> str:
    """The first of some labels, and how many more there are, on one line or two.

    Parameters
    ----------
    word : str
        That stands before it, or empty.
    labels : int array
        One at least.
    names : list of str
    letters : int
        That a line has room for.
    """
    first = f"{word} {shorten(names[labels[0]], letters - len(word) - bool(word))}".strip()
    more = f"and {len(labels) - 1} more" if len(labels) > 1 else ""
    return f"{first} {more}".strip() if len(f"{first} {more}") <= letters else f"{first}\n{more}".strip()


def label_rows(
    *, held: np.ndarray, names: list[str], predicted: np.ndarray, when: str, count: int, letters: int
) -> Rows:
    """The samples with the most wrong labels, those with the largest errors first.

    Parameters
    ----------
    held : bool array (N, K)
    names : list of str (K,)
    predicted : float array (N, K)
        How probable each label is, at the last time.
    when : str
    count : int
        Samples in a row.
    letters : int
        That a line below a sample has room for.
    """
    wrong, errors = (predicted >= HOLDS) != held, np.square(predicted - held)
    number = wrong.sum(axis=1)
    order = np.lexsort((-errors.sum(axis=1), -number))
    worst = [sample for sample in order[:count] if number[sample]]

    def mistakes(sample: int) -> str:
        """The labels that a sample has, and those that are missed and added, the worst of each first."""
        has, lines = held[sample], []
        for word, where in (("", has), ("missed", has & wrong[sample]), ("false", ~has & wrong[sample])):
            which = np.flatnonzero(where)
            if len(which):
                worst_first = which[np.argsort(-errors[sample, which], kind="stable")] if word else which
                lines.append(label_text(word, worst_first, names, letters))
            elif not word:
                lines.append("no label")
        return "\n".join(lines)

    return {
        f"Most labels wrong at {when} ({np.count_nonzero(number)} of {len(held)} samples have a wrong one)": [
            Entry(sample, mistakes(sample), "") for sample in worst
        ]
    }


def number_text(value: float) -> str:
    """A number with three digits, or all before the point."""
    # With three digits 999.7 would be 1e+03.
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def fitted_text(text: str, side: float, size: float) -> str:
    """The beginning of a text, broken into lines that fill a square.

    Parameters
    ----------
    text : str
    side : float
        Of the square, in inches.
    size : float
        Of the letters, in points.
    """
    # Chinese, Japanese and Korean letters are as wide as two.
    wide = any(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    columns, lines = int(side * 72 / size / (2 * LETTER if wide else LETTER)), int(side * 72 / size / LINE)
    return "\n".join(textwrap.wrap(text, columns, max_lines=lines, placeholder=" …"))


def plot_samples(
    *, dataset: str, predictions: list[str], embeddings: Cells, times: list[int], layer: str, style: FigureStyle
) -> Figure:
    """Draw rows of samples: those that the network finds hard, and those that moved most.

    Of classes, the first are those learned last and those still wrong at the end; of numbers those with the largest
    errors; of several labels those with the most wrong ones. Where nobody knows what the network predicts, or what it
    should, there is the row of those that moved most alone.

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
    targets = load_targets(dataset)
    (images,) = load_npz(dataset, "eval_images")
    layouts = np.stack([embeddings.read_layout(layer, time, targets.count) for time in times])
    moved = path_lengths(layouts)
    count, side = samples_in_row(style), sample_side(style)
    size = 6 if style.printed else 7
    letters = int(side * 72 / size / LETTER)
    most = np.argsort(-moved, kind="stable")[:count]
    names, fonts = drawable_names(targets.names, style.font)
    known, when, rows, note = False, f"{style.unit} {times[-1]}", {}, "Evaluation samples; below each "
    if targets.target != NONE:
        predicted, confidence = load_predictions(predictions, times, targets.count)
        known = are_known(predicted)
    if targets.target == CLASSES:
        note += "its true class" + ", and after “not” the class that the network predicts or last predicted" * known
        if known:
            rows = class_rows(
                labels=targets.values, names=names, predicted=predicted, confidence=confidence, times=times,
                unit=style.unit, count=count,
            )  # fmt: skip
    elif targets.target == NUMBER:
        note += f"its {targets.name or 'number'}" + ", and in the first row the one that the network predicts" * known
        if known:
            rows = number_rows(values=targets.values, predicted=predicted[-1], when=when, count=count, letters=letters)
    elif targets.target == LABELS:
        note += "its labels" + (
            ", and in the first row those that the network misses and the false ones, the surest first" * known
        )
        if known:
            rows = label_rows(
                held=targets.values, names=names, predicted=predicted[-1], when=when, count=count, letters=letters
            )
    else:
        note += "how far it moved"
    note += ". # is the number to search for in the explorer. Movement is summed over all snapshots."

    short = shorten_apart(names, NAME_LENGTH)

    def is_a(sample: int) -> str:
        """What a sample is, in few letters."""
        if targets.target == CLASSES:
            return short[targets.values[sample]]
        if targets.target == NUMBER:
            return number_text(targets.values[sample])
        if targets.target == LABELS:
            has = np.flatnonzero(targets.values[sample])
            return label_text("", has, names, letters) if len(has) else "no label"
        return ""

    rows[f"Moved most in the map of {shorten(layer, 40)}, in radii of the map"] = [
        Entry(sample, is_a(sample), f"{moved[sample]:.1f} radii") for sample in most
    ]
    shown = [entry.sample for entries in rows.values() for entry in entries]
    texts, text_fonts = readable_texts(dataset, targets, shown, side, style)
    pictures = [sample for sample in shown if sample not in texts]
    shape = images.shape[2:]
    flat = 1.0 if texts else shown_shape(*shape)[0]
    if pictures and max(shape) > FLATTEST * min(shape):
        note += f" Images of {shape[0]} x {shape[1]} pixels are stretched, as they would be too thin to see."
    with shared_look(list(dict.fromkeys([*fonts, *text_fonts]))):
        figure, squares = sample_sheet(
            title="Samples that the network finds hard" if len(rows) > 1 else "Samples that move most",
            note=note,
            rows=rows,
            flat=flat,
            lines_size=size,
            style=style,
        )
        for heading, entries in rows.items():
            for axes, entry in zip(squares[heading], entries):
                if entry.sample in texts:
                    draw_text(axes, texts[entry.sample], style)
                else:
                    draw_picture(axes, images[entry.sample], flat)
    return figure


def readable_texts(
    dataset: str, targets: Targets, samples: list[int], side: float, style: FigureStyle
) -> tuple[dict[int, str], list[str]]:
    """What is written of some samples in place of their pictures, by their numbers, and the fonts that it needs.

    Without previews of the user's own, a text, or the values of a row, say more than a picture of them; and attributes
    say more than a picture of a number. What no font can write is left to its picture.

    Parameters
    ----------
    dataset : path of dataset.npz
    targets : Targets
    samples : list of int
    side : float
        Of the square for a sample, in inches.
    style : FigureStyle
    """
    known, wanted = names_in_npz(dataset), list(dict.fromkeys(samples))
    size, room = text_size(style), TILE * side
    if "previews_given" in known and load_npz(dataset, "previews_given")[0]:
        return {}, []
    if "eval_texts" in known:
        (texts,) = load_npz(dataset, "eval_texts")
        written = [fitted_text(" ".join(str(texts[sample]).split()), room, size) for sample in wanted]
    elif "eval_rows" in known:
        rows, names = load_npz(dataset, "eval_rows", "column_names")
        columns = unusual_columns(rows, np.array(wanted), MOST_VALUES)
        written = [
            row_text([(str(names[column]), rows[sample, column]) for column in of], len(names), room, size, style.fonts)
            for sample, of in zip(wanted, columns)
        ]
    elif targets.attributes and "input_names" in known and not len(load_npz(dataset, "input_names")[0]):
        # Nothing is known of the samples themselves: their pictures are their numbers.
        columns = targets.attributes.items()
        written = [
            row_text([(name, column[sample]) for name, column in columns], len(columns), room, size, style.fonts)
            for sample in wanted
        ]
    else:
        return {}, []
    drawable, fonts = drawable_names(written, style.font)
    return {sample: text for sample, text, same in zip(wanted, written, drawable) if text == same}, fonts


def text_size(style: FigureStyle) -> int:
    """The size of the letters of a text in place of an image, in points."""
    return 5 if style.printed else 6


def text_width(text: str, size: float, fonts: Sequence[str] = (BASE_FONT,)) -> float:
    """How wide a text of one line is, in inches."""
    if not text.strip():
        return 0.0
    with shared_look(fonts), warnings.catch_warnings():
        # A letter that the font lacks is looked for in others later.
        warnings.simplefilter("ignore")
        outline = TextPath((0, 0), text, size=size)
    # The extent of the points between which the outlines run. To ask for that of the curves themselves takes ten times
    # as long, and gives the same of letters, whose outlines have points where they end.
    xs = outline.vertices[outline.codes != Path.CLOSEPOLY][:, 0]
    return float(np.ptp(xs)) / 72


def fitted_name(name: str, said: str, room: float, size: float, fonts: Sequence[str] = (BASE_FONT,)) -> str:
    """As much of a column's name as fits into a line with its value.

    Parameters
    ----------
    name, said : str
        The name, and the value as it is written.
    room : float
        Of the line, in inches.
    size : float
        Of the letters, in points.
    fonts : sequence of str
        See `shared_look`.
    """
    whole = " ".join(name.split())
    if text_width(f"{whole}: {said}", size, fonts) <= room:
        return whole
    lengths = range(3, len(name))
    # Each letter more makes the line wider.
    fitting = bisect_right(
        lengths, room, key=lambda length: text_width(f"{shorten(name, length)}: {said}", size, fonts)
    )
    return shorten(name, lengths[fitting - 1]) if fitting else name[:3]


def row_text(
    values: list[tuple[str, object]], count: int, room: float, size: float, fonts: Sequence[str] = (BASE_FONT,)
) -> str:
    """Some values of a row, as many as have room, a line each; the last line says how many more there are.

    Parameters
    ----------
    values : list of (str, float or str)
        Columns and their values, the ones to show first.
    count : int
        How many there are in all.
    room : float
        The side of the square to fill, in inches.
    size : float
        Of the letters, in points.
    fonts : sequence of str
        See `shared_look`.
    """
    most = max(1, int(room * 72 / size / LINE))
    shown = values[:most] if count <= most else values[: most - 1]
    lines = []
    for name, value in shown:
        missing = value == "" or value != value
        said = DASH if missing else number_text(value) if isinstance(value, float) else str(value)
        # Whatever the value needs, some of the name is left.
        said = shorten(said, max(3, int(room * 72 / size / LETTER) - 4))
        lines.append(f"{fitted_name(name, said, room, size, fonts)}: {said}")
    if count > len(shown):
        lines.append(f"+{count - len(shown)} more")
    return "\n".join(lines)


def draw_text(axes: Axes, text: str, style: FigureStyle) -> None:
    """Write a text in place of an image."""
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.add_patch(Rectangle((0, 0), 1, 1, facecolor="#f5f5f5", edgecolor="#d9d9d9", linewidth=0.6))
    axes.text(0.04, 0.96, text, size=text_size(style), va="top", linespacing=1.1, transform=axes.transAxes)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        figure = plot_samples(
            dataset=snakemake.input.dataset,
            predictions=list(snakemake.input.predictions),
            embeddings=Cells(snakemake.input.embeddings, snakemake.params.spans),
            times=snakemake.params.times,
            layer=snakemake.params.layer,
            style=FigureStyle(
                dpi=snakemake.params.dpi,
                width=snakemake.params.width,
                unit=snakemake.params.unit,
                font=snakemake.params.font,
            ),
        )
        save_figure(figure, snakemake.output)
