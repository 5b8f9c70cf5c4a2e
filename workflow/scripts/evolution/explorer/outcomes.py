"""What is known of the samples' target, and what the network predicts of it, as the explorer's page holds it."""

import numpy as np

from evolution.activations.predictions import are_known
from evolution.data.kinds import CLASSES, LABELS, NONE, NUMBER
from evolution.data.targets import Targets
from evolution.explorer.columns import number_scale
from evolution.explorer.packing import packed
from evolution.explorer.scores import score_over_time

SCORE_TITLES = {CLASSES: "Network accuracy", NUMBER: "Network R²", LABELS: "Network average precision"}

# Bytes of predictions. Of more labels the page has the most common ones alone.
MOST_PREDICTIONS = 2**24


def network_score(targets: Targets, predicted: np.ndarray) -> np.ndarray | None:
    """The score of the network's predictions at each time, float (times,); None where nobody knows it.

    Parameters
    ----------
    targets : Targets
    predicted : array (times, N) or (times, N, K)
        See `predictions.load_predictions`.
    """
    if targets.values is None or not are_known(predicted):
        return None
    return score_over_time(targets.target, targets.values, predicted)


def outcome_data(
    targets: Targets, predicted: np.ndarray, confidence: np.ndarray, subset: np.ndarray
) -> dict[str, object]:
    """What is known of the samples and what the network predicts at each time, for JSON.

    Parameters
    ----------
    targets : Targets
    predicted, confidence : arrays (times, N), of labels (times, N, K)
        See `predictions.load_predictions`.
    subset : int array (n,)
        The samples on the page.

    Returns
    -------
    dict
        `names` of the classes or labels; `labels`, the true values; `predicted` and `confidence`, None where nobody
        knows; of numbers the `scale` of their colours and the `error_scale` of the errors'; of labels `left_out`, how
        many the page has no room for.
    """
    known, sure = are_known(predicted), bool(np.isfinite(confidence).all())
    data = {"names": list(targets.names), "labels": None, "predicted": None, "confidence": None, "left_out": 0}
    if targets.target == NUMBER:
        return data | _number_data(targets.values, predicted if known else None, subset)
    if targets.target == LABELS:
        return data | _label_data(targets, predicted if known else None, len(predicted), subset)
    if targets.target == CLASSES:
        data["labels"] = targets.values[subset].tolist()
    # Without names, which output is the largest says nothing.
    if known and not (targets.target == NONE and not targets.names):
        data["predicted"] = packed(predicted[:, subset].astype(np.int16))
        if sure:
            data["confidence"] = packed(np.rint(100 * confidence[:, subset]).astype(np.uint8))
    return data


def _number_data(values: np.ndarray, predicted: np.ndarray | None, subset: np.ndarray) -> dict[str, object]:
    data = {"labels": packed(values[subset]), "scale": number_scale(values)}
    if predicted is not None:
        data["predicted"] = packed(predicted[:, subset])
        data["error_scale"] = number_scale(np.abs(predicted.astype(float) - values), low=0.0)
    return data


def _label_data(targets: Targets, predicted: np.ndarray | None, times: int, subset: np.ndarray) -> dict[str, object]:
    common = np.argsort(-targets.values.sum(axis=0), kind="stable")
    shown = np.sort(common[: max(1, MOST_PREDICTIONS // (times * len(subset)))])
    data = {
        "names": [targets.names[label] for label in shown],
        "labels": packed(targets.values[subset][:, shown].astype(np.uint8)),
        "left_out": len(targets.names) - len(shown),
    }
    if predicted is not None:
        # In 256 steps, of which number 128 begins where a label is as probable as not.
        steps = np.floor(256 * predicted[:, subset][..., shown].astype(float))
        data["predicted"] = packed(np.clip(steps, 0, 255).astype(np.uint8))
    return data
