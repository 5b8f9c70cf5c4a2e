"""A layer's output, whatever its form, as a row of numbers for each sample."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass

from torch import Tensor

from evolution.errors import LayerError, ModelError

# Of several tensors by name these are followed: a model's logits, and the output of the last of a stack of layers, as
# Hugging Face calls them.
LOGITS, HIDDEN = "logits", "last_hidden_state"


@dataclass(frozen=True)
class Pooling:
    """How a layer's output becomes a row of numbers for each sample: `activations.pooling` of the config.

    Attributes
    ----------
    maps : {"flatten", "mean"}
        Of outputs (N, C, H, W), or with any number of dimensions after C. mean: each channel's mean over its map.
    tokens : {"flatten", "mean", "cls"}
        Of outputs (N, T, D). mean: over the tokens; cls: the first token.
    """

    maps: str = "flatten"
    tokens: str = "mean"


def output_tensor(output: object) -> tuple[Tensor, int]:
    """The tensor in a module's output that is followed.

    That is the output itself, the first one of a tuple or list, or of a mapping or dataclass `last_hidden_state`, or
    else the only one.

    Returns
    -------
    tensor : Tensor
    others : int
        How many more tensors the output holds that have no names.

    Raises
    ------
    LayerError
        If there is no tensor, there are several by name, or its numbers are not real floating point. The problem is a
        predicate, which goes on after the layer's name.
    """
    if isinstance(output, Tensor):
        tensors = [output]
    elif isinstance(output, (tuple, list)):
        tensors = [part for part in output if isinstance(part, Tensor)]
    elif (named := _named_tensors(output)) is not None:
        if HIDDEN in named:
            named = {HIDDEN: named[HIDDEN]}
        if len(named) > 1:
            raise LayerError(f"puts out several tensors by name ({', '.join(named)})")
        tensors = list(named.values())
    else:
        tensors = []
    if not tensors:
        raise LayerError(f"puts out no tensor but a {type(output).__name__}")
    if not tensors[0].is_floating_point():
        raise LayerError(f"puts out {str(tensors[0].dtype).removeprefix('torch.')}, which is no floating point number")
    return tensors[0], len(tensors) - 1


def logits_of(output: object) -> Tensor:
    """The logits in what a model puts out, whatever they come in.

    That is the output itself, what is called `logits` in it (in a mapping, a dataclass, a named tuple or an output of
    Hugging Face's), or else what `output_tensor` takes: the first tensor of a tuple or list, or the only one by name.

    Raises
    ------
    ModelError
        If there is no such tensor.
    """
    if isinstance(output, Tensor):
        return output
    logits = output.get(LOGITS) if isinstance(output, Mapping) else getattr(output, LOGITS, None)
    if isinstance(logits, Tensor):
        return logits
    try:
        return output_tensor(output)[0]
    except LayerError as error:
        raise ModelError(
            f"the model {error.problem}; it must put out its logits, as a tensor or by the name {LOGITS}: wrap it in a "
            "class whose forward returns them",
            "model.name",
        ) from None


def _named_tensors(output: object) -> dict[str, Tensor] | None:
    """The tensors of a mapping or dataclass, by name; None for anything else."""
    if hasattr(output, "items"):
        entries = output.items()
    elif is_dataclass(output) and not isinstance(output, type):
        entries = ((field.name, getattr(output, field.name)) for field in fields(output))
    else:
        return None
    return {str(name): part for name, part in entries if isinstance(part, Tensor)}


def check_batch(shape: tuple[int, ...], samples: int) -> None:
    """Refuse an output whose first dimension is not the batch.

    Raises
    ------
    LayerError
        As `output_tensor` raises it.
    """
    if not shape or shape[0] != samples:
        raise LayerError(
            f"puts out {tuple(shape)} for {samples} samples: its first dimension is not the batch (torch's attention "
            "and recurrent layers put it first with batch_first=True)"
        )


def sample_rows(tensor: Tensor, pooling: Pooling) -> Tensor:
    """A row of numbers for each sample.

    Parameters
    ----------
    tensor : floating point tensor (N, ...)
    pooling : Pooling
        Outputs of one or two dimensions are never pooled.

    Returns
    -------
    float32 tensor (N, D)
    """
    if tensor.dim() == 3:
        if pooling.tokens == "cls":
            tensor = tensor[:, 0]
        elif pooling.tokens == "mean":
            tensor = tensor.float().mean(1)
    elif tensor.dim() > 3 and pooling.maps == "mean":
        tensor = tensor.float().flatten(2).mean(2)
    return tensor.reshape(len(tensor), -1).float()
