"""A training's recipe, tried on a few random images before any job runs: a program of its own, which planning starts.

What only torch, torchvision and the user's code know is found out by it: whether an optimizer, an augmentation or a
recipe can be made with its arguments, makes a step, and has a state that a checkpoint can hold.

The program reads a request as YAML from standard input. If it finds no fault, it writes that to the file that the
request names. Otherwise it ends with code 3, and the last line of its output is JSON: a list of faults, each with the
key of the config that it lies at, and the problem.

A trial must not refuse what the training would accept. So these are no faults:

- what a model raises in a step of the ordinary recipe. It was looked at when its layers were found, and it may need
  batches of another size.
- what a recipe of the user's raises on a few images and not on a whole batch, see `_try_recipe`.
- what the machine that plans lacks and another may have: a GPU, memory, a file outside of the folder that Snakemake
  runs in, a network.
"""

from evolution.startup.collection import without_collections

with without_collections():
    import torch

# isort: split

import json
import math
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml
from torch.nn import functional

from evolution.data.kinds import CLASSES, IMAGES, LABELS, NUMBER, TOKENS
from evolution.errors import UserError, first_line
from evolution.io.whole_files import whole_file
from evolution.models.build import model_source
from evolution.models.model_file import describe_exception
from evolution.models.seeding import seed_all
from evolution.planning.programs import FAULT
from evolution.training.augmentation import Augmentation, check_augmentation
from evolution.training.learner import Learner, Task, build_learner
from evolution.training.recipe import KEY, NO_LABEL, LossError, OwnRecipe
from evolution.training.restoring import stored_and_read
from evolution.training.settings import TrainingSettings

# The images of a batch that a recipe of the user's is tried on first, and the steps.
FEW = 8
STEPS = 2

# The pixels of the images of a step that a whole batch is tried with: those of 4000 images of MNIST.
MOST_PIXELS = 4000 * 28 * 28

# They do not depend on the config's, so that a sweep over them is tried once.
SEED, LEARNING_RATE, WEIGHT_DECAY = 0, 1e-3, 1e-4

# Random pixels from 0 to 1 have these.
MEAN, STD = 0.5, 12**-0.5

# What a GPU's absence and a lack of memory read like.
OF_THE_MACHINE = re.compile(r"cuda|nvidia|\bhip\b|\bgpus?\b|can't allocate memory|out of memory", re.IGNORECASE)

# What is raised for a slip in the code, and never for the number of images.
SLIPS = (NameError, AttributeError, TypeError, ImportError, NotImplementedError)


def trial_faults(request: dict) -> list[UserError]:
    """What in a training's settings cannot be used.

    Parameters
    ----------
    request : dict
        shape and classes (the number of outputs), of the samples, and where they are no images with classes, kind,
        target and vocabulary, as in `evolution.data.kinds.DataFacts`; augmentation, model, model_kwargs, batch_size,
        accumulate, optimizer, optimizer_kwargs, recipe and recipe_kwargs, as in
        `evolution.training.settings.TrainingSettings`; weight_decay, whether there is any. Where model and recipe are
        None, the augmentation alone is tried, and nothing else need be there.

    Returns
    -------
    list of UserError
        With the keys of the config.
    """
    found: list[UserError] = []
    parts = ((_try_augmentation, request["augmentation"]), (_try_training, request["model"]))
    for attempt, given in parts:
        if not given:
            continue
        try:
            # Without an augmentation that is wrong, the rest can still be tried.
            attempt(request | ({"augmentation": []} if found else {}))
        except UserError as error:
            found.append(error)
        except Exception:  # A user's model may raise anything, also for what this machine lacks.
            continue
    return [error for error in found if not _is_of_the_machine(error)]


def _try_augmentation(request: dict) -> None:
    target = request.get("target", CLASSES)
    if request.get("kind", IMAGES) != IMAGES:
        Augmentation(request["augmentation"], mean=None, std=None, classes=request["classes"], target=target)
    check_augmentation(
        request["augmentation"], shape=tuple(request["shape"]), classes=request["classes"], target=target
    )


