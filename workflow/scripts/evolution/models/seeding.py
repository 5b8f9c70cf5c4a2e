"""The global generators of random numbers, from which code of other people draws."""

import random

import numpy as np
import torch


def seed_all(seed: int) -> None:
    """Seed the global generators that a user's model may draw from: torch's, NumPy's and Python's."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def generator_states(device: torch.device) -> dict[str, object]:
    """Where the global generators are in their streams, in a form that a checkpoint may hold.

    Parameters
    ----------
    device : torch.device
        The generator of a GPU is one more.
    """
    version, numbers, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state()
    states = {
        "torch": torch.get_rng_state(),
        "numpy": [str(name), torch.from_numpy(keys.astype(np.int64)), int(position), int(has_gauss), float(cached)],
        "python": [version, list(numbers), gauss],
    }
    return states | ({"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def restore_generators(states: dict[str, object], device: torch.device) -> None:
    """Put the global generators where `generator_states` found them."""
    torch.set_rng_state(states["torch"])
    name, keys, *others = states["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *others))
    version, numbers, gauss = states["python"]
    random.setstate((version, tuple(numbers), gauss))
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)
