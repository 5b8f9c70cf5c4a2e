"""The global generators of random numbers."""

import random

import numpy as np
import pytest
import torch

from evolution.models.seeding import generator_states, restore_generators, seed_all


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


CPU = torch.device("cpu")


@pytest.fixture
def streams():
    """The generators, which stand afterwards where they stood before."""
    state = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
    yield
    random.setstate(state[0])
    np.random.set_state(state[1])
    torch.random.set_rng_state(state[2])


def through_a_checkpoint(states, path):
    torch.save(states, path)
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize("draws", [0, 1, 2, 700])
def test_generators_go_on_from_a_checkpoint(tmp_path, streams, draws):
    """NumPy and Python draw normal numbers in pairs, and keep the second: after odd and even counts."""
    seed_all(3)
    for _ in range(draws):
        torch.rand(1), np.random.randn(), random.gauss(0, 1)
    states = generator_states(CPU)

    def following():
        normal = [(torch.randn(1).item(), np.random.randn(), random.gauss(0, 1)) for _ in range(3)]
        return normal, drawn(), torch.randperm(20).tolist(), np.random.permutation(20).tolist()

    expected = following()
    seed_all(99)
    assert following() != expected
    restore_generators(through_a_checkpoint(states, tmp_path / "states.pt"), CPU)
    assert following() == expected


def test_a_state_stays_as_it_was_found(tmp_path, streams):
    seed_all(3)
    states = generator_states(CPU)
    first = drawn()
    for _ in range(2):
        restore_generators(states, CPU)
        assert drawn() == first


def test_reading_the_states_draws_nothing(streams):
    seed_all(3)
    first = drawn()
    seed_all(3)
    generator_states(CPU)
    assert drawn() == first
    assert set(generator_states(CPU)) == {"torch", "numpy", "python"}
