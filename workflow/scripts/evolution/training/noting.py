"""What is noted of a network while it trains: scores, losses and weights at the times that are asked for."""

import logging
import math
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from evolution.data.kinds import NUMBER, SCORES
from evolution.errors import UserError
from evolution.models.seeding import generator_states, restore_generators
from evolution.training.ending import Progress, reason_to_end
from evolution.training.epoch import Epoch
from evolution.training.evaluation import Samples, evaluate, has_finite_outputs
from evolution.training.learner import Learner
from evolution.training.state import copy_state

log = logging.getLogger("evolution")

TIMING = ("time", "seconds")

# How the log calls the scores of a target.
SAID = {"accuracy": "accuracy", "r2": "R²", "average_precision": "average precision"}


def history_columns(target: str) -> tuple[str, ...]:
    """The columns of a training's history, by the kind of target (`evolution.data.kinds`)."""
    score = SCORES.get(target)
    if score is None:
        return ("time", "train_loss")
    by_class = () if target == NUMBER else (f"class_{score}",)
    return ("time", "train_loss", f"train_{score}", f"eval_{score}", *by_class)


@dataclass(frozen=True, kw_only=True)
class ToNote:
    """What a span's training is to note. Times are in the run's unit.

    Attributes
    ----------
    unit : {"epoch", "step"}
    steps : int
        Of the optimizer in one unit of time.
    kept : set of int
        Times whose weights are kept.
    noted : set of int
        Times with a row in the history: the kept ones, and others.
    first : int
        The first time of the span.
    known : mapping of int to float, or None
        Losses that a training before found at times of this span, which must come out again; None where this is the
        first training.
    """

    unit: str
    steps: int
    kept: Collection[int]
    noted: Collection[int]
    first: int
    known: Mapping[int, float] | None


