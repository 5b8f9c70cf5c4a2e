"""What prepare_data or prepare_own_data found odd and possible in a run's samples, for whoever shows it."""

from pathlib import Path

import numpy as np

from evolution.io.reading import reading


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
    with reading(path), np.load(path, allow_pickle=False) as archive:
        return archive["warnings"].tolist() if "warnings" in archive.files else []
