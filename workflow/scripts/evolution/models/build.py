"""Networks built by name, with weights drawn from a seed."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from evolution.errors import ModelError, UserError
from evolution.models.import_paths import find_module
from evolution.models.model_file import describe_exception, load_class, load_package_class
from evolution.models.names import (
    TRANSFORMERS,
    is_theirs,
    outputs_argument,
    outputs_unknown,
    own_class,
    package_class,
    torchvision_name,
)
from evolution.models.networks import NETWORKS
from evolution.models.seeding import seed_all
from evolution.models.signature import bound_arguments, shown_arguments
from evolution.models.torchvision_models import build_torchvision
from evolution.models.transformers_models import build_transformers
from evolution.seeds import integer_seed

# The network whose weights depend on how many tokens there are.
TINY_TRANSFORMER = "tiny_transformer"


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
    settings: ModelSettings,
    *,
    shape: tuple[int, ...],
    classes: int | None,
    vocabulary: int | None = None,
    draw: int = 0,
) -> nn.Module:
    """A run's network with the weights that its seed gives; see `build_model`. Another draw has other weights.

    The same settings give the same network, also where it draws numbers in addition to its weights.
    """
    return build_model(
        settings.model,
        kwargs=settings.model_kwargs,
        shape=shape,
        classes=classes,
        vocabulary=vocabulary,
        seed=integer_seed(settings.seed, "weights", *([draw] if draw else [])),
    )


def build_model(
    name: str,
    *,
    kwargs: dict,
    shape: tuple[int, ...],
    classes: int | None,
    vocabulary: int | None = None,
    seed: int,
) -> nn.Module:
    """Build a network with initial weights that are drawn from a seed.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`, `torchvision.NAME`, `transformers`, `path/to/file.py:CLASS` or `package.module:CLASS`.
    kwargs : dict
        What the model's class is given in addition to the samples' shape and the number of outputs. A class of the
        user's is given these only where its signature names them, see `evolution.models.signature`. Where `classes` is
        None, a model of this workflow or of torchvision takes the number of outputs from here, see `outputs_argument`.
    shape : tuple of int
        Of a sample, see `evolution.data.kinds.DataFacts`.
    classes : int or None
        The numbers that it puts out for each sample, see `evolution.data.kinds.output_count`.
    vocabulary : int or None
        How many tokens there are, 0 where nobody knows; None where the samples are no tokens.
    seed : int
        Of the global generators, see `seed_all`.

    Raises
    ------
    ModelError
        If there is no such model, its class does not take `kwargs` or is no module, or the samples do not suit it.
    """
    if is_theirs(name):
        model = _build_own(name, kwargs=kwargs, shape=shape, classes=classes, vocabulary=vocabulary, seed=seed)
    else:
        if classes is None and name != TRANSFORMERS:
            kwargs = dict(kwargs)
            classes = kwargs.pop(outputs_argument(name), None)
            if classes is None:
                raise ModelError(outputs_unknown(name), "model.kwargs")
        seed_all(seed)
        try:
            if name == TRANSFORMERS:
                model = build_transformers(kwargs, classes=classes)
            elif theirs := torchvision_name(name):
                model = build_torchvision(theirs, shape=shape, classes=classes, kwargs=kwargs)
            elif name == TINY_TRANSFORMER:
                model = NETWORKS[name](shape, classes, vocabulary, **kwargs)
            else:
                model = NETWORKS[name](shape, classes, **kwargs)
        except (TypeError, ValueError) as error:
            raise ModelError(f"{kwargs} does not fit model {name}: {error}", "model.kwargs") from error
    if not isinstance(model, nn.Module):
        raise ModelError(f"{name} makes a {type(model).__name__}; it must make a torch.nn.Module", "model.name")
    return model


def _build_own(
    name: str, *, kwargs: dict, shape: tuple[int, ...], classes: int | None, vocabulary: int | None, seed: int
) -> object:
    """What a class or function of the user's returns, called with the arguments that its signature names."""
    own, package = own_class(name), package_class(name)
    make = load_class(*own) if own else load_package_class(*package)
    bound = bound_arguments(make, name=name, shape=shape, classes=classes, vocabulary=vocabulary, kwargs=kwargs)
    # The file may have drawn numbers as it ran.
    seed_all(seed)
    try:
        return make(**kwargs) if bound is None else make(*bound.args, **bound.kwargs)
    except UserError:
        raise
    except Exception as error:
        raise ModelError(
            f"{name} cannot be made: {describe_exception(error, model_source(name))}. It is called with "
            f"{shown_arguments(bound, kwargs)}; set others in model.kwargs.",
            "model.name",
        ) from error


def model_source(name: str) -> Path | None:
    """The file that holds a class of the user's; None for any other model."""
    own, package = own_class(name), package_class(name)
    return own[0] if own else find_module(package[0]) if package else None


def memory_layout(name: str) -> torch.memory_format:
    """The layout of images and weights in memory in which a model computes fastest.

    Convolutions compute in channels last, and would convert any other layout back and forth. Other people's models may
    call `view`, which channels last does not allow.
    """
    return torch.channels_last if name in NETWORKS or torchvision_name(name) else torch.contiguous_format
