"""Whether a model's outputs are those of its classifier, the linear layer that runs last."""

from dataclasses import dataclass

import numpy as np

# The largest difference between the outputs and those of the classifier, as a share of the range of the latter: for
# outputs in float32, and in formats with fewer bits of mantissa. They are the workflow's numbers.
TOLERANCE, LOW_PRECISION = 1e-3, 2e-2
# The bits of a float32 that are 0 if the number is one of float16 or bfloat16.
LOW_BITS = np.uint32(0x1FFF)


@dataclass(frozen=True)
class Classifier:
    """The linear layer that runs last.

    Attributes
    ----------
    inputs : float32 array (N, D)
    weight : float32 array (classes, D)
    bias : float32 array (classes,)
    """

    inputs: np.ndarray
    weight: np.ndarray
    bias: np.ndarray


def gives_outputs(classifier: Classifier, outputs: np.ndarray) -> bool:
    """Whether a model's outputs are `inputs @ weight.T + bias`; the workflow decides it in the same way.

    A constant that is added to a sample's outputs does not count, nor a positive factor of all outputs: neither changes
    which class is the largest. So a model may end in a log-softmax, a softmax or a temperature.

    Parameters
    ----------
    classifier : Classifier
    outputs : float32 array (N, classes)
        Where a number is not finite nothing can be said, and the answer is yes.
    """
    if not all(np.isfinite(array).all() for array in (outputs, classifier.inputs, classifier.weight, classifier.bias)):
        return True
    low = not (outputs.astype(np.float32).view(np.uint32) & LOW_BITS).any()
    tolerance = LOW_PRECISION if low else TOLERANCE
    logits = classifier.inputs.astype(np.float64) @ classifier.weight.astype(np.float64).T + classifier.bias
    forms = [outputs.astype(np.float64)]
    if (outputs > 0).all():
        forms.append(np.log(forms[0]))
    logits -= logits.mean(1, keepdims=True)
    for form in forms:
        centred = form - form.mean(1, keepdims=True)
        if not logits.any():
            # A classifier that begins with zeros.
            return not centred.any()
        # The factor by least squares.
        factor = (centred * logits).sum() / (logits**2).sum()
        if factor > 0 and np.abs(centred - factor * logits).max() <= tolerance * factor * np.ptp(logits):
            return True
    if (outputs == 0).any() and (outputs >= 0).all():
        # A softmax so sure that others round to 0, which has no logarithm.
        shares = np.exp(logits - logits.max(1, keepdims=True))
        return bool(np.abs(shares / shares.sum(1, keepdims=True) - outputs).max() <= max(tolerance, 1e-6))
    return False
