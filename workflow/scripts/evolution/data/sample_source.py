"""A data set that holds no images: rows of a table, signals or tokens, to draw samples from."""

from dataclasses import dataclass, field, replace

import numpy as np

from evolution.data.kinds import NONE


@dataclass(frozen=True)
class SamplePart:
    """Samples in the source's own order.

    Attributes
    ----------
    inputs : array (N, ...)
        Rows of a table float64 (N, D), signals float64 (N, C, T), or tokens int64 (N, T), with 0 as padding at the end.
        As they are in the source, not standardised.
    values : array or None
        The targets, as `evolution.data.targets.Targets` has them.
    attributes : dict of str to array (N,)
        Other columns of the samples: float64, NaN where a value is missing; or text, empty where it is.
    texts : str array (N,) or None
        What a person reads, where the samples are texts.
    previews : array (N, ...) or None
        What a person looks at, each as `evolution.data.previews.thumbnail` takes it; None where it is drawn.
    """

    inputs: np.ndarray
    values: np.ndarray | None
    attributes: dict[str, np.ndarray] = field(default_factory=dict)
    texts: np.ndarray | None = None
    previews: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True)
class SampleSource:
    """A data set of one kind of input and one kind of target.

    Attributes
    ----------
    kind, target : str
        See `evolution.data.kinds`.
    names : tuple of str
        Of the classes or labels; empty for a number.
    train : SamplePart
    test : SamplePart or None
        None where the data set has one part only.
    target_name : str
        What the target is called, such as "disease progression"; empty where nobody says.
    columns : tuple of str (D,)
        Of a table.
    vocabulary : tuple of str (V,)
        Of tokens, the padding first; empty where their words are not known.
    vocabulary_size : int
        How many tokens there are, where their words are not known; 0 where they are, or where samples are no tokens.
    warnings : tuple of str
        What is odd and possible in it, a sentence or two each.
    arrays : tuple of str
        What the samples of both parts are called, for messages.
    """

    kind: str
    target: str
    names: tuple[str, ...]
    train: SamplePart
    test: SamplePart | None = None
    target_name: str = ""
    columns: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    vocabulary_size: int = 0
    warnings: tuple[str, ...] = ()
    arrays: tuple[str, str] = ("training samples", "evaluation samples")

    def unlabelled(self) -> "SampleSource":
        """The same samples without their targets."""
        parts = [None if part is None else replace(part, values=None) for part in (self.train, self.test)]
        return replace(self, target=NONE, names=(), target_name="", train=parts[0], test=parts[1])
