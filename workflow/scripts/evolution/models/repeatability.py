"""Whether a network in evaluation mode gives a sample the same output again, whatever other samples pass with it.

A snapshot is only a picture of a network where this holds. It does not hold for dropout that is never switched off, nor
for a batch norm that has no running statistics.
"""

from collections.abc import Mapping

import numpy as np
from torch import nn

from evolution.errors import ModelError

# Images that pass through the model without the others.
ALONE = 8

STATE_REMEDY = (
    "Keep such state in a buffer (self.register_buffer), or return it from get_extra_state and take it in "
    "set_extra_state; torch then stores it with the weights. Switch off what is for training alone where self.training "
    "is False."
)

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)

# The largest difference that rounding explains, as a share of the range of the values: between two batches of different
# sizes, which are computed in different orders (a network may compute in bfloat16, which has 8 bits of mantissa), and
# between two passes of one batch, which differ only where a GPU adds up in any order.
ROUNDING, ROUNDING_AGAIN = 3e-2, 1e-5
# The same as a share of the largest value, for values that are large and close to each other.
OF_LARGEST = 1e-2


def few_of(count: int) -> np.ndarray:
    """Which of the samples pass alone: `ALONE` of them, or half of fewer than twice as many.

    They are taken from all over and in reverse order, so that none has the neighbours that it has among all.
    """
    return np.linspace(0, count - 1, max(1, min(ALONE, count // 2))).astype(int)[::-1].copy()


def equal_but_for_rounding(one: np.ndarray, other: np.ndarray, rounding: float) -> bool:
    """Whether two arrays of one shape differ by no more than rounding, and are finite in the same places.

    Parameters
    ----------
    one, other : float arrays
    rounding : float
        The largest difference, as a share of the range of `other`. To it is added `OF_LARGEST` times as large a share
        of the largest absolute value.
    """
    finite = np.isfinite(one) & np.isfinite(other)
    if not np.array_equal(np.isfinite(one), np.isfinite(other)):
        return False
    if not finite.any():
        return True
    one, other = one[finite].astype(np.float64), other[finite].astype(np.float64)
    tolerance = rounding * (np.ptp(other) + OF_LARGEST * np.abs(other).max())
    return bool(np.abs(one - other).max() <= tolerance)


def check_repeatable(
    model: nn.Module,
    *,
    in_batch: Mapping[str, np.ndarray],
    alone: Mapping[str, np.ndarray],
    again: Mapping[str, np.ndarray],
) -> None:
    """Compare three evaluations of the same samples.

    Parameters
    ----------
    model : Module
    in_batch : mapping of str to array (n, D)
        The output of each layer, or of the model, from a pass of these and other samples together.
    alone, again : mapping of str to array (n, D)
        The same from two passes of these samples alone.

    Raises
    ------
    ModelError
        If the passes differ by more than rounding.
    """
    for name, rows in alone.items():
        if not equal_but_for_rounding(again[name], rows, ROUNDING_AGAIN):
            raise ModelError(
                f"in evaluation mode a second pass over the same samples gives other outputs{_at(name)}, so a snapshot "
                "would hold noise. Switch off dropout and other random draws while self.training is False: "
                "F.dropout(x, p, training=self.training), or nn.Dropout as a module; and let only training change what "
                "the model keeps.",
                "model.name",
            )
    for name, rows in alone.items():
        if not equal_but_for_rounding(in_batch[name], rows, ROUNDING):
            bare = [
                inner
                for inner, module in model.named_modules()
                if isinstance(module, BATCH_NORMS) and module.running_mean is None
            ]
            why = f"{', '.join(bare)} has no running statistics. Build it with track_running_stats=True" if bare else (
                "something in it looks at the whole batch. Let it look at one sample at a time while self.training is "
                "False, as a batch norm with running statistics does"
            )  # fmt: skip
            raise ModelError(
                f"in evaluation mode a sample's output depends on the other samples of its batch{_at(name)}: {why}.",
                "model.name",
            )


def check_determined(*, outputs: np.ndarray, twin_outputs: np.ndarray) -> None:
    """Compare two networks that were built from different random numbers and then given the same weights.

    Parameters
    ----------
    outputs, twin_outputs : float arrays (n, classes)

    Raises
    ------
    ModelError
        If their outputs differ by more than rounding: something else than the weights decides what they compute.
    """
    if not equal_but_for_rounding(twin_outputs, outputs, ROUNDING_AGAIN):
        raise ModelError(
            "the model draws random numbers when it is made, and keeps some where its state dict does not have them: "
            "two models with the weights of this checkpoint give different outputs, so those of its training are not "
            "known. If the training seeded these draws, seed them in the model's constructor too. Later trainings "
            "should keep them with the weights (self.register_buffer).",
            "model.name",
        )


def _at(name: str) -> str:
    """Where the outputs differ, as a message says it; the model itself has no name."""
    return f" (at layer {name})" if name else ""
