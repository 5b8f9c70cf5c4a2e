"""One pass over the training images, step by step."""

from collections.abc import Mapping

import torch

from evolution.models.seeding import generator_states, restore_generators, seed_all
from evolution.seeds import integer_seed
from evolution.training.evaluation import Samples
from evolution.training.learner import Learner


class Epoch:
    """One pass over the training images, step by step, which may be left and taken up again between two steps.

    Dropout and shuffling draw from streams named by the epoch, and augmentation from one named by the step. A training
    that is cut and goes on therefore draws the same numbers as an uncut one.

    Parameters
    ----------
    number : int
        From 1.
    learner : Learner
    samples : Samples
        The training images.
    began : mapping, optional
        What `state` returned after some steps. By default the epoch is at its start.

    Attributes
    ----------
    done : int
        Steps of this epoch so far.
    """

    def __init__(self, number: int, learner: Learner, samples: Samples, *, began: Mapping[str, object] | None = None):
        self.number, self._learner, self._samples = number, learner, samples
        settings, count = learner.settings, len(samples.images)
        self._device = samples.images.device
        step_size = None if settings.batch_size is None else settings.batch_size * settings.accumulate
        self._order = None
        if settings.batch_size is not None and settings.batch_size < count:
            shuffling = torch.Generator().manual_seed(integer_seed(settings.seed, "shuffling", number))
            self._order = torch.randperm(count, generator=shuffling).to(self._device).split(step_size)
        self.length = 1 if self._order is None else len(self._order)
        if began is None:
            learner.train()
            seed_all(integer_seed(settings.seed, "dropout", number))
            self.done, self._images = 0, 0
            self._loss = torch.zeros((), dtype=torch.float64, device=self._device)
        else:
            learner.train_but(began["evaluating"])
            restore_generators(began["generators"], self._device)
            self.done, self._images = began["done"], began["images"]
            self._loss = torch.tensor(began["loss"], dtype=torch.float64, device=self._device)

    def step(self) -> None:
        """Make the next step."""
        images, labels = self._samples.images, self._samples.labels
        if self._order is not None:
            part = self._order[self.done]
            images, labels = images[part], labels[part]
        self._loss += self._learner.step(images, labels, done=(self.number - 1) * self.length + self.done)
        self._images += len(images)
        self.done += 1

    @property
    def is_over(self) -> bool:
        """Whether all images have passed."""
        return self.done == self.length

    def mean_loss(self) -> float:
        """The mean loss over the epoch's images so far, as each step saw it."""
        return self._loss.item() / self._images

    def state(self) -> dict[str, object]:
        """What is needed to go on after the last step, in a form that a checkpoint may hold."""
        return {
            "done": self.done,
            "images": self._images,
            "loss": self._loss.item(),
            "generators": generator_states(self._device),
            "evaluating": self._learner.evaluating(),
        }
