"""Small dataset.npz of each kind of input and of target, as the jobs that prepare data write them."""

import numpy as np

from evolution.data.kinds import CLASSES, IMAGES, LABELS, NONE, NUMBER, SIGNALS, TABLE, TOKENS
from evolution.data.targets import Targets, target_arrays
from evolution.io.arrays import save_npz

SAMPLES = 60
WORDS = ["<pad>", "the", "a", "cat", "dog", "bird", "sees", "hears", "likes", "big", "small", "red", "blue", "old"]


def values_of(target, random, count=SAMPLES, names=("ash", "birch", "cedar")):
    """The values of a target, and its names."""
    groups = np.arange(count) % len(names)
    if target == CLASSES:
        return groups.astype(np.int64), names
    if target == NUMBER:
        return (groups + random.normal(0, 0.2, count)).astype(np.float64), ()
    if target == LABELS:
        held = random.random((count, len(names))) < 0.4
        held[np.arange(count), groups] = True
        return held, names
    return None, ()


def inputs_of(kind, random, count=SAMPLES):
    """The first input of the model, the arrays that a person sees it by, and the previews' shape."""
    groups = np.arange(count) % 3
    if kind == IMAGES:
        return random.normal(groups[:, None, None, None], 1, (count, 1, 8, 8)).astype(np.float32), {}
    if kind == TABLE:
        rows = random.normal(groups[:, None], 1, (count, 5))
        return rows.astype(np.float32), {"eval_rows": rows, "column_names": np.array(list("abcde"))}
    if kind == SIGNALS:
        time = np.linspace(0, 6, 40)
        return np.sin(time * (1 + groups[:, None]))[:, None].astype(np.float32), {}
    if kind == TOKENS:
        tokens = random.integers(1, len(WORDS), (count, 12))
        tokens[np.arange(12) >= 4 + groups[:, None] * 3] = 0
        texts = [" ".join(WORDS[token] for token in row if token) for row in tokens]
        return tokens.astype(np.int64), {"eval_texts": np.array(texts), "vocabulary": np.array(WORDS)}
    return random.normal(groups[:, None, None, None], 1, (count, 4, 3, 2)).astype(np.float32), {}


def write_samples(
    path, *, kind=IMAGES, target=CLASSES, count=SAMPLES, names=("ash", "birch", "cedar"), attributes=True
):
    """Write a dataset.npz with evaluation samples alone; return its path as a string.

    Samples come in groups by turns, one a name, and differ by group in their inputs and in their target.
    """
    random = np.random.default_rng(0)
    values, names = values_of(target, random, count, names)
    first, seen = inputs_of(kind, random, count)
    columns = {
        "age": np.where(np.arange(count) == 7, np.nan, random.uniform(20, 80, count)),
        "writer": np.array([f"writer {index % 4}" for index in range(count)]),
    }
    targets = Targets(
        kind=kind,
        target=target,
        values=values,
        names=tuple(names),
        count=count,
        name="" if target == NONE else "tree",
        attributes=columns if attributes else {},
    )
    save_npz(
        path,
        eval_images=random.integers(0, 256, (count, 1, 16, 16)).astype(np.uint8),
        eval_indices=np.arange(count) * 2,
        input_names=np.array([""]),
        inputs_0=first,
        **seen,
        **target_arrays(targets),
    )
    return str(path)
