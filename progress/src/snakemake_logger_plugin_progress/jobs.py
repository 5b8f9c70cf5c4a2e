"""The jobs of a run: how many there are, which run now, and how long the rest may take."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """A job that was started.

    Attributes
    ----------
    rule : str
        The name of its rule.
    text : str
        What it does.
    logs : tuple of str
        The paths of its logs.
    start : float
        Seconds of the clock.
    """

    rule: str
    text: str
    logs: tuple[str, ...]
    start: float


class Jobs:
    """Counts jobs as they start and end.

    Parameters
    ----------
    clock : function
        It returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._first_start: float | None = None
        # Of each rule: how many jobs have not ended well, and the seconds of the jobs that have.
        self._left: Counter[str] = Counter()
        self._seconds: dict[str, list[float]] = {}
        self.running: dict[int, Job] = {}
        self.done = 0
        # The rules of jobs that have failed, by their numbers.
        self._failed: dict[int, str] = {}

    @property
    def total(self) -> int:
        """All jobs of this run."""
        return self.done + self._left.total()

    @property
    def failed(self) -> int:
        """The jobs that have failed, and have not ended well in another attempt."""
        return len(self._failed)

    def plan(self, counts: dict[str, int]) -> None:
        """Take the number of jobs of each rule."""
        self._left = Counter(counts)

    def start(self, number: int, rule: str, text: str, logs: tuple[str, ...] = ()) -> None:
        """Take a job, by its number, that starts now."""
        now = self._clock()
        if self._first_start is None:
            self._first_start = now
        # A checkpoint adds jobs that the plan does not have.
        others = [job.rule for job in self.running.values()]
        others += [failed for other, failed in self._failed.items() if other != number]
        if self._left[rule] <= others.count(rule):
            self._left[rule] += 1
        self.running[number] = Job(rule, text, logs, now)

    def end(self, number: int, *, well: bool) -> tuple[Job, float] | None:
        """Take a job that has ended now.

        Parameters
        ----------
        number : int
            As it was given to `start`.
        well : bool
            Whether it has made its files.

        Returns
        -------
        (Job, float) or None
            The job and the seconds that it took; None for a job that was not started.
        """
        job = self.running.pop(number, None)
        if job is None:
            return None
        seconds = self._clock() - job.start
        if not well:
            self._failed[number] = job.rule
        else:
            self._failed.pop(number, None)
            self.done += 1
            self._left[job.rule] -= 1
            self._seconds.setdefault(job.rule, []).append(seconds)
        return job, seconds

    def seconds_of(self, job: Job) -> float:
        """How long a running job has taken up to now."""
        return self._clock() - job.start

    def seconds_left(self) -> float | None:
        """About how long the rest takes.

        A job takes as long as the mean job of its rule that has ended, or of all rules where none has. As many run at
        a time as did up to now. That some jobs wait for others is not looked at.

        Returns
        -------
        float or None
            None while no job has ended.
        """
        # The bar asks from a thread of its own, and what is counted may change meanwhile: lists of it do not.
        seconds, left, jobs = list(self._seconds.items()), list(self._left.items()), list(self.running.values())
        if not seconds:
            return None
        ended = [each for _, of_rule in seconds for each in of_rule]
        mean = {rule: sum(of_rule) / len(of_rule) for rule, of_rule in seconds}
        mean_of_all = sum(ended) / len(ended)
        running = [(mean.get(job.rule, mean_of_all), self.seconds_of(job)) for job in jobs]
        work = sum(count * mean.get(rule, mean_of_all) for rule, count in left)
        # What runs is a part of what is left, and some of it has been done.
        work -= sum(min(expected, spent) for expected, spent in running)
        busy = sum(ended) + sum(spent for _, spent in running)
        elapsed = self._clock() - self._first_start
        return work * elapsed / busy if busy > 0 else None
