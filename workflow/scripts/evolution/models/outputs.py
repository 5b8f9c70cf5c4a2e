"""A layer's output, whatever its form, as a row of numbers for each sample."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass

import numpy as np
import torch
from torch import Tensor, nn

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
    tokens : {"flatten", "mean", "last", "cls"} or int
        Of outputs (N, T, D). mean: over the tokens that are no padding; last: the last of them; cls: the first token; a
        number: the token at this position, from 0.
    """

    maps: str = "flatten"
    tokens: str | int = "mean"


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


def sample_rows(tensor: Tensor, pooling: Pooling, *, mask: Tensor | None = None, is_map: bool = False) -> Tensor:
    """A row of numbers for each sample.

    Parameters
    ----------
    tensor : floating point tensor (N, ...)
    pooling : Pooling
        Outputs of one or two dimensions are never pooled.
    mask : bool tensor (N, T), optional
        Which tokens of each sample are no padding. It is read where the output has a row for each of the T tokens.
    is_map : bool
        Whether an output of three dimensions is a map (N, C, T), as of a convolution along time, and no tokens.

    Returns
    -------
    float32 tensor (N, D)

    Raises
    ------
    LayerError
        If there is no token at the position. The problem is a predicate, which goes on after the layer's name.
    """
    if tensor.dim() == 3 and not is_map:
        tensor = _pooled_tokens(tensor, pooling.tokens, mask if has_tokens(tensor, mask) else None)
    elif tensor.dim() >= 3 and pooling.maps == "mean":
        tensor = tensor.float().flatten(2).mean(2)
    return tensor.reshape(len(tensor), -1).float()


def has_tokens(tensor: Tensor, mask: Tensor | None) -> bool:
    """Whether an output (N, T, D) has a row for each token that a mask (N, T) is for."""
    return mask is not None and tensor.shape[1] == mask.shape[1]


def _pooled_tokens(tensor: Tensor, how: str | int, mask: Tensor | None) -> Tensor:
    """Outputs (N, T, D) as (N, D), or as they are; the mask says which tokens are no padding."""
    if how == "cls":
        return tensor[:, 0]
    if isinstance(how, int):
        if how >= tensor.shape[1]:
            raise LayerError(f"has no token at position {how}: it puts out {tensor.shape[1]} tokens")
        return tensor[:, how]
    if how == "mean" and mask is None:
        return tensor.float().mean(1)
    if how == "mean":
        # What is not finite at the padding must not count either.
        kept = tensor.float().masked_fill(~mask[:, :, None], 0)
        return kept.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
    if how == "last" and mask is None:
        return tensor[:, -1]
    if how == "last":
        last = (torch.arange(tensor.shape[1], device=tensor.device) * mask).amax(1)
        return tensor[torch.arange(len(tensor), device=tensor.device), last]
    return tensor


def check_position(mask: np.ndarray, pooling: Pooling) -> None:
    """Refuse a position of `Pooling.tokens` at which a sample has padding.

    Parameters
    ----------
    mask : bool array (N, T)
        Which tokens of each sample are no padding.
    pooling : Pooling

    Raises
    ------
    LayerError
        It names the first such sample and how many tokens it has.
    """
    position = pooling.tokens
    if not isinstance(position, int):
        return
    there = mask[:, position] if position < mask.shape[1] else np.zeros(len(mask), bool)
    if not there.all():
        sample = int(there.argmin())
        raise LayerError(
            f"{position} is not allowed, as sample {sample} has {int(mask[sample].sum())} tokens that are no padding "
            "and none at this position (counted from 0); must be a position that all samples have, or last",
            "activations.pooling.tokens",
        )


# Modules of torch that put out (N, C, T) with the channels first, and those that put out (N, T, D).
CHANNELS_FIRST = (
    *(nn.Conv1d, nn.ConvTranspose1d, nn.BatchNorm1d, nn.SyncBatchNorm, nn.InstanceNorm1d, nn.GroupNorm),
    *(nn.MaxPool1d, nn.AvgPool1d, nn.LPPool1d, nn.AdaptiveMaxPool1d, nn.AdaptiveAvgPool1d, nn.Upsample),
)
FEATURES_LAST = (nn.Linear, nn.Bilinear, nn.LayerNorm, nn.RMSNorm, nn.Embedding, nn.MultiheadAttention, nn.RNNBase)


def puts_channels_first(module: nn.Module, *, otherwise: bool) -> bool:
    """Whether a module's output of three dimensions is (N, C, T), and not (N, T, D).

    The last module within it that is of a class of torch's with one of the two says so.

    Parameters
    ----------
    module : Module
    otherwise : bool
        Where none says so.
    """
    for inner in reversed(list(module.modules())):
        if isinstance(inner, CHANNELS_FIRST):
            return True
        if isinstance(inner, FEATURES_LAST):
            return False
    return otherwise
