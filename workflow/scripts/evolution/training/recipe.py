"""What a step of training minimises: the loss that fits the labels, or a recipe of the user's.

A recipe is a class in a file of the user's, `training.recipe` of the config. It is made with the network and the number
of classes or outputs, and with `training.recipe_kwargs`:

    class Recipe(torch.nn.Module):
        def __init__(self, model, classes, **kwargs): ...
        def loss(self, model, images, labels): ...                       # one number to minimise
        def optimizer(self, model, learning_rate, weight_decay): ...     # may be left out
        def after_step(self, model): ...                                 # may be left out

What it keeps from one step to the next must be in its state dict, so that a training that is cut goes on as it was.
Parameters and buffers of a Module are.
"""

import copy
import inspect
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from evolution.data.kinds import CLASSES, LABELS, NONE, NUMBER
from evolution.errors import ModelError, UserError
from evolution.models.build import model_source
from evolution.models.model_file import describe_exception, load_class, load_package_class
from evolution.models.names import own_class, package_class
from evolution.models.outputs import logits_of
from evolution.models.seeding import seed_all
from evolution.seeds import integer_seed
from evolution.training.faults import is_explained
from evolution.training.settings import TrainingSettings

KEY = "training.recipe"

# What a recipe is given as the label of a sample without one.
NO_LABEL = -1


