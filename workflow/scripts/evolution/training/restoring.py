"""Whether the network and the recipe that a checkpoint holds are those that were trained.

Snapshots are taken of the network that is built again and given the weights of a checkpoint, and a later span of the
training starts from it. What a model keeps outside its state dict is lost by this: a counter, a factor that fades
in, a random generator of its own. So the end of each span compares the two networks, while both are there.
"""

import io
import math

import numpy as np
import torch
from torch import nn

from evolution.data.kinds import CLASSES
from evolution.errors import ModelError, UserError, first_line
from evolution.io.checkpoints import load_tensors
from evolution.models.build import build_run_model, memory_layout
from evolution.models.outputs import logits_of
from evolution.models.repeatability import STATE_REMEDY, check_repeatable, few_of
from evolution.models.seeding import seed_all
from evolution.seeds import integer_seed
from evolution.training.attributes import differing_attributes
from evolution.training.learner import Learner, build_learner
from evolution.training.recipe import KEY, OwnRecipe
from evolution.training.state import copy_state

UNCUT = "Or set training.epochs_per_job and steps_per_job to null: the training is then never cut."

# The images of each part that the networks are compared on.
COMPARED = 32

# The largest difference of logits and of a loss that passes for equal, as a share of the logits' range and of the loss.
# The two networks compute the same in the same way. They round differently only where a compiler is at work.
TOLERANCE = 1e-4
# A smaller loss than this counts as this much: it is a difference of logits, whose rounding does not become smaller.
SMALLEST_LOSS = 1e-3
# The same for gradients, as a share of a parameter's largest one: sums over a batch round more, above all on a GPU. To
# it is added a small share of the largest gradient of all, for parameters whose gradients cancel out.
GRADIENT_TOLERANCE, OF_ALL_GRADIENTS = 1e-2, 1e-5


def check_restorable(
    learner: Learner,
    *,
    state: dict[str, object],
    evaluation_images: torch.Tensor,
    step_images: torch.Tensor,
    step_labels: torch.Tensor,
) -> str | None:
    """Check that what is built again from a checkpoint is what was trained.

    Parameters
    ----------
    learner : Learner
        Its gradients and buffers are changed.
    state : dict
        What a training will go on from, see `evolution.training.learner.Learner.state`.
    evaluation_images, step_images : tensors (n, ...)
        On the training's device. The first are evaluated, the second are a batch of a training step.
    step_labels : tensor (n, ...)

    Returns
    -------
    str or None
        Why no training may go on from the checkpoint, where the two train differently.

    Raises
    ------
    UserError
        If the state cannot be read back, or the networks evaluate differently.
    """
    settings, task = learner.settings, learner.task
    weights = stored_and_read(copy_state(learner.followed.state_dict()), "model", "model.name")
    if "recipe" in state:
        # Before the whole, so that the message names what is the recipe's.
        stored_and_read(state["recipe"], "recipe", KEY)
    state = stored_and_read(state, "training", KEY if settings.recipe else "model.name")
    restored, untaken = build_learner(settings, task), None
    try:
        restored.restore(state)
    except UserError as error:
        # The network has its weights by then.
        untaken = f"{error.problem}. {UNCUT}"
    if learner.followed is learner.model and settings.recipe is None:
        network = restored.model
    else:
        # As a snapshot builds it, which knows nothing of an average, nor of what a recipe changes in the network.
        network = build_run_model(settings, shape=task.shape, classes=task.classes, vocabulary=task.vocabulary)
        network.load_state_dict(weights)
        network = network.to(task.device, memory_format=memory_layout(settings.model))
    try:
        check_evaluation(trained=learner.followed, restored=network, images=evaluation_images, target=task.target)
    except ModelError as error:
        if settings.recipe is None:
            raise
        raise ModelError(
            f"{error.problem} The network is trained with {settings.recipe}, and snapshots are taken without it: a "
            "recipe may not change how the network evaluates, such as by a hook; put that into the model",
            KEY,
        ) from error
    if untaken is not None:
        return untaken
    kept = kept_outside(learner, restored)
    seed = integer_seed(settings.seed, "restoring")
    try:
        fault = training_step_difference(learner, restored, step_images[:COMPARED], step_labels[:COMPARED], seed)
    except Exception:  # A model may need batches of the size that it is trained with, and then raises anything.
        fault = training_step_difference(learner, restored, step_images, step_labels, seed)
    if kept and fault is None:
        kept = kept_after_step(learner, restored, kept)
    return recipe_fault(learner.recipe.name, kept) if kept else fault


