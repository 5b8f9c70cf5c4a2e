"""What a model raises while samples pass through it, as a message that says what to look at."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from evolution.data.kinds import IMAGES
from evolution.errors import ModelError, UserError
from evolution.models.build import model_source
from evolution.models.device import lacks_memory
from evolution.models.hooks import Inputs
from evolution.models.model_file import describe_exception


@contextmanager
def pass_explained(name: str, model: nn.Module, samples: Inputs) -> Iterator[None]:
    """Turn what a model raises into a message with its name and the shapes of the samples.

    Where it was given a token beyond its embedding, this is said.

    Parameters
    ----------
    name : str
        `model.name` of the config.
    model : Module
    samples : Inputs
        What passes through the model.

    Raises
    ------
    ModelError
        For any exception but those that are messages already, and a lack of memory.
    """
    try:
        yield
    except Exception as error:  # A user's code may raise anything.
        if isinstance(error, UserError) or lacks_memory(error):
            raise
        given = ", ".join(
            f"{argument}{': ' * bool(argument)}{dtype} {shape}" for argument, dtype, shape in samples.described()
        )
        what = "images" if samples.kind == IMAGES else f"samples ({samples.kind})"
        advice = _beyond_embeddings(model, samples) or (
            "the model must take samples of this shape and type; what it is made with is in model.kwargs"
        )
        raise ModelError(
            f"{name} fails as {what} pass through it ({given}): {describe_exception(error, model_source(name))}; "
            f"{advice}",
            "model.name",
        ) from error


def _beyond_embeddings(model: nn.Module, samples: Inputs) -> str:
    """That the largest token is beyond the largest embedding; empty where it is not, or there are no tokens."""
    largest = samples.largest_token()
    sizes = {each: module.num_embeddings for each, module in model.named_modules() if isinstance(module, nn.Embedding)}
    if largest is None or not sizes:
        return ""
    name = max(sizes, key=sizes.get)
    if largest < sizes[name]:
        return ""
    return (
        f"the samples have the token {largest}, and the model's largest embedding, {name}, has {sizes[name]} rows, of "
        f"the tokens 0 to {sizes[name] - 1}: give the model in model.kwargs as many as there are tokens, and the "
        "samples the numbers of the same vocabulary"
    )
