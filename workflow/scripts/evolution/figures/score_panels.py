"""What the figures of losses and scores share: which score a history has, and where the axis of R² begins."""

from collections.abc import Collection

from evolution.data.kinds import SCORES
from evolution.io.reading import damaged

# Of whom a history has scores.
PARTS = ("train", "eval", "class")
# A network that has learned nothing may predict numbers far worse than their mean: its values would hide all others.
LOWEST_R2 = -0.5


def score_in(curves: Collection[tuple[str, str]], path: str, whose: str = "") -> str:
    """What networks are scored by, of `evolution.data.kinds.SCORES`; empty where their samples have no target.

    Parameters
    ----------
    curves : collection of (measure, class name or "")
        That a table of histories has.
    path : path
        Of the table, for the message.
    whose : str
        Of which runs these are, for the message; begins with a space.

    Raises
    ------
    UserError
        If there is a score and not that of the evaluation samples.
    """
    measures = {measure for measure, _ in curves}
    for score in SCORES.values():
        if not measures.isdisjoint(f"{part}_{score}" for part in PARTS):
            if (f"eval_{score}", "") not in curves:
                raise damaged(path, f"no eval_{score}{whose}")
            return score
    return ""
