"""Which score a history has."""

import pytest

from evolution.errors import UserError
from evolution.figures.score_panels import score_in


@pytest.mark.parametrize("score", ["accuracy", "r2", "average_precision"])
def test_the_score_is_that_of_the_evaluation_samples(score):
    loss = ("train_loss", "")
    assert score_in([loss, (f"train_{score}", ""), (f"eval_{score}", "")], "h.parquet") == score
    for other in ((f"train_{score}", ""), (f"class_{score}", "cat"), (f"eval_{score}", "cat")):
        with pytest.raises(UserError, match=rf"h\.parquet.*no eval_{score} of a"):
            score_in([loss, other], "h.parquet", " of a")


def test_samples_without_a_target_have_no_score():
    assert score_in([("train_loss", ""), ("eval_loss", "")], "h.parquet") == ""
