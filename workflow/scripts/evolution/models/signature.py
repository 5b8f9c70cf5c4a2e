"""Calling other people's models: with what their signature names of the data, and with model.kwargs."""

import difflib
import inspect
from collections.abc import Callable

from evolution.errors import ModelError

# The names under which models surely take the number of classes or outputs, a sample's shape (of an image channels,
# height, width), the number of channels of an image or a signal, the side of an image in pixels, the columns of a
# table, the length of a signal or a text, and the number of tokens that there are (the last three where they have no
# default). Names that may mean something else are not there: out_features may be those of an embedding, and of an image
# input_size may be its pixels or its side.
CLASS_NAMES = (
    *("classes", "num_classes", "n_classes", "nb_classes", "nclasses", "num_class", "n_class", "nclass"),
    *("num_labels", "n_labels", "num_outputs", "n_outputs"),
)
SHAPE_NAMES = ("shape", "input_shape", "image_shape", "img_shape")
CHANNEL_NAMES = ("in_channels", "in_chans", "in_ch", "input_channels", "image_channels", "img_channels")
SIDE_NAMES = ("image_size", "img_size")
FEATURE_NAMES = ("in_features", "num_features", "n_features", "features", "input_size", "input_dim", "in_dim")
LENGTH_NAMES = ("length", "seq_len", "seq_length", "sequence_length", "max_len", "max_length", "context_length")
VOCABULARY_NAMES = (
    *("vocab_size", "vocab", "vocabulary", "vocabulary_size", "n_vocab"),
    *("num_embeddings", "num_tokens", "n_tokens", "ntokens", "ntoken"),
)

# These may also be a network's own channels. They are the images' where the default is a number that images have.
UNSURE_CHANNEL_NAMES = ("channels", "num_channels", "n_channels")
CHANNELS_OF_IMAGES = (inspect.Parameter.empty, 1, 3)

NAMED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def bound_arguments(
    make: Callable,
    *,
    name: str,
    shape: tuple[int, ...],
    classes: int | None,
    vocabulary: int | None = None,
    kwargs: dict,
) -> inspect.BoundArguments | None:
    """The arguments to call a class, or a function that returns a model, with.

    Parameters
    ----------
    make : class or function
    name : str
        `model.name` of the config, for messages.
    shape : tuple of int
        Of a sample; of images (channels, height, width).
    classes : int or None
        The numbers that the model puts out for each sample; None where the data do not say.
    vocabulary : int or None
        How many tokens there are, 0 where nobody knows; None where the samples are no tokens.
    kwargs : dict
        `model.kwargs` of the config, which comes before what is filled in.

    Returns
    -------
    BoundArguments or None
        `kwargs`, and what the signature names of the samples and the classes. Where it names nothing of these,
        and its first two parameters alone are without a value, these are given the shape and the number of classes.
        None where there is no signature: `kwargs` is all then.

    Raises
    ------
    ModelError
        If a parameter has no default and nothing gives it a value, or `kwargs` has one that there is not.
    """
    try:
        signature = inspect.signature(make)
    except (TypeError, ValueError):
        return None
    parameters = [parameter for parameter in signature.parameters.values() if parameter.kind in NAMED]
    names = [parameter.name for parameter in parameters]
    rest = next((each.name for each in signature.parameters.values() if each.kind is each.VAR_KEYWORD), None)
    unknown = {key: value for key, value in kwargs.items() if key not in names}
    if unknown and rest is None:
        raise ModelError(_unknown(name, list(unknown), names), "model.kwargs")
    filled = {
        parameter.name: value
        for parameter in parameters
        if (value := _value(parameter, tuple(shape), classes, vocabulary)) is not None
    }
    given = filled | {key: value for key, value in kwargs.items() if key in names}
    missing = [each.name for each in parameters if each.default is each.empty and each.name not in given]
    positional = [each.name for each in parameters if each.kind is not each.KEYWORD_ONLY]
    if not filled and classes is not None and len(missing) == 2 and missing == positional[:2]:
        # Neither has a name that is known: this is how all models were called before names counted.
        given |= dict(zip(missing, (tuple(shape), classes)))
    elif missing:
        raise ModelError(_missing(name, missing, classes), "model.kwargs")
    bound = signature.bind_partial()
    bound.arguments.update({parameter: given[parameter] for parameter in names if parameter in given})
    if unknown:
        bound.arguments[rest] = unknown
    return bound


def shown_arguments(bound: inspect.BoundArguments | None, kwargs: dict) -> str:
    """The arguments of a call as a message shows them."""
    arguments = dict(kwargs) if bound is None else {**kwargs, **bound.arguments}
    if bound is not None:
        for parameter in bound.signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                arguments.pop(parameter.name, None)
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items()) or "no arguments"


def _value(parameter: inspect.Parameter, shape: tuple[int, ...], classes: int | None, vocabulary: int | None) -> object:
    """What the data give a parameter; None where its name says nothing of them."""
    if parameter.name in CLASS_NAMES:
        return classes
    if parameter.name in SHAPE_NAMES:
        return shape
    if len(shape) == 3 and parameter.name in SIDE_NAMES:
        height, width = shape[1:]
        return height if height == width and not isinstance(parameter.default, (tuple, list)) else (height, width)
    if len(shape) in (2, 3) and parameter.name in CHANNEL_NAMES:
        return shape[0]
    if len(shape) in (2, 3) and parameter.name in UNSURE_CHANNEL_NAMES:
        default = parameter.default
        return shape[0] if type(default) in (int, type) and default in CHANNELS_OF_IMAGES else None
    if parameter.default is not parameter.empty:
        # It may be the largest length that a model takes, or how wide the model itself is.
        return None
    if (len(shape) == 2 or vocabulary is not None) and parameter.name in LENGTH_NAMES:
        return shape[-1]
    if vocabulary is not None:
        return (vocabulary or None) if parameter.name in VOCABULARY_NAMES else None
    return shape[0] if len(shape) == 1 and parameter.name in FEATURE_NAMES else None


def _unknown(name: str, unknown: list, names: list[str]) -> str:
    """That a model does not take some arguments."""
    near = difflib.get_close_matches(str(unknown[0]), names, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    takes = f"it takes {', '.join(names)}" if names else "it takes none"
    return f"{', '.join(map(str, unknown))} is no argument of {name}; {hint}{takes}"


def _missing(name: str, missing: list[str], classes: int | None) -> str:
    """That nothing gives a value to some parameters."""
    values = ", ".join(f"{parameter}: ..." for parameter in missing)
    unnamed = "" if classes is not None else " (the data have no labels, and class_names do not name the outputs)"
    return (
        f"{name} needs a value for {', '.join(missing)}{unnamed}; write model: {{kwargs: {{{values}}}}}. Filled in by "
        f"itself are the number of classes or outputs ({', '.join(CLASS_NAMES[:3])}), a sample's shape, of images "
        f"(channels, height, width) ({', '.join(SHAPE_NAMES[:2])}), the channels of images and signals "
        f"({', '.join(CHANNEL_NAMES[:2])}), the side of images in pixels ({', '.join(SIDE_NAMES)}), the columns of a "
        f"table ({', '.join(FEATURE_NAMES[:2])}), the length of signals and texts ({', '.join(LENGTH_NAMES[:2])}) and "
        f"how many tokens there are ({', '.join(VOCABULARY_NAMES[:2])})"
    )
