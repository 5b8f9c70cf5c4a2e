"""Opens a run's results: activations and maps as NumPy arrays, all numbers as Arrow tables.

from activation_reader import load

run = load("results/mnist")
"""

from activation_reader.errors import ReaderError
from activation_reader.run import Run, load

__all__ = ["ReaderError", "Run", "load"]
