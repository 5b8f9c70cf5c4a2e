"""Named streams of random numbers, all from the config's one seed."""

import zlib

import numpy as np


def _sequence(seed: int, name: str, more: tuple[int, ...]) -> np.random.SeedSequence:
    # As a spawn key and not as more entropy, where [1, 2] and [1, 2, 0] are one seed.
    return np.random.SeedSequence(seed, spawn_key=(zlib.crc32(name.encode()), *more))


def generator(seed: int, name: str, *more: int) -> np.random.Generator:
    """NumPy generator for one purpose, independent of every other purpose's.

    Parameters
    ----------
    seed : int
        The config's seed, 0 or more.
    name : str
        What the numbers are for: "sampling", "shuffling", ...
    *more : int
        Further coordinates of the stream, such as the epoch.
    """
    return np.random.default_rng(_sequence(seed, name, more))


def integer_seed(seed: int, name: str, *more: int) -> int:
    """Seed in [0, 2**31) for a library that draws its own numbers; parameters as in `generator`."""
    return int(_sequence(seed, name, more).generate_state(1)[0] >> 1)
