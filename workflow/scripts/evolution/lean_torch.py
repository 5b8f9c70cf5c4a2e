"""Load torch, in two thirds of the time: import this module before it."""

from evolution.imports import without_collections

with without_collections():
    import torch  # noqa: F401
