"""The global generators of random numbers."""

import random

import numpy as np
import torch

from evolution.models.seeding import seed_all


def drawn():
    return torch.rand(2).tolist(), np.random.rand(2).tolist(), random.random()


def test_the_same_seed_gives_the_same_numbers_of_each_generator():
    state = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
    try:
        seed_all(3)
        first = drawn()
        seed_all(3)
        assert drawn() == first
        seed_all(4)
        assert all(mine != other for mine, other in zip(drawn(), first))
    finally:
        random.setstate(state[0])
        np.random.set_state(state[1])
        torch.random.set_rng_state(state[2])
