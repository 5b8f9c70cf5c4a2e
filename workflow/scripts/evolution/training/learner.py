"""A network that trains, with all that goes from one step to the next."""

from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from evolution.data.kinds import CLASSES
from evolution.errors import UserError, first_line
from evolution.models.build import build_run_model, memory_layout
from evolution.seeds import integer_seed
from evolution.training.augmentation import Augmentation
from evolution.training.average import AveragedWeights
from evolution.training.faults import lone_image_explained
from evolution.training.fused_convolution import training_forward
from evolution.training.optimizers import base_rates, make_optimizer, optimizer_state, set_rates
from evolution.training.recipe import KEY, OwnRecipe, make_recipe
from evolution.training.settings import TrainingSettings
from evolution.training.state import copy_state


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a network is to learn, and in how many steps.

    Attributes
    ----------
    shape : tuple of int
        Of a sample; of an image channels, height and width.
    classes : int or None
        The numbers that the network puts out for each sample; None where there are no labels and the outputs have no
        names.
    labels : array (N, ...)
        Of the training samples, as `evolution.training.evaluation.Samples` has them.
    mean, std : float32 arrays (channels,) or None
        What images are normalised by; None for other samples.
    steps : int or None
        Of the whole training; None where the schedule does not depend on it.
    device : torch.device
    target : str
        One of `evolution.data.kinds.TARGETS`.
    vocabulary : int or None
        How many tokens there are; None where the samples are no tokens.
    """

    shape: tuple[int, ...]
    classes: int | None
    labels: np.ndarray
    mean: np.ndarray | None
    std: np.ndarray | None
    steps: int | None
    device: torch.device
    target: str = CLASSES
    vocabulary: int | None = None


class Learner:
    """A run's network, and its recipe, optimizer, schedule, augmentation and average.

    Parameters
    ----------
    model : Module
        With its initial weights, on the task's device.
    settings : TrainingSettings
    task : Task
    """

    def __init__(self, model: nn.Module, settings: TrainingSettings, task: Task):
        self.model, self.settings, self.task = model, settings, task
        self.recipe = make_recipe(
            settings, model, classes=task.classes, labels=task.labels, device=task.device, target=task.target
        )
        self.optimizer = self._make_optimizer()
        self._base_rates = base_rates(self.optimizer)
        self._augment = (
            Augmentation(settings.augmentation, mean=task.mean, std=task.std, classes=task.classes, target=task.target)
            if settings.augmentation
            else None
        )
        self._average = None if settings.average is None else AveragedWeights(model, settings.average.decay)
        self._forward = model

    def _make_optimizer(self) -> torch.optim.Optimizer:
        settings = self.settings
        parameters = list(self.model.parameters())
        if isinstance(self.recipe, OwnRecipe):
            own = self.recipe.optimizer(self.model, settings.learning_rate, settings.weight_decay)
            if own is not None:
                if settings.optimizer_kwargs:
                    raise UserError(
                        f"{settings.optimizer_kwargs} is not read where {self.recipe.name} makes the optimizer; leave "
                        "one of the two out",
                        "training.optimizer_kwargs",
                    )
                return own
            parameters += self.recipe.parameters(self.model)
        return make_optimizer(
            settings.optimizer,
            settings.optimizer_kwargs,
            parameters,
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )

    @property
    def followed(self) -> nn.Module:
        """The network that snapshots and accuracies are of: the one that trains, or its average."""
        follows_average = self._average is not None and self.settings.average.follow == "average"
        return self._average.model if follows_average else self.model

    def train(self) -> None:
        """Make ready for steps, at the start and after an evaluation."""
        self.model.train()
        # A recipe of the user's is given the network itself, and the faster form of small_cnn is one in float32.
        takes_model = isinstance(self.recipe, OwnRecipe) or self.settings.precision != "float32"
        self._forward = self.model if takes_model else training_forward(self.model)

    def evaluating(self) -> list[str]:
        """The modules of the network that are in evaluation mode, by name: a recipe may put some into it."""
        return [name for name, module in self.model.named_modules() if not module.training]

    def train_but(self, evaluating: Collection[str]) -> None:
        """Make ready for steps, with these modules of the network in evaluation mode."""
        self.train()
        for name, module in self.model.named_modules():
            module.training = name not in evaluating

    def step(self, images: torch.Tensor, labels: torch.Tensor, *, done: int) -> torch.Tensor:
        """One step of the optimizer.

        Parameters
        ----------
        images : tensor (n, ...)
            Of all batches of the step.
        labels : tensor (n, ...)
            Both as `evolution.training.evaluation.Samples` has them.
        done : int
            The steps of the training before this one.

        Returns
        -------
        tensor without dimensions
            The mean loss of the step's images, times their number.
        """
        settings = self.settings
        if settings.schedule.name != "constant" or settings.schedule.warmup:
            set_rates(self.optimizer, self._base_rates, settings.schedule.rate(done, self.task.steps))
        self.optimizer.zero_grad()
        total = self._add_gradients(images, labels, done=done)
        if settings.clip_norm is not None:
            parameters = [each for group in self.optimizer.param_groups for each in group["params"]]
            nn.utils.clip_grad_norm_(parameters, settings.clip_norm)
        self.optimizer.step()
        if isinstance(self.recipe, OwnRecipe):
            self.recipe.after_step(self.model)
        if self._average is not None:
            self._average.update(self.model)
        return total

    def _add_gradients(self, images: torch.Tensor, labels: torch.Tensor, *, done: int) -> torch.Tensor:
        """Add the gradients of a step's batches to the parameters, and return its mean loss times its images."""
        settings = self.settings
        size = settings.batch_size or len(images)
        if self._augment is not None:
            images, labels = self._augmented(images, labels, size, done=done)
        if isinstance(self.recipe, OwnRecipe):
            # It may change them in place, and without shuffling they are the data set's own.
            images, labels = images.clone(), labels.clone()
        batches = list(zip(images.split(size), labels.split(size)))
        weights = [self.recipe.weight(batch_labels) for _, batch_labels in batches]
        total = 0
        for (batch, batch_labels), weight in zip(batches, weights):
            with lone_image_explained(len(batch), settings.batch_size), self._precision():
                loss = self.recipe.loss(self._forward, batch, batch_labels)
            if len(batches) > 1:
                # The mean over all images of the step, as if they had passed together.
                loss = loss * (weight / sum(weights))
            loss.backward()
            total = total + loss.detach()
        return total * len(images)

    def _augmented(
        self, images: torch.Tensor, labels: torch.Tensor, size: int, *, done: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A step's images after augmentation, batch by batch, as MixUp and CutMix mix the images of a batch."""
        parts = [
            self._augment(batch, of_batch, seed=integer_seed(self.settings.seed, "augmentation", done, number))
            for number, (batch, of_batch) in enumerate(zip(images.split(size), labels.split(size)))
        ]
        return tuple(torch.cat(column) if len(parts) > 1 else column[0] for column in zip(*parts))

    def _precision(self) -> object:
        """What computes forward passes in the precision of the config."""
        if self.settings.precision == "float32":
            return nullcontext()
        return torch.autocast(self.task.device.type, dtype=torch.bfloat16)

    def loss_and_gradients(self, images: torch.Tensor, labels: torch.Tensor, *, done: int) -> float:
        """Take the loss and gradients of a step without making it; the gradients stay at the parameters."""
        self.train()
        self.optimizer.zero_grad()
        return (self._add_gradients(images, labels, done=done) / len(images)).item()

    def parameters(self) -> dict[str, nn.Parameter]:
        """All parameters that may have a gradient, by name: the network's and the recipe's."""
        named = dict(self.model.named_parameters())
        others = self.recipe.parameters(self.model) if isinstance(self.recipe, OwnRecipe) else []
        return named | {f"recipe {number}": parameter for number, parameter in enumerate(others)}

    def state(self) -> dict[str, object]:
        """All that goes on to the next step, on the CPU, as a checkpoint holds it.

        Returns
        -------
        dict
            model and optimizer; and as far as there are any, average and recipe.
        """
        state: dict[str, object] = {
            "model": copy_state(self.model.state_dict()),
            "optimizer": optimizer_state(self.optimizer),
        }
        if self._average is not None:
            state["average"] = copy_state(self._average.state())
        if isinstance(self.recipe, OwnRecipe):
            state["recipe"] = copy_state(self.recipe.state())
        return state

    def restore(self, state: dict[str, object]) -> None:
        """Go on from a state.

        Raises
        ------
        UserError
            If a recipe of the user's, or the optimizer that it makes, does not take its own state.
        """
        self.model.load_state_dict(state["model"])
        try:
            self.optimizer.load_state_dict(state["optimizer"])
        except ValueError as error:
            if not isinstance(self.recipe, OwnRecipe):
                raise
            raise UserError(
                f"{self.recipe.name}: its optimizer does not take its own state ({first_line(error)}); optimizer must "
                "make the same groups of parameters each time, and none may be added later",
                KEY,
            ) from error
        if self._average is not None:
            self._average.restore(state["average"])
        if isinstance(self.recipe, OwnRecipe):
            self.recipe.restore(state["recipe"])


def build_learner(
    settings: TrainingSettings, task: Task, *, prepare: Callable[[nn.Module], None] | None = None
) -> Learner:
    """A learner with the network that a run's seed gives.

    Parameters
    ----------
    settings : TrainingSettings
    task : Task
    prepare : function of the model, optional
        Called on the network before anything else sees it, such as to load initial weights.
    """
    model = build_run_model(settings, shape=task.shape, classes=task.classes, vocabulary=task.vocabulary)
    if prepare is not None:
        prepare(model)
    return Learner(model.to(task.device, memory_format=memory_layout(settings.model)), settings, task)
