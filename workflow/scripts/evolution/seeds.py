"""Named streams of random numbers, all from the seed of a run."""

import zlib

import numpy as np


def generator(seed: int, name: str, *coordinates: int) -> np.random.Generator:
    """NumPy generator for one purpose, independent of every other purpose's.

    Parameters
    ----------
    seed : int
        The run's, 0 or more.
    name : str
        What the numbers are for: "sampling", "shuffling", ...
    *coordinates : int
        Further coordinates of the stream, such as the epoch.

    Returns
    -------
    numpy.random.Generator
        At the stream's start.
    """
    return np.random.default_rng(_sequence(seed, name, coordinates))


def integer_seed(seed: int, name: str, *coordinates: int) -> int:
    """Seed in [0, 2**31) for a library that draws its own numbers; parameters as in `generator`."""
    return int(_sequence(seed, name, coordinates).generate_state(1)[0] >> 1)


def _sequence(seed: int, name: str, coordinates: tuple[int, ...]) -> np.random.SeedSequence:
    # The coordinates are a spawn key and not more entropy: as entropy, [1, 2] and [1, 2, 0] would be one seed.
    return np.random.SeedSequence(seed, spawn_key=(zlib.crc32(name.encode()), *coordinates))
