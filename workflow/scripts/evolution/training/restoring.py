"""Whether the network that a checkpoint holds is the network that was trained.

Snapshots are taken of the network that is built again and given the weights of a checkpoint, and a later span of the
training starts from it. What a model keeps outside its state dict is lost on this way: a counter, a factor that fades
in, a random generator of its own. So the end of each span compares the two networks, while both are there.
"""

import io

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from evolution.errors import ModelError, first_line
from evolution.models.build import seed_all
from evolution.models.repeatability import check_repeatable
from evolution.training.fused_convolution import training_forward

# The images of each part that the networks are compared on.
COMPARED = 32
# Of these, the images that pass alone.
ALONE = 8

# The largest difference of logits and of a loss that passes for equal, as a share of the logits' range and of the loss.
# The two networks compute the same in the same way. They round differently only where a compiler is at work.
TOLERANCE = 1e-4
# The same for gradients, as a share of a parameter's largest one: sums over a batch round more, above all on a GPU.
GRADIENT_TOLERANCE = 1e-2

REMEDY = (
    "Keep such state in a buffer (self.register_buffer), or return it from get_extra_state and take it in "
    "set_extra_state; torch then stores it with the weights. What is only for training, switch off where self.training "
    "is False."
)


def stored_and_read(state: dict[str, object]) -> dict[str, object]:
    """A state dict as a later job reads it from a checkpoint.

    Raises
    ------
    ModelError
        If it holds something that is not read without running code, which get_extra_state may return.
    """
    buffer = io.BytesIO()
    try:
        torch.save(state, buffer)
        buffer.seek(0)
        return torch.load(buffer, map_location="cpu", weights_only=True)
    except Exception as error:  # A pickle that is refused, or an object that cannot be pickled, raises anything.
        extra = ", ".join(name for name, value in state.items() if not isinstance(value, torch.Tensor))
        raise ModelError(
            f"the state of the model cannot be read back from a checkpoint ({first_line(error)}). It holds {extra}; "
            "get_extra_state may return tensors, numbers, text, and lists and dicts of them, since nothing else is "
            "read without running code.",
            "model.name",
        ) from error


def check_evaluation(*, trained: nn.Module, restored: nn.Module, images: torch.Tensor) -> None:
    """Check that two networks evaluate the same images to the same predictions, and repeat themselves.

    Parameters
    ----------
    trained, restored : Module
        The network that was trained, and the one that is built again with its weights.
    images : float32 tensor (n, C, H, W)

    Raises
    ------
    ModelError
        If evaluation is random, an image's output depends on the other images, or the networks differ.
    """
    together, few = _logits(trained, images), images[: min(ALONE, max(len(images) // 2, 1))]
    check_repeatable(
        trained,
        in_company={"": together[: len(few)]},
        alone={"": _logits(trained, few)},
        again={"": _logits(trained, few)},
    )
    found = _logits(restored, images)
    finite = np.isfinite(together) & np.isfinite(found)
    moved = np.abs(np.where(finite, together - found, 0)).max()
    allowed = TOLERANCE * np.ptp(together[finite]) if finite.any() else 0
    if moved > allowed or not np.array_equal(together.argmax(1), found.argmax(1)):
        different = int((together.argmax(1) != found.argmax(1)).sum())
        raise ModelError(
            f"a checkpoint does not hold the whole network: built again with the weights of its state dict it predicts "
            f"another class for {different} of {len(images)} images, and its outputs differ by up to {moved:.3g}. The "
            f"model keeps something outside its state dict that its output depends on. {REMEDY}",
            "model.name",
        )


def check_training_step(
    *, trained: nn.Module, restored: nn.Module, images: torch.Tensor, labels: torch.Tensor, seed: int
) -> None:
    """Check that a step of training, with the same random numbers, has the same loss and gradients in two networks.

    Both networks' gradients and buffers are changed by it, and their parameters are not.

    Parameters
    ----------
    trained, restored : Module
        The network that was trained, and the one that is built again with its weights.
    images : float32 tensor (n, C, H, W)
    labels : int64 tensor (n,)
    seed : int
        For what the networks draw, such as dropout.

    Raises
    ------
    ModelError
        If they differ.
    """
    (loss, gradients), (other_loss, other_gradients) = (
        _gradients(model, images, labels, seed) for model in (trained, restored)
    )
    different = [name for name, gradient in gradients.items() if not _close(gradient, other_gradients[name])]
    if different or abs(loss - other_loss) > TOLERANCE * abs(loss):
        raise ModelError(
            "a training that goes on from a checkpoint would not be the same training: with the same images and random "
            f"numbers, a step of the network that was trained has the loss {loss:.6g}, and of the network built again "
            f"from its checkpoint {other_loss:.6g}. The model keeps something outside its state dict that its training "
            f"depends on, such as a counter of steps or a random generator of its own. {REMEDY} Or set "
            "training.epochs_per_job to null: the training is then never cut.",
            "model.name",
        )


def _logits(model: nn.Module, images: torch.Tensor) -> np.ndarray:
    """What the model puts out in evaluation mode, float32 (n, classes)."""
    model.eval()
    with torch.inference_mode():
        return model(images).float().cpu().numpy()


def _gradients(
    model: nn.Module, images: torch.Tensor, labels: torch.Tensor, seed: int
) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss of one step of training, and the gradient of each parameter that has one."""
    model.train()
    model.zero_grad()
    forward = training_forward(model)
    seed_all(seed)
    loss = functional.cross_entropy(forward(images), labels)
    loss.backward()
    found = {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}
    return loss.item(), found


def _close(one: torch.Tensor, other: torch.Tensor | None) -> bool:
    """Whether two gradients are equal up to `GRADIENT_TOLERANCE`."""
    if other is None:
        return False
    largest = one.abs().max().item() if one.numel() else 0.0
    return bool(((one - other).abs() <= GRADIENT_TOLERANCE * largest).all())
