"""When a training ends by itself, before the last epoch of the config."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from evolution.training.settings import Stop


@dataclass
class Progress:
    """How the score of the evaluation samples has become better, epoch by epoch.

    Attributes
    ----------
    best : float
        The highest so far; NaN before the first epoch.
    epochs_since : int
        Epochs since then.
    """

    best: float = math.nan
    epochs_since: int = 0

    def note(self, score: float) -> None:
        """Take in the score at the end of an epoch."""
        if score > self.best or math.isnan(self.best):
            self.best, self.epochs_since = score, 0
        else:
            self.epochs_since += 1

    def state(self) -> dict[str, float | int]:
        """What a checkpoint holds of it."""
        return asdict(self)


def reason_to_end(
    stop: Stop, row: Mapping[str, object], progress: Progress, *, score: str | None = "accuracy"
) -> str | None:
    """Why a training ends after an epoch, as a sentence's end; None where it goes on.

    Parameters
    ----------
    stop : Stop
    row : mapping
        Of the history; train_accuracy is read where there is any.
    progress : Progress
        With this epoch taken in.
    score : str or None
        How the score that progress is in is called; None where there is none.
    """
    if stop.train_accuracy is not None and row.get("train_accuracy", -math.inf) >= stop.train_accuracy:
        return f"the accuracy on the training images, {row['train_accuracy']:.4f}, has reached {stop.train_accuracy:g}"
    if stop.patience is not None and progress.epochs_since >= stop.patience:
        return (
            f"the {score} on the evaluation {'images' if score == 'accuracy' else 'samples'} has not been above {progress.best:.4f} for {stop.patience} "
            f"epoch{'s' if stop.patience > 1 else ''}"
        )
    return None
