"""Signs that what a network puts out are not the logits that the cross entropy and the softmax expect."""

import numpy as np

from evolution.data.kinds import CLASSES, LABELS

# A row of probabilities sums to 1 up to this.
TOLERANCE = 1e-3
# With fewer samples, signs may be chance.
FEWEST_SAMPLES = 10
# A trained model that ends in a sigmoid has outputs from here to 1. Logits that happen to be from 0 to 1 are smaller.
NEAR_ONE = 0.95
# A model that ends in ReLU has at least this share of zeros.
SHARE_OF_ZEROS = 0.05

SIGMOID_OF_LABELS = (
    "The model seems to end in a sigmoid: all its outputs are from 0 to 1. The loss and the predictions take the sigmoid "
    "of them once more, so no probability is below a half. Let forward return what the sigmoid is given."
)


def logit_warnings(outputs: np.ndarray, target: str = CLASSES) -> list[str]:
    """What is surely a slip in a network's outputs, a sentence or two each.

    Parameters
    ----------
    outputs : float32 array (N, classes)
        What the network puts out for N samples in evaluation mode.
    target : str
        One of `evolution.data.kinds.TARGETS`; there is something to say of classes and labels alone.
    """
    if target not in (CLASSES, LABELS):
        return []
    if len(outputs) < FEWEST_SAMPLES or not np.isfinite(outputs).all() or (outputs < 0).any():
        return []
    if (outputs == outputs[0, 0]).all():
        # Such as those of a last layer that begins with zeros.
        return []
    zeros = (outputs == 0).mean()
    sigmoid = NEAR_ONE <= outputs.max() <= 1 and (zeros == 0 or (outputs == 1).any())
    if target == LABELS:
        return [SIGMOID_OF_LABELS] if sigmoid else []
    if np.abs(outputs.sum(1) - 1).max() <= TOLERANCE:
        return [
            "The model ends in a softmax: its outputs are from 0 to 1 and sum to 1 for each sample. The cross entropy "
            "takes the softmax of them once more, so the network learns slowly, and the confidence is that of a "
            "softmax of probabilities. Let forward return the logits."
        ]
    if sigmoid:
        return [
            "The model seems to end in a sigmoid: all its outputs are from 0 to 1. The cross entropy expects logits, "
            "so it cannot become small. Let forward return what the sigmoid is given."
        ]
    if zeros >= SHARE_OF_ZEROS:
        return [
            f"The model seems to end in a ReLU: none of its outputs is negative, and {zeros:.0%} are 0. The cross "
            "entropy expects logits of any sign, and a class whose output is 0 for all samples does not learn. Let "
            "forward return what the ReLU is given."
        ]
    return []