def kept_outside(learner: Learner, restored: Learner) -> list[str]:
    """The names of what a recipe of the user's keeps outside its state dict."""
    if not isinstance(learner.recipe, OwnRecipe):
        return []
    networks = {id(module) for each in (learner, restored) for module in each.model.modules()}
    return differing_attributes(learner.recipe.recipe, restored.recipe.recipe, leave_out=networks)


def kept_after_step(learner: Learner, restored: Learner, names: list[str]) -> list[str]:
    """What still differs of a recipe after a step whose loss was the same for both.

    What a batch leaves behind, such as its features or its loss, is then that of the same batch in both, and says
    nothing of how far the training is. Were it used in a step, then that step would show it.

    Parameters
    ----------
    learner, restored : Learner
        Right after `training_step_difference`.
    names : list of str
        What differed before.
    """
    gradients = [[parameter.grad for parameter in each.parameters().values()] for each in (learner, restored)]
    if any(differing_attributes(*pair) for pair in zip(*gradients)):
        # They are close enough to be called equal, and may still depend on it.
        return names
    try:
        for each in (learner, restored):
            each.recipe.after_step(each.model)
    except UserError:
        # Such as one that needs what a step of the optimizer leaves.
        return names
    after = kept_outside(learner, restored)
    return [name for name in names if name in after] or (names if after else [])


def recipe_fault(recipe: str, names: list[str]) -> str:
    """What is said of a recipe that keeps something outside its state dict.

    Parameters
    ----------
    recipe : str
        `training.recipe` of the config.
    names : list of str
    """
    return (
        f"{recipe} keeps {', '.join(names[:4])} from one step to the next, which its state dict does not "
        "hold: a training that goes on from a checkpoint would begin with another value. Keep tensors in buffers "
        "(self.register_buffer), or return such values from get_extra_state and take them in set_extra_state, as "
        f"torch.nn.Module has it. {UNCUT}"
    )


def stored_and_read(state: dict[str, object], what: str, key: str) -> dict[str, object]:
    """A state as a later job reads it from a checkpoint.

    Parameters
    ----------
    state : dict
    what, key : str
        Whose state it is, for the message, and the key of the config that has to change.

    Raises
    ------
    ModelError
        If it holds something that is not read without running code, which get_extra_state may return.
    """
    buffer = io.BytesIO()
    try:
        torch.save(state, buffer)
        buffer.seek(0)
        return load_tensors(buffer)
    except Exception as error:  # A pickle that is refused, or an object that cannot be pickled, raises anything.
        extra = ", ".join(name for name, value in state.items() if not isinstance(value, torch.Tensor))
        raise ModelError(
            f"the state of the {what} cannot be read back from a checkpoint ({first_line(error)}). It holds {extra}; "
            "get_extra_state may return tensors, numbers, text, and lists and dicts of them, since nothing else is "
            "read without running code.",
            key,
        ) from error