class Supervised:
    """The recipe without one of the user's: the loss that fits the target.

    Parameters
    ----------
    target : str
        `CLASSES`, `NUMBER` or `LABELS` of `evolution.data.kinds`.
    label_smoothing : float
        Of classes, as class_weights.
    class_weights : float32 tensor (classes,), optional
    """

    def __init__(
        self, *, target: str = CLASSES, label_smoothing: float = 0.0, class_weights: torch.Tensor | None = None
    ):
        self.target, self.label_smoothing, self.class_weights = target, label_smoothing, class_weights

    def loss(self, model: object, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The mean over a batch of the loss that fits the target.

        That is of classes the cross entropy: labels are int64 (n,), or shares of the classes, float32 (n, classes). Of
        a number it is the squared error, and labels are float32 (n,), standardised. Of several labels it is the mean
        over the labels of the binary cross entropy of the logits, and labels are float32 (n, K) of 0 and 1.
        """
        if self.target == NUMBER:
            return functional.mse_loss(logits_of(model(images)).reshape(labels.shape), labels)
        if self.target == LABELS:
            return functional.binary_cross_entropy_with_logits(logits_of(model(images)), labels)
        return functional.cross_entropy(
            logits_of(model(images)), labels, weight=self.class_weights, label_smoothing=self.label_smoothing
        )

    def weight(self, labels: torch.Tensor) -> torch.Tensor | int:
        """What the mean over these labels divides by."""
        if self.class_weights is None or labels.ndim > 1:
            return len(labels)
        return self.class_weights[labels].sum()


class LossError(UserError):
    """A recipe of the user's returns something other than a loss."""


class OwnRecipe:
    """A recipe of the user's, whose faults become messages.

    Parameters
    ----------
    recipe : object
        Of the user's class.
    name : str
        `training.recipe` of the config.
    """

    def __init__(self, recipe: object, name: str):
        self.recipe, self.name = recipe, name

    def loss(self, model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """What the user's recipe returns for a batch, a tensor without dimensions.

        Raises
        ------
        UserError
            If the recipe fails, or returns something else.
        """
        loss = self._call("loss", model, images, labels)
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1 or not loss.is_floating_point():
            raise LossError(
                f"{self.name}: loss{self._line('loss')} returned {_described(loss)}; it must return one number, a "
                "floating point tensor without dimensions",
                KEY,
            )
        if not loss.requires_grad:
            raise UserError(
                f"{self.name}: the loss{self._line('loss')} does not depend on any parameter that is trained", KEY
            )
        return loss.reshape(())

    def weight(self, labels: torch.Tensor) -> int:
        """What the mean over these labels divides by."""
        return len(labels)

    def optimizer(self, model: nn.Module, learning_rate: float, weight_decay: float) -> torch.optim.Optimizer | None:
        """The recipe's own optimizer; None where it has none."""
        if not callable(getattr(self.recipe, "optimizer", None)):
            return None
        optimizer = self._call("optimizer", model, learning_rate, weight_decay)
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise UserError(
                f"{self.name}: optimizer{self._line('optimizer')} returned {_described(optimizer)}; it must return a "
                "torch.optim.Optimizer",
                KEY,
            )
        return optimizer

    def after_step(self, model: nn.Module) -> None:
        """Let the recipe do what it does after each step."""
        if callable(getattr(self.recipe, "after_step", None)):
            self._call("after_step", model)

    def parameters(self, model: nn.Module) -> list[nn.Parameter]:
        """The recipe's own parameters, without the network's."""
        if not isinstance(self.recipe, nn.Module):
            return []
        theirs = {id(parameter) for parameter in model.parameters()}
        return [parameter for parameter in self.recipe.parameters() if id(parameter) not in theirs]

    def state(self) -> dict[str, object]:
        """What the recipe keeps between steps, as far as it says: its state dict."""
        if not callable(getattr(self.recipe, "state_dict", None)):
            return {}
        state = self._call("state_dict")
        if not isinstance(state, Mapping):
            raise UserError(
                f"{self.name}: state_dict{self._line('state_dict')} returned {_described(state)}; it must return a "
                "dict",
                KEY,
            )
        return dict(state)

    def restore(self, state: dict[str, object]) -> None:
        """Go on from a state."""
        if state:
            self._call("load_state_dict", state)

    def _call(self, method: str, *arguments: object) -> object:
        try:
            return getattr(self.recipe, method)(*arguments)
        except Exception as error:  # A user's code may raise anything.
            if is_explained(error):
                raise
            raise UserError(
                f"{self.name}: {method} failed: {describe_exception(error, model_source(self.name))}", KEY
            ) from error

    def _line(self, method: str) -> str:
        """Where a method is written, for a message; nothing where that is not known."""
        code = getattr(inspect.unwrap(getattr(self.recipe, method)), "__code__", None)
        return f" ({Path(code.co_filename).name}, line {code.co_firstlineno})" if code else ""


def _described(value: object) -> str:
    """What a method returned, for a message."""
    if not isinstance(value, torch.Tensor):
        return type(value).__name__
    kind = str(value.dtype).removeprefix("torch.")
    return f"a tensor of {kind}, of shape {tuple(value.shape)}"


def make_recipe(
    settings: TrainingSettings,
    model: nn.Module,
    *,
    classes: int | None,
    labels: np.ndarray,
    device: torch.device,
    target: str = CLASSES,
) -> Supervised | OwnRecipe:
    """The recipe of a training.

    Parameters
    ----------
    settings : TrainingSettings
    model : Module
        With its initial weights, on the device.
    classes : int or None
        The numbers that the network puts out for each sample.
    labels : array (N, ...)
        Of the training samples, for balanced class weights.
    device : torch.device
    target : str
        One of `evolution.data.kinds.TARGETS`.

    Raises
    ------
    UserError
        If there is no such class, it cannot be made or has no loss; there is nothing to learn; or class weights are not
        one a class.
    """
    if settings.recipe is None and target != CLASSES:
        if target == NONE:
            raise UserError(
                "the samples have no labels to learn; give a recipe with a loss of its own (docs/your-own-recipe.md), "
                "or data with labels",
                KEY,
            )
        if settings.label_smoothing or settings.class_weights is not None:
            key = "label_smoothing" if settings.label_smoothing else "class_weights"
            raise UserError(
                f"{getattr(settings, key)} is for classes, and the samples have none; leave it out", f"training.{key}"
            )
        return Supervised(target=target)
    if settings.recipe is None:
        weights = class_weights(settings.class_weights, labels, classes)
        return Supervised(
            label_smoothing=settings.label_smoothing,
            class_weights=None if weights is None else torch.from_numpy(weights).to(device),
        )
    own, package = own_class(settings.recipe), package_class(settings.recipe)
    source = model_source(settings.recipe)
    try:
        if own:
            make = load_class(*own, what="recipe", after_model=True)
        else:
            make = load_package_class(*package, what="recipe", after_model=True)
    except ModelError as error:
        raise error.at(KEY) from error
    except Exception as error:  # A user's code may raise anything.
        if is_explained(error):
            raise
        raise UserError(f"{settings.recipe} cannot be imported: {describe_exception(error, source)}", KEY) from error
    # The file may have drawn numbers as it ran.
    seed_all(integer_seed(settings.seed, "recipe"))
    try:
        # A copy, as the recipe may change a list in it.
        recipe = make(model, classes, **copy.deepcopy(settings.recipe_kwargs))
        recipe = recipe.to(device) if isinstance(recipe, nn.Module) else recipe
    except Exception as error:  # A user's code may raise anything.
        if is_explained(error):
            raise
        raise UserError(
            f"{settings.recipe} cannot be made: {describe_exception(error, source)}. It is called with the model, the "
            f"number of classes, and training.recipe_kwargs {settings.recipe_kwargs}",
            KEY,
        ) from error
    if not callable(getattr(recipe, "loss", None)):
        raise UserError(f"{settings.recipe}: {_kind(make)} has no method loss(model, images, labels)", KEY)
    return OwnRecipe(recipe, settings.recipe)


def _kind(make: object) -> str:
    """A class or function of the user's and its line, for a message."""
    name = getattr(make, "__name__", type(make).__name__)
    try:
        line = inspect.getsourcelines(make)[1]
    except (OSError, TypeError):
        return name
    return f"{name} ({Path(inspect.getsourcefile(make)).name}, line {line})"


def class_weights(given: str | list[float] | None, labels: np.ndarray, classes: int) -> np.ndarray | None:
    """The weight of each class in the loss, float32 (classes,); None for equal ones.

    Balanced weights are those of scikit-learn's compute_class_weight: N / (classes * images of the class).

    Raises
    ------
    UserError
        If the list does not have a number for each class, or balanced weights are asked for and a class has no images.
    """
    if given is None:
        return None
    if given == "balanced":
        counts = np.bincount(labels, minlength=classes)
        if not counts.all():
            raise UserError(
                f"balanced needs training samples of each class, and class {int(counts.argmin())} has none",
                "training.class_weights",
            )
        return (len(labels) / (classes * counts)).astype(np.float32)
    if len(given) != classes:
        raise UserError(
            f"{given} has {len(given)} numbers, and there are {classes} classes; give one for each class",
            "training.class_weights",
        )
    return np.array(given, np.float32)
