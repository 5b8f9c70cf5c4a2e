"""When a training ends by itself, before the last epoch of the config."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from evolution.training.settings import Stop


@dataclass
class Progress:
    """How an evaluation accuracy has become better, epoch by epoch.

    Attributes
    ----------
    best : float
        The highest so far; NaN before the first epoch.
    epochs_since : int
        Epochs since then.
    """

    best: float = math.nan
    epochs_since: int = 0

    def note(self, accuracy: float) -> None:
        """Take in the accuracy at the end of an epoch."""
        if accuracy > self.best or math.isnan(self.best):
            self.best, self.epochs_since = accuracy, 0
        else:
            self.epochs_since += 1

    def state(self) -> dict[str, float | int]:
        """What a checkpoint holds of it."""
        return asdict(self)


def reason_to_end(stop: Stop, row: Mapping[str, object], progress: Progress) -> str | None:
    """Why a training ends after an epoch, as a sentence's end; None where it goes on.

    Parameters
    ----------
    stop : Stop
    row : mapping
        Of the history: train_accuracy and eval_accuracy.
    progress : Progress
        With this epoch taken in.
    """
    if stop.train_accuracy is not None and row["train_accuracy"] >= stop.train_accuracy:
        return f"the accuracy on the training images, {row['train_accuracy']:.4f}, has reached {stop.train_accuracy:g}"
    if stop.patience is not None and progress.epochs_since >= stop.patience:
        return (
            f"the accuracy on the evaluation images has not been above {progress.best:.4f} for {stop.patience} "
            f"epoch{'s' if stop.patience > 1 else ''}"
        )
    return None
