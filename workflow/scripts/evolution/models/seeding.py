"""The global generators of random numbers, from which code of other people draws."""

import random

import numpy as np
import torch


def seed_all(seed: int) -> None:
    """Seed the global generators that a user's model may draw from: torch's, NumPy's and Python's."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