class SpanNotes:
    """What is noted of a network through a span.

    Parameters
    ----------
    learner : Learner
    train, evaluation : Samples
    to_note : ToNote
    progress : Progress
        Up to the span.
    last_noted : int
        The last noted time before the span; 0 where there is none.

    Attributes
    ----------
    weights : dict of int to state dict
        Of the followed network at the kept times. A training that ends by itself also keeps its last time.
    ended : dict or None
        Where the training has ended by itself: its last time, and the reason as a sentence's end.
    """

    def __init__(
        self,
        learner: Learner,
        train: Samples,
        evaluation: Samples,
        *,
        to_note: ToNote,
        progress: Progress,
        last_noted: int,
    ):
        self._learner, self._train, self._evaluation, self._to_note = learner, train, evaluation, to_note
        self._stop = learner.settings.stop if to_note.known is None else None
        self._target = learner.task.target
        self._score = SCORES.get(self._target)
        self.progress, self.last_noted = progress, last_noted
        self.weights: dict[int, dict[str, object]] = {}
        self.ended: dict[str, object] | None = None
        self._rows: list[dict[str, object]] = []
        self._latest: dict[str, object] | None = None
        self._began = time.perf_counter()

    @property
    def history(self) -> dict[str, list]:
        """The columns of `history_columns`, a row for each noted time."""
        return {name: [row[name] for row in self._rows] for name in history_columns(self._target)}

    @property
    def timing(self) -> dict[str, list]:
        """The columns of `TIMING`: the wall time of training and evaluation since the row before."""
        return {name: [row[name] for row in self._rows] for name in TIMING}

    @property
    def has_diverged(self) -> bool:
        """Whether the training has ended as its loss or outputs are not finite: the last noted time is before that."""
        return self.ended is not None and self.ended["diverged"]

    def note(self, epoch: Epoch | None, step: int) -> bool:
        """Note what is asked for after a step, and say whether the training goes on.

        Parameters
        ----------
        epoch : Epoch or None
            None before the first step.
        step : int
            Of the training.

        Raises
        ------
        UserError
            If the loss is not finite and the training is not to end there, or it is not the known one.
        """
        at, between = divmod(step, self._to_note.steps)
        if between:
            return True
        if at in (self._to_note.known or {}):
            self._check_known(epoch.mean_loss(), at)
        if at not in self._to_note.noted:
            return True
        loss = math.nan if epoch is None else epoch.mean_loss()
        # Within an epoch, the training must not notice, and a model of the user's may draw numbers as it evaluates.
        device, within = self._learner.task.device, epoch is not None and not epoch.is_over
        states, evaluating = (generator_states(device), self._learner.evaluating()) if within else (None, [])
        if epoch is not None and (fault := self._divergence(loss, at)):
            self._end_before(f"at {self._to_note.unit} {at} {fault}")
            return False
        row = {"time": at, "train_loss": loss} | self._scores()
        if within:
            restore_generators(states, device)
            self._learner.train_but(evaluating)
        if at in self._to_note.kept or self._ends_where_diverged:
            self._latest = copy_state(self._learner.followed.state_dict())
        if at in self._to_note.kept:
            self.weights[at] = self._latest
        now = time.perf_counter()
        self._rows.append(row | {"seconds": now - self._began})
        self._began, self.last_noted = now, at
        self._log(self._rows[-1])
        return not self._ends_after(epoch, row)

    @property
    def _ends_where_diverged(self) -> bool:
        return self._stop is not None and self._stop.diverged

    def _divergence(self, loss: float, at: int) -> str | None:
        """What is not finite, where anything is and the training is to end there.

        Raises
        ------
        UserError
            If the loss is not finite and the training is not to end there.
        """
        if not math.isfinite(loss):
            if not self._ends_where_diverged:
                raise UserError(self._diverged(loss, at))
            return f"the loss is {loss}"
        # The loss is of the weights before the last step, and the outputs are of those after it.
        if self._ends_where_diverged and not has_finite_outputs(self._learner.followed, self._evaluation.images):
            return "outputs are not finite"
        return None

    def _end_before(self, fault: str) -> None:
        """End the training at the last noted time, whose weights are kept if they are of this span."""
        self.ended = {"time": self.last_noted, "reason": f"the training diverged: {fault}", "diverged": True}
        if self._latest is not None:
            self.weights[self.last_noted] = self._latest

    def _ends_after(self, epoch: Epoch | None, row: Mapping[str, object]) -> bool:
        """Whether the training ends by itself after an epoch."""
        if self._stop is None or epoch is None or not epoch.is_over:
            return False
        if self._score is not None:
            self.progress.note(float(row[f"eval_{self._score}"]))
        reason = reason_to_end(self._stop, row, self.progress, score=SAID.get(self._score))
        if reason is None:
            return False
        self.ended = {"time": row["time"], "reason": reason, "diverged": False}
        if row["time"] not in self.weights:
            self.weights[row["time"]] = copy_state(self._learner.followed.state_dict())
        return True

    def _scores(self) -> dict[str, object]:
        """The scores of the followed network."""
        return evaluate(
            model=self._learner.followed,
            train=self._train,
            evaluation=self._evaluation,
            classes=self._learner.task.classes,
            target=self._target,
        )

    def _check_known(self, loss: float, at: int) -> None:
        """Refuse a training that is no repetition of the one before.

        Raises
        ------
        UserError
            If the losses differ at all.
        """
        known = self._to_note.known[at]
        if loss != known and not (math.isnan(loss) and math.isnan(known)):
            raise UserError(
                f"The training was repeated to keep more of it, and is another one: at {self._to_note.unit} {at} its "
                f"loss is {loss!r}, and before it was {known!r}. Something in it does not repeat, such as an operation "
                "on a GPU. Delete the run's folders checkpoints and kept, and give the same command again: all "
                "snapshots are then of one training."
            )

    def _log(self, row: Mapping[str, object]) -> None:
        trained = "" if math.isnan(row["train_loss"]) else f"loss {row['train_loss']:.4f}, "
        scores = "".join(
            f"{part} {SAID[self._score]} {row[f'{part}_{self._score}']:.4f}, "
            for part in ("train", "eval")
            if self._score is not None
        )
        log.info(f"{self._to_note.unit.capitalize()} {row['time']}: {trained}{scores}{row['seconds']:.2f} s")

    def _diverged(self, loss: float, at: int) -> str:
        """What is said of a training whose loss is not finite."""
        unit, first, settings = self._to_note.unit, self._to_note.first, self._learner.settings
        if first <= 1:
            # Without steps there is nothing to show.
            kept = ""
        elif unit == "epoch":
            kept = f" Epochs before {first} are kept; to have the figures of those alone, set training.epochs to "
            kept += f"{first - 1}."
        else:
            kept = f" What was trained up to step {first - 1} is kept."
        recipe = "" if settings.recipe is None else f", or look at the loss of {settings.recipe}"
        return (
            f"The training diverged: at {unit} {at} the loss is {loss}, with training.learning_rate "
            f"{settings.learning_rate:g}. Lower the learning rate{recipe}.{kept} Or let the training end before that, "
            "with training.stop: {diverged: true}. To compare other runs without this one, name it under skip."
        )
