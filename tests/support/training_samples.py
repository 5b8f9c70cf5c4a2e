"""Small dataset.npz of each kind of input and of target, with samples to train on."""

import numpy as np

from evolution.data.kinds import NUMBER, TOKENS
from evolution.data.targets import Targets, target_arrays
from evolution.io.arrays import save_npz
from support.samples import WORDS, inputs_of, values_of

NAMES = ("ash", "birch", "cedar")
# A network that suits each kind.
MODELS = {"table": "mlp", "signals": "signal_cnn", "tokens": "tiny_transformer"}


def write_training(path, *, kind, target, train=48, evaluation=30, names=NAMES):
    """Write a dataset.npz whose first samples are to train on; return its path as a string."""
    random = np.random.default_rng(1)
    count = train + evaluation
    values, names = values_of(target, random, count, names)
    inputs, _ = inputs_of(kind, random, count)
    scale = (0.0, 1.0)
    if target == NUMBER:
        values = values * 7 + 100
        scale = (float(values[:train].mean()), float(values[:train].std()))
    targets = Targets(
        kind=kind,
        target=target,
        values=None if values is None else values[train:],
        names=tuple(names),
        count=evaluation,
        scale=scale,
    )
    save_npz(
        path,
        train_inputs=inputs[:train],
        train_indices=np.arange(train),
        **({} if values is None else {"train_labels": values[:train]}),
        eval_images=np.zeros((evaluation, 1, 16, 16), np.uint8),
        eval_indices=np.arange(train, count),
        input_names=np.array([""]),
        inputs_0=inputs[train:],
        **({"vocabulary": np.array(WORDS)} if kind == TOKENS else {}),
        **target_arrays(targets),
    )
    return str(path)