def check_evaluation(*, trained: nn.Module, restored: nn.Module, images: torch.Tensor, target: str = CLASSES) -> None:
    """Check that two networks evaluate the same samples to the same predictions, and repeat themselves.

    Parameters
    ----------
    trained, restored : Module
        The network that was trained, and the one that is built again with its weights.
    images : tensor (n, ...)
    target : str
        One of `evolution.data.kinds.TARGETS`.

    Raises
    ------
    ModelError
        If evaluation is random, an image's output depends on the other images, or the networks differ.
    """
    together, few = _logits(trained, images), few_of(len(images))
    check_repeatable(
        trained,
        in_batch={"": together[few]},
        alone={"": _logits(trained, images[few])},
        again={"": _logits(trained, images[few])},
    )
    found = _logits(restored, images)
    finite = np.isfinite(together)
    moved = np.abs(together[finite] - found[finite]).max(initial=0)
    allowed = TOLERANCE * np.ptp(together[finite]) if finite.any() else 0
    same_places = np.array_equal(finite, np.isfinite(found))
    different = int((together.argmax(1) != found.argmax(1)).sum()) if target == CLASSES else 0
    if not (moved <= allowed and same_places and not different):
        of_classes = f"predicts another class for {different} of {len(images)} images, and its outputs "
        raise ModelError(
            f"a checkpoint does not hold the whole network: built again with the weights of its state dict "
            f"{'it ' + of_classes if target == CLASSES else 'its outputs '}differ by up to {moved:.3g}. The "
            f"model keeps something outside its state dict that its output depends on. {STATE_REMEDY}",
            "model.name",
        )


def training_step_difference(
    learner: Learner, restored: Learner, images: torch.Tensor, labels: torch.Tensor, seed: int
) -> str | None:
    """Compare loss and gradients of a step of training, with the same random numbers.

    Gradients and buffers are changed by it, and parameters are not.

    Parameters
    ----------
    learner, restored : Learner
        What was trained, and what is built again from its checkpoint.
    images : tensor (n, ...)
    labels : tensor (n, ...)
    seed : int
        For what is drawn, such as by dropout.

    Returns
    -------
    str or None
        What is different, and the remedy; None where nothing is.
    """
    (loss, gradients), (other_loss, other_gradients) = (
        _gradients(each, images, labels, seed) for each in (learner, restored)
    )
    names = gradients.keys() | other_gradients.keys()
    floor = OF_ALL_GRADIENTS * max(map(_largest, gradients.values()), default=0.0)
    same = all(_close(gradients.get(name), other_gradients.get(name), floor) for name in names)
    # Where a training diverges, both losses may be NaN. It then stops at its next loss, with a message of its own.
    same_loss = (
        abs(loss - other_loss) <= TOLERANCE * max(abs(loss), SMALLEST_LOSS)
        if math.isfinite(loss)
        else not math.isfinite(other_loss)
    )
    if same and same_loss:
        return None
    return (
        "a training that goes on from the checkpoint before would not be the same training: with the same images and "
        f"random numbers, a step of the network that was trained has the loss {loss:.6g}, and of the network built "
        f"again from its checkpoint {other_loss:.6g}"
        + ("" if same else ", and their gradients differ")
        + ". The model keeps something outside its state dict that its training depends on, such as a counter of steps "
        f"or a random generator of its own. {STATE_REMEDY} {UNCUT}"
    )


def _logits(model: nn.Module, images: torch.Tensor) -> np.ndarray:
    """What the model puts out in evaluation mode, float32 (n, outputs)."""
    model.eval()
    with torch.inference_mode():
        return logits_of(model(images)).reshape(len(images), -1).float().cpu().numpy()


def _gradients(
    learner: Learner, images: torch.Tensor, labels: torch.Tensor, seed: int
) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss of one step of training, and the gradient of each parameter that has one."""
    parameters = learner.parameters()
    for parameter in parameters.values():
        parameter.grad = None
    seed_all(seed)
    loss = learner.loss_and_gradients(images, labels, done=0)
    return loss, {name: parameter.grad for name, parameter in parameters.items() if parameter.grad is not None}


def _largest(gradient: torch.Tensor) -> float:
    """The largest absolute value of those that are finite; 0 where none is."""
    finite = gradient[gradient.isfinite()]
    return finite.abs().max().item() if finite.numel() else 0.0


def _close(one: torch.Tensor | None, other: torch.Tensor | None, floor: float) -> bool:
    """Whether a parameter's two gradients are equal up to `GRADIENT_TOLERANCE` and `floor`; None counts as zeros.

    They must be finite in the same places.
    """
    if one is None or other is None:
        present = other if one is None else one
        return bool((present.abs() <= floor).all())
    finite = one.isfinite()
    if not torch.equal(finite, other.isfinite()):
        return False
    return bool(((one - other)[finite].abs() <= GRADIENT_TOLERANCE * _largest(one) + floor).all())
