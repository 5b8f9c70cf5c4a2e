"""The samples that a recorder passes through a model: taken as tensors, checked, and named by their contents."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from activation_recorder.errors import RecorderError
from activation_recorder.sample_arrays import as_labels

# Samples that pass through the model at once, and the bytes of them: of large images fewer, since a network holds many
# times what it is given. They are the workflow's numbers, so that the same batches give the same bytes.
CHUNK, CHUNK_BYTES = 250, 250 * 3 * 96 * 96 * 4

# The fewest samples that the workflow takes.
FEWEST = 10

# The input that says which tokens are padding, and the token that is, where no input says so: as the workflow has them.
MASK, PADDING = "attention_mask", 0

# The keys under which the items of a Dataset hold a label.
LABEL_KEYS = ("labels", "label")


class Samples:
    """What a model is given of samples, on the CPU: one tensor, or several by the names of its arguments.

    Parameters
    ----------
    tensors : mapping of str to tensor (N, ...)
        "" alone for a model that is called with one tensor.
    """

    def __init__(self, tensors: Mapping[str, Tensor]):
        self.tensors = dict(tensors)

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    def __getitem__(self, chosen: slice | list[int]) -> "Samples":
        return Samples({name: tensor[chosen] for name, tensor in self.tensors.items()})

    def mask(self) -> Tensor | None:
        """Which tokens of each sample are no padding, bool (N, T); None where the samples are no tokens."""
        mask = self.tensors.get(MASK)
        if mask is not None and mask.dim() == 2:
            return mask != 0
        whole = (torch.int16, torch.int32, torch.int64)
        tokens = next((each for each in self.tensors.values() if each.dim() == 2 and each.dtype in whole), None)
        return None if tokens is None else tokens != PADDING

    def require_position(self, tokens: str | int) -> None:
        """Refuse a position of `activation_recorder.outputs.Pooling.tokens` at which a sample has padding.

        Raises
        ------
        RecorderError
        """
        mask = self.mask()
        if mask is None or not isinstance(tokens, int):
            return
        there = mask[:, tokens] if tokens < mask.shape[1] else torch.zeros(len(mask), dtype=torch.bool)
        if not there.all():
            sample = int(there.int().argmin())
            raise RecorderError(
                f"pooling: tokens={tokens} is not allowed, as sample {sample} has {int(mask[sample].sum())} tokens "
                "that are no padding and none at this position (counted from 0). Give a position that all samples "
                "have, or last."
            )

    def chunk(self) -> int:
        """How many samples pass through a model at once, where nobody says it."""
        size = sum(tensor[:1].numel() * tensor.element_size() for tensor in self.tensors.values())
        return max(1, min(CHUNK, CHUNK_BYTES // max(size, 1)))

    def split(self, chunk: int) -> list["Samples"]:
        """Parts of so many samples, the last one of fewer.

        A last part of one sample is added to the part before: of one sample alone squeeze() takes the batch away.
        """
        starts = list(range(0, len(self), chunk))
        if chunk > 1 and len(starts) > 1 and len(self) - starts[-1] == 1:
            del starts[-1]
        return [self[start:stop] for start, stop in zip(starts, [*starts[1:], len(self)])]

    def given_to(self, model: nn.Module) -> object:
        """Call a model with the samples, on the device where its weights are.

        Floating point samples are given in the dtype of the weights where these all have one, as half precision does.
        The model is given copies: it may write to its inputs.
        """
        device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
        dtypes = {parameter.dtype for parameter in model.parameters() if parameter.is_floating_point()}
        dtype = dtypes.pop() if len(dtypes) == 1 else None
        given = {
            name: tensor.to(device, dtype if tensor.is_floating_point() else None, copy=True)
            for name, tensor in self.tensors.items()
        }
        return model(given[""]) if list(given) == [""] else model(**given)

    def digest(self, labels: np.ndarray | None) -> str:
        """The SHA-256 of the samples and their labels.

        Parameters
        ----------
        labels : array or None
            See `activation_recorder.sample_arrays.as_labels`.
        """
        digest = hashlib.sha256()
        for name, tensor in sorted(self.tensors.items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            digest.update(tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes())
        if labels is not None:
            digest.update(labels.astype("<f8" if labels.dtype.kind == "f" else "<i8").tobytes())
        return digest.hexdigest()


def take_samples(inputs: object, labels: object) -> tuple[Samples, np.ndarray | None]:
    """The samples and labels that a person gave.

    Parameters
    ----------
    inputs : tensor or array (N, ...), mapping of str to such, or Dataset or list
        The items of a Dataset or list are inputs, pairs of inputs and label, or dicts of a model's arguments.
    labels : array-like (N,) or (N, K), or None
        None takes those of the items.

    Returns
    -------
    samples : Samples
        Copies, so that nothing changes them later.
    labels : array or None
        See `activation_recorder.sample_arrays.as_labels`; None where there are none.

    Raises
    ------
    RecorderError
        If one of them cannot be used.
    """
    if isinstance(inputs, (Tensor, np.ndarray)):
        tensors = {"": inputs}
    elif isinstance(inputs, Mapping):
        tensors = dict(inputs)
    elif hasattr(inputs, "__getitem__") and hasattr(inputs, "__len__"):
        tensors, found = _collated(inputs)
        if labels is not None and found is not None and not _are_labels(found, labels):
            raise RecorderError(
                "the items of inputs hold a second element, and labels= is given too and differs. If the second "
                "element is the label, leave labels= out. If the model takes several arguments, give a dict of them by "
                "name."
            )
        labels = found if labels is None else labels
    else:
        raise RecorderError(
            f"inputs is a {type(inputs).__name__}; give a tensor, a dict of tensors by the names of the model's "
            "arguments, or a Dataset or list of samples."
        )
    taken = {str(name): _as_tensor(name, value) for name, value in tensors.items()}
    if labels is None:
        # A dict may hold them, as Hugging Face's do.
        labels = next((taken[key] for key in LABEL_KEYS if key in taken), None)
    if "" not in taken:
        # With labels the model would compute a loss that nobody needs.
        taken = {name: tensor for name, tensor in taken.items() if name not in LABEL_KEYS}
    sizes = {name: len(tensor) for name, tensor in taken.items()}
    if not sizes or len(set(sizes.values())) > 1 or min(sizes.values()) < FEWEST:
        raise RecorderError(
            f"inputs must hold {FEWEST} samples or more, as many in each tensor; found {sizes or 'none'}."
        )
    return Samples(taken), None if labels is None else as_labels(labels, next(iter(sizes.values())))


def _as_tensor(name: str, value: object) -> Tensor:
    try:
        tensor = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecorderError(f"inputs{_at(name)} cannot become a tensor: {error}") from None
    if tensor.layout != torch.strided:
        raise RecorderError(
            f"inputs{_at(name)} is sparse; give tensors with all their numbers, as to_dense() makes them."
        )
    if tensor.dim() == 0:
        raise RecorderError(f"inputs{_at(name)} is a single number; its first dimension must be the samples.")
    return tensor.detach().to("cpu", copy=True)


def _at(name: str) -> str:
    return f"[{name!r}]" if name else ""


def _collated(items: Sequence) -> tuple[dict[str, object], object]:
    """The items of a Dataset, put together: tensors by name, and labels or None."""
    from torch.utils.data import default_collate

    try:
        together = default_collate([_of_tensors(items[index]) for index in range(len(items))])
    except Exception as error:  # The code of a Dataset may raise anything.
        raise RecorderError(
            f"the items of inputs cannot be put together into tensors ({type(error).__name__}: {error}). Give items of "
            "equal shapes, or tensors."
        ) from error
    if isinstance(together, Mapping):
        return dict(together), None
    if isinstance(together, (tuple, list)):
        if len(together) > 2:
            raise RecorderError(
                f"the items of inputs have {len(together)} elements; each must be the input, or a pair of the input "
                "and its label. Where the model takes several arguments, give items that are dicts of them by name."
            )
        return {"": together[0]}, together[1] if len(together) > 1 else None
    return {"": together}, None


def _are_labels(found: object, labels: object) -> bool:
    """Whether what items hold is the same as the labels that were given, so that nothing is lost."""
    try:
        return torch.as_tensor(found).tolist() == torch.as_tensor(labels).tolist()
    except (TypeError, ValueError, RuntimeError):
        return False


def _of_tensors(item: object) -> object:
    """An item of a Dataset; of arguments by name, those that are numbers, also where they come as lists."""
    if not isinstance(item, Mapping):
        return item
    # Datasets of text keep the text next to the numbers that the model is given.
    return {name: torch.as_tensor(value) for name, value in item.items() if not isinstance(value, (str, bytes))}
