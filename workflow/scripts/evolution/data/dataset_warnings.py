"""What the job that made a run's dataset.npz found odd and possible in it, for whoever shows it."""

from pathlib import Path

from evolution.io.arrays import load_npz, names_in_npz


def dataset_warnings(path: str | Path) -> list[str]:
    """The warnings in a dataset.npz.

    Parameters
    ----------
    path : path
        Of dataset.npz.

    Returns
    -------
    list of str
        A plain sentence or two each; empty where nothing is odd, as the file then has no array of warnings.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    return load_npz(path, "warnings")[0].tolist() if "warnings" in names_in_npz(path) else []
