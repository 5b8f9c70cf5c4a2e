"""Which libraries the worker loads, and for which scripts: see `evolution.startup.worker`.

A library that is missing here is imported by each job that needs it; a library too many takes memory and time once a
run. Submodules are named as jobs import them, because importing a package may load none of them.
"""

import ast
from functools import cache
from pathlib import Path

from evolution.planning.code_files import code_files

SHARED = (
    # The lines that Snakemake puts at the head of each script import these.
    "import pickle, snakemake.iocontainers, snakemake.logging",
    "import concurrent.futures, ctypes, dataclasses, io, json, logging, threadpoolctl, yaml",
    "import numpy, numpy.lib.format, numpy.random",
    # With its first array pyarrow looks for pandas.
    "import pyarrow, pyarrow.parquet; pyarrow.array([0])",
)

# The import statements of a kind of job.
LIBRARIES = {
    "torch": (*SHARED, "import scipy.linalg", "import torch, torch.nn.functional, torch.utils.data"),
    "analysis": (
        *SHARED,
        "import scipy.linalg, scipy.optimize, scipy.sparse.linalg, scipy.spatial.distance, scipy.special",
        "import sklearn.cluster, sklearn.decomposition, sklearn.linear_model, sklearn.metrics, sklearn.model_selection",
        "import sklearn.kernel_ridge, sklearn.neighbors, sklearn.preprocessing, sklearn.random_projection",
        "import openTSNE.affinity, openTSNE.initialization, openTSNE.nearest_neighbors",
        "import matplotlib.backends.backend_agg, matplotlib.figure, matplotlib.font_manager, matplotlib.style",
        "import PIL.Image, PIL.ImageDraw, PIL.ImageFont",
    ),
}


def kinds_of_jobs(scripts: Path) -> dict[str, str]:
    """The key of LIBRARIES for each script.

    Parameters
    ----------
    scripts : Path
        The folder with the scripts.

    Returns
    -------
    dict of str to str
        By the script's name without its ending.
    """
    return {
        script.stem: "torch" if any(map(_imports_torch, code_files(script))) else "analysis"
        for script in sorted(scripts.glob("*.py"))
    }


@cache
def _imports_torch(path: Path) -> bool:
    """Whether a module imports torch when it is imported; what a function imports does not count."""
    for statement in ast.parse(path.read_bytes()).body:
        if isinstance(statement, ast.Import) and any(name.name.split(".")[0] == "torch" for name in statement.names):
            return True
        if isinstance(statement, ast.ImportFrom) and not statement.level and statement.module.split(".")[0] == "torch":
            return True
    return False
