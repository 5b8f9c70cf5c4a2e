"""torchvision's classifiers, made to fit the images."""

import difflib
import re

from torch import nn

from evolution.errors import ModelError

# With auxiliary classifiers these put out a pair while they train, and they warn unless they are told how to draw their
# weights.
AUXILIARY = {"googlenet": {"aux_logits": False, "init_weights": True}}

AUXILIARY["inception_v3"] = AUXILIARY["googlenet"]


def torchvision_classifiers() -> list[str]:
    """The names of torchvision's classifiers."""
    from torchvision import models

    return models.list_models(module=models)


def build_torchvision(name: str, *, kwargs: dict, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """One of torchvision's classifiers with random weights, for images of this shape and so many classes.

    Every classifier is called with num_classes; a vision transformer (vit_*) also with image_size, MaxViT with
    input_size, and GoogLeNet and Inception without their auxiliary classifiers. Where the first convolution takes
    another number of channels than the images have, a new one that differs only in that replaces it.

    Parameters
    ----------
    name : str
        Without "torchvision.".
    kwargs : dict
        Further arguments of the classifier.
    shape : tuple of int
        Channels, height and width of an image.
    classes : int

    Raises
    ------
    ModelError
        If torchvision has no such classifier, or the images do not divide into a vision transformer's patches.
    """
    from torchvision import models

    known = torchvision_classifiers()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ModelError(f"torchvision has no classifier {name}; {hint}it has {', '.join(known)}", "model.name")
    channels, height, width = shape
    sized = {}
    if patch := re.fullmatch(r"vit_[a-z]_(\d+)", name):
        side = int(patch[1])
        if height != width or height % side:
            raise ModelError(
                f"torchvision.{name} cuts square images into patches of {side} x {side} pixels, and dataset.name gives "
                f"{height} x {width}. Set dataset.image_size to a multiple of {side}.",
                "model.name",
            )
        sized = {"image_size": height}
    elif name == "maxvit_t":
        sized = {"input_size": (height, width)}
    model = models.get_model(name, weights=None, num_classes=classes, **sized, **(AUXILIARY.get(name, {}) | kwargs))
    _fit_channels(model, channels)
    return model


def _fit_channels(model: nn.Module, channels: int) -> None:
    """Replace the first convolution by one that takes the images' channels, where it takes another number."""
    name, module = next(
        ((name, module) for name, module in model.named_modules() if isinstance(module, nn.Conv2d)), ("", None)
    )
    if module is None or module.in_channels == channels:
        return
    replacement = nn.Conv2d(
        channels,
        module.out_channels,
        module.kernel_size,
        stride=module.stride,
        padding=module.padding,
        dilation=module.dilation,
        bias=module.bias is not None,
        padding_mode=module.padding_mode,
    )
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, replacement)
