"""What a network's modules put out while images pass through it, recorded by forward hooks."""

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn

from evolution.data.kinds import IMAGES, MASK, SIGNALS, TOKENS
from evolution.data.network_input import token_mask
from evolution.errors import LayerError
from evolution.models.last_layer import Classifier
from evolution.models.outputs import (
    Pooling,
    check_batch,
    check_position,
    has_tokens,
    logits_of,
    output_tensor,
    puts_channels_first,
    sample_rows,
)

log = logging.getLogger("evolution")

# Images that pass through the model at once, and the bytes of them: of large images fewer, since a network holds many
# times what it is given.
CHUNK, CHUNK_BYTES = 250, 250 * 3 * 96 * 96 * 4
# The name of the model itself among its modules, as torch has it.
MODEL = ""


class Inputs:
    """What a model is given of samples: one tensor, or several by the names of its arguments.

    Parameters
    ----------
    arrays : mapping of str to array or tensor (N, ...)
        "" alone for a model that is called with one tensor.
    layout : torch.memory_format
        Of images in memory.
    kind : str
        Of the samples, see `evolution.data.kinds`.

    Attributes
    ----------
    kind : str
    mask : bool array (N, T) or None
        Which tokens are no padding, see `evolution.data.network_input.token_mask`.
    """

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray | torch.Tensor],
        layout=torch.contiguous_format,
        kind: str = IMAGES,
    ):
        self.kind = kind
        self.mask = token_mask({name: np.asarray(array) for name, array in arrays.items()}, kind)
        tensors = {name: torch.as_tensor(array) for name, array in arrays.items()}
        self._tensors = {
            name: tensor.contiguous(memory_format=layout if tensor.ndim == 4 else torch.contiguous_format)
            for name, tensor in tensors.items()
        }

    def __len__(self) -> int:
        return len(next(iter(self._tensors.values())))

    def __getitem__(self, chosen: object) -> "Inputs":
        part = Inputs({}, kind=self.kind)
        part.mask = None if self.mask is None else self.mask[chosen]
        part._tensors = {name: tensor[chosen] for name, tensor in self._tensors.items()}
        return part

    def chunk(self) -> int:
        """How many samples pass through a model at once."""
        size = sum(tensor[:1].numel() * tensor.element_size() for tensor in self._tensors.values())
        return max(1, min(CHUNK, CHUNK_BYTES // max(size, 1)))

    def described(self) -> list[tuple[str, str, tuple[int, ...]]]:
        """The name, dtype and shape, without the samples, of each tensor."""
        return [
            (name, str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape[1:]))
            for name, tensor in self._tensors.items()
        ]

    def largest_token(self) -> int | None:
        """The largest of all tokens; None where the samples are none."""
        whole = [each for name, each in self._tensors.items() if each.dtype == torch.int64 and name != MASK]
        return int(whole[0].max()) if self.kind == TOKENS and whole else None

    def split(self, chunk: int) -> list["Inputs"]:
        """Parts of so many samples, the last one of fewer."""
        return [self[start : start + chunk] for start in range(0, len(self), chunk)]

    def given_to(self, model: nn.Module) -> object:
        """Call a model with the samples, on the device where its weights are."""
        device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
        tensors = {name: tensor.to(device) for name, tensor in self._tensors.items()}
        if list(tensors) == [""]:
            return model(tensors[""])
        return model(**tensors)


class ForwardPasses:
    """Passes of images through a model in evaluation mode, with a call of `note` whenever a watched module has run.

    It is used in a `with` statement. The forward hooks are there within it and removed at its end, whatever happens;
    and torch's fast path through transformers, in which the modules within do not run, is off within it.

    Parameters
    ----------
    model : Module
    modules : mapping of str to Module
        The modules to watch, by name.
    note : function of a module's name, its inputs (a tuple) and its output

    Attributes
    ----------
    runs : dict of str to int
        How often each watched module has run in the last pass.
    """

    def __init__(self, model: nn.Module, modules: Mapping[str, nn.Module], note: Callable[[str, tuple, object], None]):
        self._model, self._modules, self._note = model, modules, note
        self.runs = dict.fromkeys(modules, 0)

    def __enter__(self) -> "ForwardPasses":
        with ExitStack() as stack:
            for name, module in self._modules.items():
                stack.callback(module.register_forward_hook(partial(self._count, name)).remove)
            stack.callback(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled())
            torch.backends.mha.set_fastpath_enabled(False)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error) -> None:
        self._stack.close()

    def _count(self, name: str, module: nn.Module, inputs: tuple, output: object) -> None:
        self.runs[name] += 1
        self._note(name, inputs, output)

    def run(self, samples: "torch.Tensor | Inputs") -> object:
        """Pass samples through the model, and return what it puts out."""
        self.runs.update(dict.fromkeys(self.runs, 0))
        self._model.eval()
        with torch.inference_mode():
            return samples.given_to(self._model) if isinstance(samples, Inputs) else self._model(samples)


@dataclass(frozen=True)
class Outputs:
    """What a model makes of N images.

    Attributes
    ----------
    layers : dict of str to float32 array (N, D)
        The output of each layer that was asked for, a row an image.
    logits : float32 array (N, classes)
    classifier : Classifier or None
        None also where it was not asked for.
    """

    layers: dict[str, np.ndarray]
    logits: np.ndarray
    classifier: Classifier | None = None


def find_layers(model: nn.Module, names: list[str]) -> dict[str, nn.Module]:
    """The model's modules of these dotted names.

    Raises
    ------
    LayerError
        If the model lacks one; the message lists those it has.
    """
    modules = {name: module for name, module in model.named_modules() if name}
    missing = [name for name in names if name not in modules]
    if missing:
        raise LayerError(f"{', '.join(missing)} is not in the model, which has {', '.join(modules)}", "layers")
    return {name: modules[name] for name in names}


