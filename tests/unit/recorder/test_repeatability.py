"""Networks whose outputs a snapshot cannot show: the same as the workflow refuses."""

import numpy as np
import pytest
from torch import nn

from activation_recorder import RecorderError
from activation_recorder.repeatability import check_repeatable, equal_but_for_rounding, few_of
from evolution.models import repeatability as theirs


@pytest.mark.parametrize("count", [10, 11, 15, 16, 300])
def test_the_few_are_those_of_the_workflow(count):
    assert few_of(count) == theirs.few_of(count).tolist()


ROWS = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)


@pytest.mark.parametrize("change", [0, 1e-7, 1e-4, 1e-2, 1, np.nan])
@pytest.mark.parametrize("rounding", [1e-5, 3e-2])
def test_rounding_is_that_of_the_workflow(change, rounding):
    assert equal_but_for_rounding(ROWS + change * ROWS[::-1], ROWS, rounding) == theirs.equal_but_for_rounding(
        ROWS + change * ROWS[::-1], ROWS, rounding
    )


def test_the_messages():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, track_running_stats=False))
    with pytest.raises(RecorderError, match=r"a second pass .* other outputs \(at layer fc\).* Switch off dropout"):
        check_repeatable(model, in_batch={"fc": ROWS}, alone={"fc": ROWS}, again={"fc": ROWS + 1})
    with pytest.raises(RecorderError, match=r"other samples of its batch: 1 has no running statistics\. Build it"):
        check_repeatable(model, in_batch={"": 2 * ROWS}, alone={"": ROWS}, again={"": ROWS})
    with pytest.raises(RecorderError, match="something in the model looks at the whole batch"):
        check_repeatable(model[0], in_batch={"": 2 * ROWS}, alone={"": ROWS}, again={"": ROWS})
