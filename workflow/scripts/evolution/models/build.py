"""Networks built by name, with weights drawn from a seed or read from a file."""

import random
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from evolution.errors import ModelError, UserError, first_line
from evolution.models.model_file import describe_exception, load_class
from evolution.models.names import own_class, torchvision_name
from evolution.models.networks import NETWORKS
from evolution.models.torchvision_models import build_torchvision
from evolution.seeds import integer_seed

# The end of the names under which torch's state dicts hold what modules return from `get_extra_state`.
EXTRA_STATE = "_extra_state"


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """What a run's network is before it is trained.

    Attributes
    ----------
    model : str
        `model.name` of the config, see `build_model`.
    model_kwargs : dict
        `model.kwargs` of the config.
    seed : int
        The run's.
    """

    model: str
    model_kwargs: dict
    seed: int


def build_run_model(
    settings: ModelSettings, *, shape: tuple[int, int, int], classes: int, weights: str | None = None
) -> nn.Module:
    """A run's network as it is before its training; see `build_model`.

    The same settings give the same network, also where it draws numbers in addition to its weights.
    """
    return build_model(
        settings.model,
        kwargs=settings.model_kwargs,
        shape=shape,
        classes=classes,
        seed=integer_seed(settings.seed, "weights"),
        weights=weights,
    )


def build_model(
    name: str, *, kwargs: dict, shape: tuple[int, int, int], classes: int, seed: int, weights: str | None = None
) -> nn.Module:
    """Build a network with initial weights that are drawn from a seed, or read from a file.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`, `torchvision.NAME`, or `path/to/file.py:CLASS`.
    kwargs : dict
        What the model's class is given in addition to the images' shape and the number of classes.
    shape : tuple of int
        Channels, height and width of an image.
    classes : int
    seed : int
        Of the global generators, see `seed_all`.
    weights : path, optional
        A state dict that takes the place of the initial weights.

    Raises
    ------
    ModelError
        If there is no such model, its class does not take `kwargs` or is no module, the images do not suit it, or the
        weights do not.
    """
    own, theirs = own_class(name), torchvision_name(name)
    if own:
        make = partial(load_class(*own), shape, classes)
    elif theirs:
        make = partial(build_torchvision, theirs, shape=shape, classes=classes)
    else:
        make = partial(NETWORKS[name], shape, classes)
    seed_all(seed)
    try:
        model = make(kwargs=kwargs) if theirs else make(**kwargs)
    except UserError:
        raise
    except Exception as error:
        if own:
            raise ModelError(
                f"{name} cannot be made: {describe_exception(error, own[0])}. It is called with the images' shape, "
                f"here {tuple(shape)}, the number of classes, here {classes}, and model.kwargs, here {kwargs}.",
                "model.name",
            ) from error
        if isinstance(error, (TypeError, ValueError)):
            raise ModelError(f"{kwargs} does not fit model {name}: {error}", "model.kwargs") from error
        raise
    if not isinstance(model, nn.Module):
        raise ModelError(f"{name} makes a {type(model).__name__}; it must make a torch.nn.Module", "model.name")
    if weights is not None:
        load_weights(model, weights)
    return model


def seed_all(seed: int) -> None:
    """Seed the global generators that a user's model may draw from: torch's, NumPy's and Python's."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def memory_layout(name: str) -> torch.memory_format:
    """The layout of images and weights in memory in which a model computes fastest.

    Convolutions compute in channels last, and would convert any other layout back and forth. A user's model may call
    `view`, which channels last does not allow.
    """
    return torch.contiguous_format if own_class(name) else torch.channels_last


def load_weights(model: nn.Module, path: str) -> None:
    """Fill a model with a state dict that torch.save wrote.

    Raises
    ------
    ModelError
        If the file holds no state dict, its names or shapes are not the model's, or a weight is not finite; the message
        names the first few.
    """
    try:
        weights = torch.load(Path(path).expanduser(), map_location="cpu", weights_only=True)
    except Exception as error:  # Damaged bytes make the reader raise anything.
        raise ModelError(
            f"{path} cannot be read as a state dict ({first_line(error)}). Save one with "
            "torch.save(model.state_dict(), path); a whole model, which is a pickle, is refused.",
            "model.weights",
        ) from error
    if not isinstance(weights, dict) or not all(
        isinstance(value, torch.Tensor) or str(name).endswith(EXTRA_STATE) for name, value in weights.items()
    ):
        raise ModelError(f"{path} is not a state dict, which is names with their tensors", "model.weights")
    wanted, given = (
        {name: tuple(value.shape) if isinstance(value, torch.Tensor) else None for name, value in state.items()}
        for state in (model.state_dict(), weights)
    )
    faults = [f"{name} is missing" for name in wanted if name not in given]
    faults += [f"{name} is not in the model" for name in given if name not in wanted]
    faults += [
        f"{name} is {given[name]} and the model's {wanted[name]}"
        for name in wanted
        if name in given and given[name] != wanted[name]
    ]
    if faults:
        more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise ModelError(
            f"{path} does not fit the model: {'; '.join(faults[:3])}{more}. Give the model that it was saved from "
            "(model.name, model.kwargs, as many classes and channels); or copy what fits into the model's own state "
            "dict and save that, as docs/your-own-model.md shows.",
            "model.weights",
        )
    # A buffer may hold infinities on purpose, such as a mask of attention.
    trained = dict(model.named_parameters()).keys()
    broken = [
        name
        for name, value in weights.items()
        if isinstance(value, torch.Tensor) and (~value.isfinite() if name in trained else value.isnan()).any()
    ]
    if broken:
        more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
        raise ModelError(
            f"{path} holds values that are not finite (NaN or infinite) in {', '.join(broken[:3])}{more}: the training "
            "that wrote it diverged. Give weights of an earlier epoch, from before that.",
            "model.weights",
        )
    model.load_state_dict(weights)