def record_outputs(
    model: nn.Module,
    images: torch.Tensor | Inputs,
    *,
    layers: list[str],
    pooling: Pooling,
    classes: int | None = None,
    chunk: int = CHUNK,
) -> Outputs:
    """Pass images through a model in evaluation mode, and keep what it and some of its layers put out.

    Parameters
    ----------
    model : Module
    images : float32 tensor (N, C, H, W) or Inputs
    layers : list of str
        Dotted names of modules.
    pooling : Pooling
        How maps and tokens become a row.
    classes : int, optional
        If it is given, the classifier is recorded too: the linear layer that runs last, if it is the same one in every
        pass, gives a number for each class from one vector for each image, and the model does not call itself.
    chunk : int
        Images that pass through the model at once.

    Raises
    ------
    LayerError
        If the model lacks a layer, does not run it exactly once as samples pass, or the layer's output cannot become a
        row for each image.
    """
    followed = find_layers(model, layers)
    kind, mask = (images.kind, images.mask) if isinstance(images, Inputs) else (IMAGES, None)
    if mask is not None:
        check_position(mask, pooling)
    rows = {name: _Rows(name, module, len(images), pooling, kind) for name, module in followed.items()}
    linear = {}
    if classes is not None:
        linear = {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    watched = linear | followed | {MODEL: model}
    # The last linear layer of each pass, and its inputs.
    last: list[tuple[nn.Linear, np.ndarray] | None] = []
    logits = []

    def note(name, inputs, output):
        if name in followed:
            if recording.runs[name] > 1:
                raise LayerError(
                    f"{name} runs more than once as a sample passes through the model, so it has several outputs. "
                    "Leave it out of `layers`, or name a layer that runs once.",
                    "layers",
                )
            rows[name].add(output, len(part), part.mask if isinstance(part, Inputs) else None)
        if name in linear:
            fits = bool(inputs) and inputs[0].ndim == 2 and output.shape[1] == classes
            last[-1] = (linear[name], inputs[0].float().cpu().numpy().copy()) if fits else None

    with ForwardPasses(model, watched, note) as recording:
        for part in images.split(chunk):
            last.append(None)
            logits.append(logits_of(recording.run(part)).reshape(len(part), -1))
            if classes is not None and recording.runs[MODEL] > 1:
                # It calls itself, as for test-time augmentation: the inputs are those of its last call alone.
                last[-1] = None
            if idle := [name for name in layers if not recording.runs[name]]:
                raise LayerError(
                    f"{', '.join(idle)} does not run as a sample passes through the model. Leave it out of `layers`, "
                    "or name a layer within it.",
                    "layers",
                )
    classifier = None
    if None not in last and len({id(module) for module, _ in last}) == 1:
        linear_layer = last[0][0]
        bias = torch.zeros(classes) if linear_layer.bias is None else linear_layer.bias
        classifier = Classifier(
            np.concatenate([inputs for _, inputs in last]),
            linear_layer.weight.detach().float().cpu().numpy().copy(),
            bias.detach().float().cpu().numpy().copy(),
        )
    # Popped, as `note` and `recording` hold each other and `rows`: until Python collects them, the arrays would stay.
    arrays = {name: rows.pop(name).array for name in layers}
    return Outputs(arrays, torch.cat(logits).float().cpu().numpy(), classifier)


class _Rows:
    """The rows of one layer, filled chunk by chunk."""

    def __init__(self, name: str, module: nn.Module, samples: int, pooling: Pooling, kind: str):
        self._name, self._samples, self._pooling = name, samples, pooling
        # Of images, maps have four dimensions.
        self._channels_first = kind in (TOKENS, SIGNALS) and puts_channels_first(module, otherwise=kind == SIGNALS)
        self._kind = kind
        self.array: np.ndarray | None = None
        self._filled = 0

    def add(self, output: object, samples: int, mask: np.ndarray | None) -> None:
        """Take over what the layer put out for the next samples; the mask says which tokens are no padding."""
        try:
            tensor, others = output_tensor(output)
            check_batch(tuple(tensor.shape), samples)
            rows = self._pooled(tensor, mask).cpu().numpy()
        except LayerError as error:
            raise LayerError(
                f"{self._name} {error.problem}. Leave it out of `layers`, or name a layer within it.", "layers"
            ) from None
        if self.array is None:
            if others:
                log.info("Layer %s puts out %d tensors; the first is followed", self._name, others + 1)
            self.array = np.empty((self._samples, rows.shape[1]), np.float32)
        elif self.array.shape[1] != rows.shape[1]:
            raise LayerError(
                f"{self._name} puts out rows of different lengths for different samples. Leave it out.", "layers"
            )
        self.array[self._filled : self._filled + len(rows)] = rows
        self._filled += len(rows)

    def _pooled(self, tensor: torch.Tensor, mask: np.ndarray | None) -> torch.Tensor:
        """A row for each sample, of tensors of three dimensions according to what they are."""
        if tensor.dim() != 3:
            return sample_rows(tensor, self._pooling)
        if self._kind == TOKENS and self._channels_first:
            # A convolution along the tokens.
            tensor = tensor.transpose(1, 2)
        elif self._channels_first:
            return sample_rows(tensor, self._pooling, is_map=True)
        given = None if mask is None else torch.from_numpy(mask).to(tensor.device)
        if given is not None and not has_tokens(tensor, given) and self.array is None:
            log.info(
                "Layer %s puts out %d rows for %d tokens, so its padding is not known, and all of them count",
                *(self._name, tensor.shape[1], given.shape[1]),
            )
        return sample_rows(tensor, self._pooling, mask=given)
