"""A layer's output, whatever its form, as a row of numbers for each sample."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass

import torch
from torch import Tensor

from activation_recorder.errors import RecorderError

# Of several tensors by name these are followed: a model's logits, and the output of the last of a stack of layers, as
# Hugging Face calls them.
LOGITS, HIDDEN = "logits", "last_hidden_state"

CHOICES = {"maps": ("flatten", "mean"), "tokens": ("flatten", "mean", "last", "cls")}


class LayerFault(Exception):
    """A layer cannot be followed. The text is the end of a sentence that begins with the layer's name."""


@dataclass(frozen=True)
class Pooling:
    """How a layer's output becomes a row of numbers for each sample.

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

    @classmethod
    def of(cls, value: "Pooling | Mapping[str, str | int] | None") -> "Pooling":
        """The pooling that a person wrote, as a dict or as it is.

        Raises
        ------
        RecorderError
            If a name or a value is unknown.
        """
        if value is not None and not isinstance(value, (Pooling, Mapping)):
            raise RecorderError(f'pooling={value!r} must be a dict, such as {{"maps": "mean"}}.')
        chosen = asdict(value) if isinstance(value, Pooling) else dict(value or {})
        for name, choice in chosen.items():
            # type(): True is no position.
            is_position = name == "tokens" and type(choice) is int and choice >= 0
            if not is_position and (name not in CHOICES or choice not in CHOICES[name]):
                known = "; ".join(f"{key}: {', '.join(choices)}" for key, choices in CHOICES.items())
                raise RecorderError(f"pooling={chosen!r} must be made of these: {known}, or a position from 0.")
        return cls(**chosen)


def output_tensor(output: object) -> Tensor:
    """The tensor in a module's output that is followed.

    That is the output itself, the first one of a tuple or list, or of a mapping or dataclass `last_hidden_state`, or
    else the only one.

    Raises
    ------
    LayerFault
        If there is no tensor, there are several by name, or its numbers are not real floating point.
    """
    if isinstance(output, Tensor):
        tensors = [output]
    elif isinstance(output, (tuple, list)):
        tensors = [part for part in output if isinstance(part, Tensor)]
    elif (named := _named_tensors(output)) is not None:
        if HIDDEN in named:
            named = {HIDDEN: named[HIDDEN]}
        if len(named) > 1:
            raise LayerFault(f"puts out several tensors by name ({', '.join(named)})")
        tensors = list(named.values())
    else:
        tensors = []
    if not tensors:
        raise LayerFault(f"puts out no tensor but a {type(output).__name__}")
    if not tensors[0].is_floating_point():
        raise LayerFault(f"puts out {str(tensors[0].dtype).removeprefix('torch.')}, which is no floating point number")
    return tensors[0]


def logits_of(output: object) -> Tensor | None:
    """The logits in what a model puts out, as a tensor (N, classes); None where there are none of this shape."""
    if not isinstance(output, Tensor):
        logits = output.get(LOGITS) if isinstance(output, Mapping) else getattr(output, LOGITS, None)
        if isinstance(logits, Tensor):
            output = logits
        else:
            try:
                output = output_tensor(output)
            except LayerFault:
                return None
    return output if output.dim() == 2 and output.is_floating_point() else None


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
    LayerFault
    """
    if not shape or shape[0] != samples:
        raise LayerFault(
            f"puts out {tuple(shape)} for {samples} samples: its first dimension is not the batch (torch's attention "
            "and recurrent layers put it first with batch_first=True)"
        )


def sample_rows(tensor: Tensor, pooling: Pooling, *, mask: Tensor | None = None) -> Tensor:
    """A row of numbers for each sample.

    Parameters
    ----------
    tensor : floating point tensor (N, ...)
    pooling : Pooling
        Outputs of one or two dimensions are never pooled.
    mask : bool tensor (N, T), optional
        Which tokens of each sample are no padding, on any device. It is read where the output has a row for each of
        the T tokens.

    Returns
    -------
    float32 tensor (N, D)
        It may share its memory with `tensor`.

    Raises
    ------
    LayerFault
        If there is no token at the position.
    """
    if tensor.dim() == 3:
        fits = mask is not None and tensor.shape[1] == mask.shape[1]
        tensor = _pooled_tokens(tensor, pooling.tokens, mask.to(tensor.device) if fits else None)
    elif tensor.dim() > 3 and pooling.maps == "mean":
        tensor = tensor.float().flatten(2).mean(2)
    return tensor.reshape(len(tensor), -1).to(torch.float32)


def _pooled_tokens(tensor: Tensor, how: str | int, mask: Tensor | None) -> Tensor:
    """Outputs (N, T, D) as (N, D), or as they are; the mask says which tokens are no padding."""
    if how == "cls":
        return tensor[:, 0]
    if isinstance(how, int):
        if how >= tensor.shape[1]:
            raise LayerFault(f"has no token at position {how}: it puts out {tensor.shape[1]} tokens")
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
