"""Activations on disk: in which form they are kept, and where a cell lies."""
