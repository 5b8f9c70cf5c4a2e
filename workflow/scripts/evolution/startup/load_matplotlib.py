"""Load what matplotlib draws figures with, in less time: import this module before it."""

from evolution.startup.collection import without_collections

with without_collections():
    import matplotlib.backends.backend_agg
    import matplotlib.figure
    import matplotlib.style  # noqa: F401
