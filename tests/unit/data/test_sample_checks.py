"""What is odd and possible in drawn rows, signals and texts."""

import numpy as np
import pytest

from evolution.data.sample_checks import DrawnPart, require_samples, sample_warnings
from evolution.errors import DataError

ROWS = np.random.default_rng(0).normal(size=(40, 3))
SIGNALS = np.random.default_rng(1).normal(size=(40, 2, 9))
CLASS = np.arange(20) % 2


def parts(inputs, values=None):
    indices = np.arange(40) * 2
    values = [None, None] if values is None else [values[:20], values[20:]]
    return [
        DrawnPart(inputs[:20], values[0], "rows", indices[:20]),
        DrawnPart(inputs[20:], values[1], "eval_rows", indices[20:]),
    ]


def warnings(inputs, values=None, *, kind="table", target="none"):
    train, evaluation = parts(inputs, values)
    return sample_warnings(
        train, evaluation, kind=kind, target=target, names=("ash", "birch"), columns=("age", "height", "weight")
    )


def test_sound_samples_give_none():
    assert warnings(ROWS, np.tile(CLASS, 2), target="classes") == []
    assert warnings(SIGNALS, kind="signals") == []
    assert warnings(np.arange(240).reshape(40, 6), kind="tokens") == []


def test_constant_columns_and_channels():
    rows = ROWS.copy()
    rows[:20, 1:] = 0.1
    (warning,) = warnings(rows)
    assert warning.startswith("2 of the 3 columns have one value in all training rows (height, weight).")
    signals = SIGNALS.copy()
    signals[:20, 1] = 3
    (warning,) = warnings(signals, kind="signals")
    assert warning.startswith("1 of the 2 channels have one value in all training signals (channel 1).")


def test_flat_signals():
    signals = SIGNALS.copy()
    signals[[22, 30]] = [[[1.0], [2.0]]] * np.ones((2, 2, 9))
    flat = warnings(signals, kind="signals")[0]
    assert flat.startswith("2 of the 40 signals that were drawn have one value everywhere") and "eval_rows[44]" in flat


def test_labels_that_are_constant():
    held = np.tile(CLASS[:, None] > 0, (2, 2))
    held[20:, 1] = True
    (warning,) = warnings(ROWS, held, target="labels")
    assert warning.startswith("1 of the 2 labels hold of all evaluation samples that were drawn, or of none (birch)")


def test_copies():
    rows = ROWS.copy()
    rows[:5] = 0
    rows[1] = -0.0
    (warning,) = warnings(rows)
    assert warning == "The 20 training rows are only 16 different ones; one is there 5 times (as rows[0])."


def test_copies_with_another_label():
    rows = ROWS.copy()
    rows[7] = rows[2]
    values = np.tile(CLASS, 2)
    (warning,) = warnings(rows, values, target="classes")
    assert warning.startswith("2 rows have a copy that has another label (rows[4] and rows[14])")
    (warning,) = warnings(rows, np.eye(2, dtype=bool)[values], target="labels")
    assert "other labels" in warning
    assert warnings(rows, values.astype(float), target="number") == []


def test_rows_of_both_parts():
    rows = ROWS.copy()
    rows[25] = rows[3]
    (warning,) = warnings(rows)
    assert warning.startswith("1 of the 20 evaluation rows are training rows too (as eval_rows[50] and rows[6])")


def test_what_cannot_be_learned_is_refused():
    train, evaluation = parts(ROWS * 0)
    with pytest.raises(DataError, match=r"npz:a: all 40 rows that were drawn are the same.*rows\[0\]"):
        require_samples(train, evaluation, kind="table", target="none", source="npz:a")
    train, evaluation = parts(ROWS, np.r_[np.arange(20.0), np.full(20, 2.5)])
    with pytest.raises(DataError, match=r"the number to predict is 2\.5 for all 20 rows of eval_rows that were drawn"):
        require_samples(train, evaluation, kind="table", target="number", source="npz:a")
