"""Kinds of input and of target: the words that planning, jobs and figures share. Loads nothing.

A kind of input says what a sample is, and so what its baseline is and how a person sees it. A kind of target says what
is known of a sample, and so what can be measured against and coloured by.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

IMAGES, TOKENS, TABLE, SIGNALS, OTHER = "images", "tokens", "table", "signals", "other"
KINDS = (IMAGES, TOKENS, TABLE, SIGNALS, OTHER)

# A class; one number; several labels, each of which holds or not; or nothing.
CLASSES, NUMBER, LABELS, NONE = "classes", "number", "labels", "none"
TARGETS = (CLASSES, NUMBER, LABELS, NONE)

# The value of `dataset.kind` and `dataset.target` that leaves either to the samples.
AUTO = "auto"

# How figures and pages call the raw inputs of each kind, which all layers are compared with.
BASELINES = {
    IMAGES: "raw pixels",
    TOKENS: "TF-IDF of tokens",
    TABLE: "standardised columns",
    SIGNALS: "raw signal",
    OTHER: "raw inputs",
}

# How messages call samples of each kind; of others nobody knows what they are.
SAID = {IMAGES: "images", TOKENS: "tokens", TABLE: "rows of a table", SIGNALS: "signals"}

# The token that fills texts up to one length, and the input of a model that says where there are tokens.
PADDING, MASK = 0, "attention_mask"

# How many tokens there may be where nobody knows: as many as a usual tokenizer has.
USUAL_VOCABULARY = 30_000

# What a network is scored by, of each kind of target: tables have train_SCORE and eval_SCORE.
SCORES = {CLASSES: "accuracy", NUMBER: "r2", LABELS: "average_precision"}


def output_count(target: str, names: Sequence[str]) -> int | None:
    """How many numbers a network puts out for each sample: one a class or label, or the number itself.

    Parameters
    ----------
    target : str
        One of `TARGETS`.
    names : sequence of str
        See `DataFacts`.

    Returns
    -------
    int or None
        None where nobody says: there are no labels, and the model's outputs have no names.
    """
    return 1 if target == NUMBER else len(names) or None


def shown_names(target: str, names: Sequence[str]) -> tuple[str, ...]:
    """What classes or labels are called in figures and tables.

    Where nobody named the labels, a bare number would read like a count of labels, or a value.

    Parameters
    ----------
    target : str
        One of `TARGETS`.
    names : sequence of str
        See `DataFacts`.
    """
    if target == LABELS and tuple(names) == tuple(map(str, range(len(names)))):
        return tuple(f"label {number}" for number in names)
    return tuple(names)


@dataclass(frozen=True)
class DataFacts:
    """What planning knows of the samples of a run.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    target : str
        One of `TARGETS`.
    names : tuple of str
        Of the classes, or of the labels. Empty for numbers; where there are no labels, the classes of the model's
        outputs, as far as they are named.
    attributes : tuple of str
        The names of the columns that samples have in addition to their target.
    shape : tuple of int or None
        Of one sample, as the model is given it: (channels, height, width) of an image, (columns,) of a row, (channels,
        samples) of a signal, (tokens,) of a text; None where it is not known.
    vocabulary : int
        How many tokens there are, the padding 0 among them; 0 where the samples are no tokens.
    """

    kind: str = IMAGES
    target: str = CLASSES
    names: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    shape: tuple[int, ...] | None = None
    vocabulary: int = 0

    def baseline_bytes(self, samples: int) -> int:
        """The most bytes that the raw inputs of so many samples have as rows of float32; 0 where nobody knows.

        A token has a column where any sample has it.
        """
        values = math.prod(self.shape) if self.shape else 0
        if self.kind == TOKENS:
            values = min(samples * values, self.vocabulary or USUAL_VOCABULARY)
        return 4 * samples * values

    def asked(self) -> dict:
        """What a program that builds a model is told of its samples, in addition to their shape.

        Returns
        -------
        dict
            classes, the number of outputs; of samples that are no images with classes also kind, target and vocabulary.
        """
        asked: dict = {"classes": output_count(self.target, self.names)}
        if (self.kind, self.target) != (IMAGES, CLASSES):
            asked |= {"kind": self.kind, "target": self.target, "vocabulary": self.vocabulary}
        return asked
