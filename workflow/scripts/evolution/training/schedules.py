"""How the learning rate changes over the steps of a training: the rates of torch's own schedulers, in closed form.

A closed form needs no state, so a training that is cut and goes on has the rates of an uncut one. Neither torch nor
NumPy is imported, because the planner loads this module.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

NAMES = ("constant", "cosine", "linear", "step", "one_cycle")

# one_cycle, as torch.optim.lr_scheduler.OneCycleLR has them by default: the share of the steps in which the rate rises,
# the learning rate over the first rate, and the first rate over the last.
RISE_SHARE = 0.3
DIV_FACTOR = 25.0
FINAL_DIV_FACTOR = 1e4


@dataclass(frozen=True)
class Schedule:
    """The factor on the learning rate at each step of an optimizer.

    With a warm-up of w steps, the factor rises in equal parts: 1/(w + 1), 2/(w + 1), ... It is 1 at the step after w
    steps, where what `name` says begins. A warm-up that is as long as the training, or longer, is all there is of it.

    Attributes
    ----------
    name : {"constant", "cosine", "linear", "step", "one_cycle"}
        one_cycle has its own way to rise, along a cosine from 1/25 to 1, which it reaches at the last step of the
        warm-up. From there it falls along a cosine to 1/250000 at the last step of the training.
    warmup : float
        Below 1 a share of the training's steps, rounded to whole steps; from 1 a whole number of steps. 0 is no
        warm-up; for one_cycle it is torch's own default, a share of 0.3 that is not rounded.
    at : tuple of float
        Of step: after so many steps of the training, warm-up included, the rate is multiplied by `factor`. Below 1
        they are shares of the training's steps, rounded to whole steps. Those within the warm-up count from its end.
    factor : float
    final : float
        Of cosine and linear: the share of the learning rate that is left at the end.
    """

    name: str
    warmup: float = 0
    at: tuple[float, ...] = ()
    factor: float = 0.1
    final: float = 0.0

    @classmethod
    def of_config(cls, schedule: Mapping[str, object]) -> "Schedule":
        """The schedule that `training.schedule` of the config describes."""
        return cls(**{**schedule, "at": tuple(schedule["at"])})

    def needs_length(self) -> bool:
        """Whether the factor depends on how many steps the whole training has."""
        counts = (self.warmup, *self.at) if self.name == "step" else (self.warmup,)
        return self.name not in ("constant", "step") or any(0 < count < 1 for count in counts)

    def rate(self, done: int, steps: int | None) -> float:
        """The factor on the learning rate of one step of the optimizer.

        Parameters
        ----------
        done : int
            Steps before this one.
        steps : int or None
            Of the whole training. None only where `needs_length` says that it does not count.

        Returns
        -------
        float
            After the end of the training, the one at its end.
        """
        warmup = _whole_steps(self.warmup, steps)
        if self.name == "one_cycle":
            rise = warmup if self.warmup else RISE_SHARE * steps
            return _one_cycle(done, rise, steps)
        if done < warmup:
            return (done + 1) / (warmup + 1)
        if self.name == "constant":
            return 1.0
        if self.name == "step":
            return self.factor ** sum(_whole_steps(count, steps) <= done for count in self.at)
        # A warm-up that fills the training leaves no steps; what is asked then lies beyond the end.
        left = max(steps - warmup, 1)
        past = min(done - warmup, left)
        if self.name == "cosine":
            # In torch's order: near the end, where 1 + cos is next to nothing, another order has another rounding.
            return self.final + (1 - self.final) * (1 + math.cos(math.pi * past / left)) / 2
        if self.name == "linear":
            return (left - past + self.final * past) / left
        raise ValueError(f"no schedule {self.name}; there are {', '.join(NAMES)}")


def _whole_steps(count: float, steps: int | None) -> int:
    """A number of steps, given as such or as a share of all steps."""
    return round(count * steps) if 0 < count < 1 else int(count)


def _one_cycle(done: int, rise: float, steps: int) -> float:
    """OneCycleLR's factor, whose rise ends at step `rise - 1`."""
    first, last = 1 / DIV_FACTOR, 1 / DIV_FACTOR / FINAL_DIV_FACTOR
    peak = rise - 1
    if done < peak:
        return _along_cosine(first, 1.0, done / peak)
    if done == peak:
        # So a rise of one step, where torch divides by zero, is at its peak.
        return 1.0
    return _along_cosine(1.0, last, min((done - peak) / (steps - 1 - peak), 1.0)) if peak < steps - 1 else last


def _along_cosine(start: float, end: float, past: float) -> float:
    """The value on half a cosine from `start` to `end`, of which a share `past` is over."""
    return end + (start - end) * (1 + math.cos(math.pi * past)) / 2
