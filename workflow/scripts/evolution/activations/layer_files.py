"""The files of layers that a job writes which takes snapshots.

A module of its own, because a recording's job runs no model.
"""

from collections.abc import Iterable
from pathlib import Path


def layer_outputs(outputs: Iterable[str], classifier: str) -> dict[str, str]:
    """The files of layers among the outputs of a job that takes snapshots, by the layer's name.

    The layers come from the outputs and not from params. Asking for one more then adds a file to the job, and the files
    that it already wrote are not outdated by it.

    Parameters
    ----------
    outputs : iterable of paths
    classifier : path
        The output that is an array of no layer.
    """
    return {Path(path).stem: path for path in outputs if path.endswith(".npy") and path != classifier}
