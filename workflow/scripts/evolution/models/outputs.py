"""A layer's output, whatever its form, as a row of numbers for each sample."""

from dataclasses import dataclass

from torch import Tensor

from evolution.errors import LayerError


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
    """The tensor in a module's output that is followed: the output itself, the first one of a tuple or list, or the
    only one of a mapping.

    Returns
    -------
    tensor : Tensor
    others : int
        How many more tensors the output holds.

    Raises
    ------
    LayerError
        If there is no tensor, a mapping holds several, or its numbers are not real floating point. The problem is a
        predicate, which goes on after the layer's name.
    """
    if isinstance(output, Tensor):
        tensors = [output]
    elif isinstance(output, (tuple, list)):
        tensors = [part for part in output if isinstance(part, Tensor)]
    elif hasattr(output, "items"):
        named = {str(key): part for key, part in output.items() if isinstance(part, Tensor)}
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


def check_batch(shape: tuple[int, ...], samples: int) -> None:
    """Refuse an output whose first dimension is not the batch.

    Raises
    ------
    LayerError
        As `output_tensor` raises it.
    """
    if not shape or shape[0] != samples:
        raise LayerError(
            f"puts out {tuple(shape)} for {samples} images: its first dimension is not the batch (torch's attention "
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
