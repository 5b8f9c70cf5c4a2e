"""What the measures of neural collapse need of a network's classifier."""

import logging

import numpy as np

from evolution.activations.compaction import compact
from evolution.models.last_layer import Classifier

log = logging.getLogger("evolution")


# The largest difference between the model's outputs and those of its classifier, as a share of the range of the latter:
# for outputs in float32, and in formats with fewer bits of mantissa, such as the 8 of bfloat16.
TOLERANCE, LOW_PRECISION = 1e-3, 2e-2
# The bits of a float32 that are 0 if the number is one of float16 or bfloat16.
LOW_BITS = np.uint32(0x1FFF)


def gives_outputs(classifier: Classifier, outputs: np.ndarray) -> bool:
    """Whether a model's outputs are those of its classifier, `inputs @ weight.T + bias`.

    A constant that is added to a sample's outputs does not count, nor a positive factor of all outputs: neither changes
    which class is the largest. So a model may end in a log-softmax, a softmax or a temperature.

    Parameters
    ----------
    classifier : Classifier
    outputs : float32 array (N, classes)
        What the model puts out.
    """
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


def classifier_rows(classifier: Classifier | None, *, outputs: np.ndarray, classes: int, compacted: bool) -> np.ndarray:
    """The vectors that the classifier is given, and its weights.

    Parameters
    ----------
    classifier : Classifier or None
        None where the model has none.
    outputs : float32 array (samples, classes)
        What the model puts out for the samples. NaN where nobody knows; it is then not compared with the classifier's.
    classes : int
    compacted : bool
        Whether `evolution.activations.compaction.compact` is applied, to vectors and weights together, so that their
        inner products are kept.

    Returns
    -------
    float32 array (samples + classes, D)
        A row for each sample, then a row for each class: its weights. One column of NaN where the model has no
        classifier, or puts out something else than its classifier gives.
    """
    if classifier is None:
        log.info("No linear layer that the model ends in is known: its classifier is NaN")
    elif np.isfinite(outputs).all() and not gives_outputs(classifier, outputs):
        log.info(
            "The model's outputs are not those of the linear layer that runs last, such as a mean of two heads: its "
            "classifier is NaN"
        )
        classifier = None
    if classifier is None:
        return no_classifier_rows(len(outputs), classes)
    rows = np.concatenate([classifier.inputs, classifier.weight])
    return compact(rows) if compacted and np.isfinite(rows).all() else rows


def no_classifier_rows(samples: int, classes: int) -> np.ndarray:
    """What `classifier_rows` returns where there is no classifier: one column of NaN."""
    return np.full((samples + classes, 1), np.nan, np.float32)