def _try_training(request: dict) -> None:
    """Build a training's network, recipe and optimizer, make steps, and put its state back."""
    settings = TrainingSettings(
        model=request["model"],
        model_kwargs=request["model_kwargs"],
        seed=SEED,
        batch_size=request["batch_size"],
        accumulate=request["accumulate"],
        optimizer=request["optimizer"],
        optimizer_kwargs=request["optimizer_kwargs"],
        learning_rate=LEARNING_RATE,
        weight_decay=WEIGHT_DECAY if request["weight_decay"] else 0.0,
        augmentation=request["augmentation"],
        recipe=request["recipe"],
        recipe_kwargs=request["recipe_kwargs"],
        device="cpu",
        threads=torch.get_num_threads(),
    )
    task = _random_task(request)
    learner = _try_recipe(settings, task) if settings.recipe else _try_optimizer(settings, task)
    if learner is not None:
        _try_restoring(learner)


def _random_task(request: dict) -> Task:
    """A task of random samples; the labels are for as many as a batch needs, see `_build`."""
    shape, kind = tuple(request["shape"]), request.get("kind", IMAGES)
    return Task(
        shape=shape,
        classes=request["classes"],
        labels=np.zeros(0, np.int64),
        mean=np.full(shape[0], MEAN, np.float32) if kind == IMAGES else None,
        std=np.full(shape[0], STD, np.float32) if kind == IMAGES else None,
        steps=None,
        device=torch.device("cpu"),
        target=request.get("target", CLASSES),
        vocabulary=request["vocabulary"] if kind == TOKENS else None,
    )


def _try_optimizer(settings: TrainingSettings, task: Task) -> Learner | None:
    """Make steps of the ordinary recipe; the learner after them, or None where its model cannot make them."""
    learner = _build(settings, task, batch_size=settings.batch_size)
    fault = _fault_of_steps(learner)
    if isinstance(fault, UserError):
        raise fault
    return learner if fault is None else None


