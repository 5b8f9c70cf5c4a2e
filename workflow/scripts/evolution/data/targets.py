"""What the evaluation samples of dataset.npz are measured against and coloured by."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from evolution.data.kinds import CLASSES, IMAGES, LABELS, NONE, NUMBER, shown_names
from evolution.io.arrays import load_npz, names_in_npz
from evolution.io.reading import damaged


@dataclass(frozen=True)
class Targets:
    """The target and the attributes of samples.

    Attributes
    ----------
    kind : str
        What the samples are, one of `evolution.data.kinds.KINDS`.
    target : str
        One of `evolution.data.kinds.TARGETS`.
    values : array or None
        Of classes int64 (N,), of a number float64 (N,), of several labels bool (N, K); None where there are none.
    names : tuple of str (K,)
        Of the classes or of the labels; empty for a number. Where there are no labels, those of the model's outputs.
    count : int
        The samples, N.
    name : str
        What the target is called, such as "diagnosis"; empty where nobody says.
    attributes : dict of str to array (N,)
        Other columns of the samples, by name: float64, NaN where a value is missing; or text, empty where it is.
    scale : tuple of float
        Mean and standard deviation of a number, which a network that was trained here learned to predict in units of:
        number = mean + standard deviation * output.
    """

    kind: str
    target: str
    values: np.ndarray | None
    names: tuple[str, ...]
    count: int
    name: str = ""
    attributes: dict[str, np.ndarray] = field(default_factory=dict)
    scale: tuple[float, float] = (0.0, 1.0)


def load_targets(path: str | Path) -> Targets:
    """The target and the attributes of the evaluation samples.

    Parameters
    ----------
    path : path
        Of dataset.npz.

    Raises
    ------
    UserError
        If the file cannot be read, or is not what it should be.
    """
    known = names_in_npz(path)

    def text(name: str, default: str) -> str:
        return str(load_npz(path, name)[0]) if name in known else default

    kind, target, name = text("kind", IMAGES), text("target", CLASSES), text("target_name", "")
    names, indices = load_npz(path, "class_names", "eval_indices")
    names = shown_names(target, tuple(map(str, names)))
    values = None
    if target != NONE:
        (values,) = load_npz(path, "eval_labels")
        if len(values) != len(indices) or values.dtype.kind != {CLASSES: "i", NUMBER: "f", LABELS: "b"}[target]:
            raise damaged(path, f"eval_labels {values.dtype} {values.shape} for {len(indices)} samples of {target}")
    scale = tuple(map(float, load_npz(path, "target_scale")[0])) if "target_scale" in known else (0.0, 1.0)
    return Targets(
        kind=kind,
        target=target,
        values=values,
        names=names,
        count=len(indices),
        name=name,
        attributes=_attributes(path) if "attribute_names" in known else {},
        scale=scale,
    )


def _attributes(path: str | Path) -> dict[str, np.ndarray]:
    """The columns that samples have in addition to their target."""
    (names,) = load_npz(path, "attribute_names")
    return dict(zip(map(str, names), load_npz(path, *(f"attribute_{number}" for number in range(len(names))))))


def target_arrays(targets: Targets) -> dict[str, np.ndarray]:
    """The arrays of dataset.npz that `load_targets` reads, but eval_indices."""
    arrays = {"kind": np.array(targets.kind), "target": np.array(targets.target)}
    arrays |= {"class_names": np.array(targets.names, str)}
    if targets.values is not None:
        arrays["eval_labels"] = targets.values
    if targets.name:
        arrays["target_name"] = np.array(targets.name)
    if targets.target == NUMBER:
        arrays["target_scale"] = np.array(targets.scale)
    if targets.attributes:
        arrays["attribute_names"] = np.array(list(targets.attributes), str)
        arrays |= {f"attribute_{number}": column for number, column in enumerate(targets.attributes.values())}
    return arrays
