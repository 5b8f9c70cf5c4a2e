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
    *("pickle", "snakemake.iocontainers", "snakemake.logging"),
    *("concurrent.futures", "ctypes", "dataclasses", "io", "json", "logging", "threadpoolctl", "yaml"),
    *("numpy", "numpy.lib.format", "numpy.random"),
    # With its first array pyarrow imports pandas where it is installed.
    *("pyarrow", "pyarrow.parquet", "pandas"),
    "scipy.linalg",
)

# The modules for a kind of job.
LIBRARIES = {
    "torch": (*SHARED, "torch", "torch.nn.functional", "torch.utils.data"),
    "analysis": (
        *SHARED,
        *("scipy.optimize", "scipy.sparse.linalg", "scipy.spatial.distance", "scipy.special"),
        *("sklearn.cluster", "sklearn.decomposition", "sklearn.kernel_ridge", "sklearn.linear_model"),
        *("sklearn.metrics", "sklearn.model_selection", "sklearn.neighbors", "sklearn.preprocessing"),
        "sklearn.random_projection",
        *("openTSNE", "openTSNE.affinity", "openTSNE.initialization", "openTSNE.nearest_neighbors"),
        *("matplotlib.backends.backend_agg", "matplotlib.figure", "matplotlib.font_manager", "matplotlib.style"),
        *("PIL.Image", "PIL.ImageDraw", "PIL.ImageFont"),
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
