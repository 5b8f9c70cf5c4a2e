"""Activations: how they are taken and stored, and how cells are read."""
