"""Whether a network in evaluation mode gives a sample the same output again, whatever other samples pass with it.

A snapshot is only a picture of a network where this holds. The workflow decides it in the same way.
"""

from collections.abc import Mapping

import numpy as np
from torch import nn

from activation_recorder.errors import RecorderError

# Samples that pass through the model without the others.
ALONE = 8

# The largest difference that rounding explains, as a share of the range of the values: between two batches of different
# sizes, and between two passes of one batch.
ROUNDING, ROUNDING_AGAIN = 3e-2, 1e-5
# The same as a share of the largest value, for values that are large and close to each other.
OF_LARGEST = 1e-2


def few_of(count: int) -> list[int]:
    """Which of the samples pass alone: taken from all over and in reverse order, so that none has its neighbours."""
    return np.linspace(0, count - 1, max(1, min(ALONE, count // 2))).astype(int)[::-1].tolist()


def equal_but_for_rounding(one: np.ndarray, other: np.ndarray, rounding: float) -> bool:
    """Whether two arrays of one shape differ by no more than rounding, and are finite in the same places."""
    finite = np.isfinite(one) & np.isfinite(other)
    if not np.array_equal(np.isfinite(one), np.isfinite(other)):
        return False
    if not finite.any():
        return True
    one, other = one[finite].astype(np.float64), other[finite].astype(np.float64)
    tolerance = rounding * (np.ptp(other) + OF_LARGEST * np.abs(other).max())
    return bool(np.abs(one - other).max() <= tolerance)


def check_repeatable(
    network: nn.Module,
    *,
    in_batch: Mapping[str, np.ndarray],
    alone: Mapping[str, np.ndarray],
    again: Mapping[str, np.ndarray],
) -> None:
    """Compare three evaluations of the same samples.

    Parameters
    ----------
    network : Module
    in_batch : mapping of str to array (n, D)
        The rows of each layer, or of the network (""), from a pass of these and other samples together.
    alone, again : mapping of str to array (n, D)
        The same from two passes of these samples alone.

    Raises
    ------
    RecorderError
        If the passes differ by more than rounding.
    """
    for name, rows in alone.items():
        if not equal_but_for_rounding(again[name], rows, ROUNDING_AGAIN):
            raise RecorderError(
                f"in evaluation mode a second pass over the same samples gives other outputs{_at(name)}, so a snapshot "
                "would hold noise. Switch off dropout and other random draws while self.training is False: "
                "F.dropout(x, p, training=self.training), or nn.Dropout as a module. Let only training change the "
                "state of the model."
            )
    for name, rows in alone.items():
        if not equal_but_for_rounding(in_batch[name], rows, ROUNDING):
            bare = [
                inner
                for inner, module in network.named_modules()
                if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is None
            ]
            why = (
                f"{', '.join(bare)} has no running statistics. Build it with track_running_stats=True"
                if bare
                else "something in the model looks at the whole batch. Let it look at one sample at a time while "
                "self.training is False, as a batch norm with running statistics does"
            )
            raise RecorderError(
                f"in evaluation mode a sample's output depends on the other samples of its batch{_at(name)}: {why}."
            )


def _at(name: str) -> str:
    """Where the outputs differ, as a message says it; the model itself has no name."""
    return f" (at layer {name})" if name else ""
