"""Models that are not of this workflow: torchvision's classifiers, and a class in a file of the user's."""

import difflib
import importlib.util
import re
import sys
import traceback
from pathlib import Path

from torch import nn

from evolution.files import JobError, reason

# These put out a pair while training where they have auxiliary classifiers, and warn where they are not told how to
# draw their weights.
AUXILIARY = {"googlenet": {"aux_logits": False, "init_weights": True}}
AUXILIARY["inception_v3"] = AUXILIARY["googlenet"]


def torchvision_classifiers() -> list[str]:
    """The names of torchvision's classifiers."""
    from torchvision import models

    return models.list_models(module=models)


def build_torchvision(name: str, kwargs: dict, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """One of torchvision's classifiers with random weights, made to take the images and to tell their classes apart.

    It is called with num_classes; a vision transformer (vit_*) also with the images' size, MaxViT with it as
    input_size, and GoogLeNet and Inception without their auxiliary classifiers. Where the first convolution takes
    another number of channels than the images have, it is replaced by a new one that differs in that alone.

    Raises
    ------
    JobError
        If torchvision has no such classifier, or the images do not divide into a vision transformer's patches.
    """
    from torchvision import models

    known = torchvision_classifiers()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise JobError(f"model.name: torchvision has no classifier {name}; {hint}it has {', '.join(known)}")
    channels, height, width = shape
    sized = {}
    if patch := re.fullmatch(r"vit_[a-z]_(\d+)", name):
        side = int(patch[1])
        if height != width or height % side:
            raise JobError(
                f"model.name: torchvision.{name} cuts square images into patches of {side} x {side} pixels, and "
                f"dataset.name gives {height} x {width}. Set dataset.image_size to a multiple of {side}."
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
    fresh = nn.Conv2d(
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
    setattr(model.get_submodule(parent), last, fresh)


def described(error: Exception, file: Path) -> str:
    """An exception's kind and text, and the last line of a user's file on its way."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == file.resolve()]
    where = f" ({file.name}, line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{where}"


def load_class(file: Path, attribute: str):
    """A class, or a function that returns a model, from a user's file.

    What the file imports from its own folder is found there. The file is run: it is code, and trusted as such.

    Raises
    ------
    JobError
        If there is no such file, or nothing of that name in it.
    """
    if not file.is_file():
        raise JobError(f"model.name: there is no file {file}; paths count from the folder that Snakemake runs in")
    folder = str(file.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    # Python tells compiled code by seconds, in which a file may have changed twice; and the folder is not ours.
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec = importlib.util.spec_from_file_location(f"model_file_{file.stem}", file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    if not hasattr(module, attribute):
        known = [
            name for name, value in vars(module).items() if isinstance(value, type) and issubclass(value, nn.Module)
        ]
        raise JobError(f"model.name: {file} has no {attribute}; its models are {', '.join(known) or 'none'}")
    return getattr(module, attribute)


def load_weights(model: nn.Module, path: str) -> None:
    """Fill a model with a state dict that torch.save wrote.

    Raises
    ------
    JobError
        If the file is none, or its names or shapes are not the model's; the message names the first few.
    """
    import torch

    try:
        weights = torch.load(Path(path).expanduser(), map_location="cpu", weights_only=True)
    except Exception as error:  # Damaged bytes make the reader raise anything.
        raise JobError(
            f"model.weights: {path} cannot be read as a state dict ({reason(error)}). Save one with "
            "torch.save(model.state_dict(), path); a whole model, which is a pickle, is refused."
        ) from error
    if not isinstance(weights, dict) or not all(isinstance(value, torch.Tensor) for value in weights.values()):
        raise JobError(f"model.weights: {path} is not a state dict, which is names with their tensors")
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    faults = [f"{name} is missing" for name in wanted if name not in given]
    faults += [f"{name} is not in the model" for name in given if name not in wanted]
    faults += [
        f"{name} is {given[name]} and the model's {wanted[name]}"
        for name in wanted
        if name in given and given[name] != wanted[name]
    ]
    if faults:
        more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise JobError(
            f"model.weights: {path} does not fit the model: {'; '.join(faults[:3])}{more}. Give the model that it was "
            "saved from (model.name, model.kwargs, as many classes and channels); or copy what fits into the model's "
            "own state dict and save that, as docs/your-own-model.md shows."
        )
    model.load_state_dict(weights)
