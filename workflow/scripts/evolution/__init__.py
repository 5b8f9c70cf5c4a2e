"""The library of the workflow's scripts, a package a subject."""

# The layer that stands for the raw inputs.
RAW_INPUTS = "raw_inputs"