def _try_recipe(settings: TrainingSettings, task: Task) -> Learner | None:
    """Make steps of a recipe of the user's; the learner after them, or None where nothing can be said of it.

    A recipe may need more than a few images, such as two of a class or as many as a queue holds. What fails on a few is
    therefore tried on a whole batch, and a fault is one that stays. A batch may be too large for a trial. Then a fault
    must stay on as many images as a trial can hold, and be a slip in the code, see `_is_a_slip`.
    """
    few, whole = min(settings.batch_size, FEW), settings.batch_size
    learner = _build(settings, task, batch_size=few)
    first = _fault_of_steps(learner)
    if first is None or _is_of_the_machine(first):
        return learner if first is None else None
    if whole == few:
        raise first
    pixels = math.prod(task.shape[1:] if task.mean is not None else task.shape) * settings.accumulate
    most = max(few, min(whole, MOST_PIXELS // pixels))
    learner = _build(settings, task, batch_size=most)
    fault = _fault_of_steps(learner)
    if fault is None:
        return learner
    if most == whole or _is_a_slip(first, fault):
        raise fault
    return None


def _is_a_slip(one: Exception, other: Exception) -> bool:
    """Whether two faults of a recipe, on different numbers of images, are one that no number of images mends."""
    if all(isinstance(each, LossError) for each in (one, other)):
        return True
    return isinstance(other.__cause__, SLIPS) and str(one) == str(other)


def _build(settings: TrainingSettings, task: Task, *, batch_size: int) -> Learner:
    """A learner for random samples, in batches of another size."""
    count = max(task.classes or 1, batch_size)
    labels = _labels(torch.arange(count), task).numpy()
    return build_learner(replace(settings, batch_size=batch_size), replace(task, labels=labels))


def _labels(order: torch.Tensor, task: Task) -> torch.Tensor:
    """Labels of the task's target. Each class has as many of the samples as another, where there are enough of them."""
    if task.target == CLASSES:
        return order % task.classes
    if task.target == NUMBER:
        return (order - order.double().mean()).float() / len(order)
    if task.target == LABELS:
        return functional.one_hot(order % task.classes, task.classes).float()
    return torch.full_like(order, NO_LABEL)


def _inputs(count: int, task: Task, draws: torch.Generator) -> torch.Tensor:
    """Random samples as the network gets them."""
    if task.vocabulary is not None:
        # Of the padding none: a sample has at least one token.
        return torch.randint(1, max(2, task.vocabulary), (count, *task.shape), generator=draws)
    return (torch.rand((count, *task.shape), generator=draws) - MEAN) / STD


def _fault_of_steps(learner: Learner) -> Exception | None:
    """Make the steps: None, or what is wrong.

    Returns
    -------
    UserError, Exception or None
        A fault of the optimizer, of the augmentation or of a recipe of the user's is a UserError. Any other exception
        is one of the model in a step of the ordinary recipe.
    """
    settings, task = learner.settings, learner.task
    images = settings.batch_size * settings.accumulate
    draws = torch.Generator().manual_seed(SEED)
    entered, left = [], []
    learner.optimizer.register_step_pre_hook(lambda *_: entered.append(1))
    learner.optimizer.register_step_post_hook(lambda *_: left.append(1))
    seed_all(SEED)
    try:
        for done in range(STEPS):
            inputs = _inputs(images, task, draws)
            labels = _labels(torch.randperm(images, generator=draws), task)
            learner.train()
            learner.step(inputs, labels, done=done)
    except UserError as error:
        return error
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # A user's code may raise anything.
        if len(entered) > len(left):
            return _caused(_fault_of_the_optimizer(learner, error), error)
        if settings.recipe is None:
            return error
        problem = f"the gradients of its loss cannot be computed: {_described(error, settings.recipe)}"
        return _caused(UserError(f"{settings.recipe}: {problem}", KEY), error)
    return None


def _fault_of_the_optimizer(learner: Learner, error: Exception) -> UserError:
    """That a step of the optimizer fails."""
    settings, name = learner.settings, type(learner.optimizer).__name__
    if isinstance(learner.recipe, OwnRecipe) and callable(getattr(learner.recipe.recipe, "optimizer", None)):
        return UserError(f"{settings.recipe}: a step of its {name} failed: {_described(error, settings.recipe)}", KEY)
    values = ", ".join(f"{key}={value!r}" for key, value in settings.optimizer_kwargs.items())
    key = "training.optimizer_kwargs" if values else "training.optimizer"
    return UserError(f"torch.optim.{name}{' with ' * bool(values)}{values} fails in a step: {first_line(error)}", key)


def _try_restoring(learner: Learner) -> None:
    """Put a learner's state, as a later job reads it, into another learner."""
    settings = learner.settings
    who, key = (settings.recipe, KEY) if settings.recipe else (settings.model, "model.name")
    try:
        state = stored_and_read(learner.state(), "training", key)
        build_learner(settings, learner.task).restore(state)
    except UserError:
        raise
    except Exception as error:  # A user's code may raise anything.
        raise UserError(
            f"{who}: the state of the training cannot be put back, as a job does that goes on from a checkpoint: "
            f"{_described(error, who)}",
            key,
        ) from error


def _described(error: Exception, name: str) -> str:
    """An exception's class and text with the line of the user's file."""
    return describe_exception(error, model_source(name))


def _caused(fault: UserError, error: Exception) -> UserError:
    fault.__cause__ = error
    return fault


def _is_of_the_machine(error: Exception) -> bool:
    """Whether something is lacking that the machine that trains may have, see the top of this module."""
    causes = [error]
    while (cause := _cause(causes[-1])) is not None:
        causes.append(cause)
    # A message of this workflow names the user's files, which may be called anything.
    raised = [each for each in causes if not isinstance(each, UserError)]
    return any(
        isinstance(each, MemoryError)
        or bool(OF_THE_MACHINE.search(str(each)))
        or (isinstance(each, OSError) and not _is_in_this_folder(each))
        for each in raised
    )


def _cause(error: BaseException) -> BaseException | None:
    """What an exception was raised from, or while it was handled."""
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _is_in_this_folder(error: OSError) -> bool:
    """Whether a file's fault is one of the folder that Snakemake runs in, which all jobs see."""
    if not isinstance(error.filename, (str, bytes)):
        return False
    return Path.cwd() in Path(os.path.abspath(os.fsdecode(error.filename))).parents


def main() -> None:
    """Answer the request on standard input."""
    request = yaml.safe_load(sys.stdin)
    if faults := trial_faults(request):
        print(f"\n{json.dumps([{'key': error.key, 'problem': error.problem} for error in faults])}")
        sys.exit(FAULT)
    with whole_file(request["answer"]) as temporary:
        temporary.write_text(json.dumps({"faults": []}), encoding="utf-8")


if __name__ == "__main__":
    main()
