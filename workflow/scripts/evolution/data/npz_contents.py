"""What an .npz archive holds, for planning: labels and headers are read, and of samples only tokens without words."""

from pathlib import Path

import numpy as np

from evolution.data.contents import Contents, unusable
from evolution.data.kinds import AUTO, CLASSES, IMAGES, TOKENS
from evolution.data.npz_archive import read_values
from evolution.data.npz_layout import Layout, find_layout
from evolution.data.npz_targets import PartTargets, read_targets

# More than any vocabulary in use.
MOST_TOKENS = 2_000_000


def read_contents(path: Path, *, kind: str = AUTO, target: str = AUTO) -> Contents:
    """Kind, target, classes and sizes of an archive.

    Parameters
    ----------
    path : Path
    kind, target : str
        As dataset.kind and dataset.target say.

    Raises
    ------
    DataError
        See `evolution.data.npz_layout.find_layout` and `evolution.data.npz_targets.read_targets`.
    """
    layout = find_layout(path, kind=kind, target=target)
    found = read_targets(layout, target=target)

    def sizes(part: PartTargets, inputs: str) -> tuple[int, ...]:
        if found.target == CLASSES:
            return tuple(np.bincount(part.values, minlength=len(found.names)).tolist())
        return layout.headers[inputs].shape[:1]

    return Contents(
        class_names=found.names,
        train_sizes=sizes(found.train, layout.train.inputs),
        eval_sizes=None if layout.evaluation is None else sizes(found.evaluation, layout.evaluation.inputs),
        kind=layout.kind,
        target=found.target,
        attributes=tuple(found.train.attributes),
        shape=None if layout.kind == IMAGES else layout.sample_shape,
        vocabulary=vocabulary_size(layout) if layout.kind == TOKENS else 0,
    )


def read_shape(path: Path, *, target: str = AUTO) -> tuple[int, int, int]:
    """(channels, height, width) of an archive's images.

    Parameters
    ----------
    path : Path
    target : str
        As dataset.target says.

    Raises
    ------
    DataError
        If the archive cannot be read, or its arrays do not have the shapes and types that they must have.
    """
    return find_layout(path, kind=IMAGES, target=target).sample_shape


def vocabulary_size(layout: Layout) -> int:
    """How many tokens there are, the padding among them: the words of the vocabulary, or up to the largest token.

    Raises
    ------
    DataError
        If the archive is damaged.
    """
    if "vocabulary" in layout.headers:
        return layout.headers["vocabulary"].shape[0] if layout.headers["vocabulary"].shape else 0
    largest = max(values.max() for part in layout.parts for values in read_values(layout.path, part.inputs))
    if not np.isfinite(largest):
        return 0
    if largest >= MOST_TOKENS:
        name = layout.train.inputs
        raise unusable(
            f"{layout.path}: {name} has the token {largest:g}, and a network has weights for each token up to the "
            f"largest, of which there may be {MOST_TOKENS}; number those that there are: "
            f"values, numbers = np.unique({name}, return_inverse=True)"
        )
    return int(largest) + 1
