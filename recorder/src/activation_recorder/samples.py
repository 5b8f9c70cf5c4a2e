"""The samples that a recorder passes through a model: taken as tensors, checked, and named by their contents."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from activation_recorder.errors import RecorderError

# Samples that pass through the model at once, and the bytes of them: of large images fewer, since a network holds many
# times what it is given. They are the workflow's numbers, so that the same batches give the same bytes.
CHUNK, CHUNK_BYTES = 250, 250 * 3 * 96 * 96 * 4

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

    def __getitem__(self, chosen: slice) -> "Samples":
        return Samples({name: tensor[chosen] for name, tensor in self.tensors.items()})

    def chunk(self) -> int:
        """How many samples pass through a model at once, where nobody says it."""
        size = sum(tensor[:1].numel() * tensor.element_size() for tensor in self.tensors.values())
        return max(1, min(CHUNK, CHUNK_BYTES // max(size, 1)))

    def split(self, chunk: int) -> list["Samples"]:
        """Parts of so many samples, the last one of fewer."""
        return [self[start : start + chunk] for start in range(0, len(self), chunk)]

    def given_to(self, model: nn.Module) -> object:
        """Call a model with the samples, on the device where its weights are.

        Floating point samples are given in the dtype of the weights where these all have one, as half precision does.
        """
        device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
        dtypes = {parameter.dtype for parameter in model.parameters() if parameter.is_floating_point()}
        dtype = dtypes.pop() if len(dtypes) == 1 else None
        given = {
            name: tensor.to(device, dtype if tensor.is_floating_point() else None)
            for name, tensor in self.tensors.items()
        }
        return model(given[""]) if list(given) == [""] else model(**given)

    def digest(self, labels: np.ndarray) -> str:
        """The SHA-256 of the samples and their labels.

        Parameters
        ----------
        labels : int array (N,)
        """
        digest = hashlib.sha256()
        for name, tensor in sorted(self.tensors.items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            digest.update(tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes())
        digest.update(labels.astype("<i8").tobytes())
        return digest.hexdigest()


def take_samples(inputs: object, labels: object) -> tuple[Samples, np.ndarray]:
    """The samples and labels that a person gave.

    Parameters
    ----------
    inputs : tensor or array (N, ...), mapping of str to such, or Dataset or list
        The items of a Dataset or list are inputs, pairs of inputs and label, or dicts of a model's arguments.
    labels : int array-like (N,), or None
        None takes those of the items.

    Returns
    -------
    samples : Samples
        Copies, so that nothing changes them later.
    labels : int64 array (N,)

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
        if labels is None:
            raise RecorderError("labels are missing: give a whole number for each sample, its class, from 0.")
    if "" not in taken:
        # With labels the model would compute a loss that nobody needs.
        taken = {name: tensor for name, tensor in taken.items() if name not in LABEL_KEYS}
    sizes = {name: len(tensor) for name, tensor in taken.items()}
    if not sizes or len(set(sizes.values())) > 1 or min(sizes.values()) < 2:
        raise RecorderError(f"inputs must hold two samples or more, as many in each tensor; found {sizes or 'none'}.")
    return Samples(taken), _as_labels(labels, next(iter(sizes.values())))


def _as_tensor(name: str, value: object) -> Tensor:
    try:
        tensor = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecorderError(f"inputs{_at(name)} cannot become a tensor: {error}") from None
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
        return {"": together[0]}, together[1] if len(together) > 1 else None
    return {"": together}, None


def _of_tensors(item: object) -> object:
    """An item of a Dataset; of arguments by name, those that are numbers, also where they come as lists."""
    if not isinstance(item, Mapping):
        return item
    # Datasets of text keep the text next to the numbers that the model is given.
    return {name: torch.as_tensor(value) for name, value in item.items() if not isinstance(value, (str, bytes))}


def _as_labels(labels: object, samples: int) -> np.ndarray:
    array = labels.detach().cpu().numpy() if isinstance(labels, Tensor) else np.asarray(labels)
    if array.dtype.kind not in "iu":
        raise RecorderError(
            f"labels are {array.dtype}; they must be whole numbers, the class of each sample, from 0. Names of classes "
            "go into class_names."
        )
    if array.shape != (samples,):
        raise RecorderError(
            f"labels have the shape {array.shape}, and inputs hold {samples} samples; the labels must be ({samples},)."
        )
    if array.min() < 0:
        raise RecorderError(f"labels go down to {array.min()}; classes are counted from 0. Leave such samples out.")
    return array.astype(np.int64)


def optional_arrays(
    samples: int, labels: np.ndarray, *, ids: object = None, previews: object = None, class_names: object = None
) -> dict[str, np.ndarray]:
    """The optional arrays of a recording, checked.

    Parameters
    ----------
    samples : int
    labels : int array (N,)
    ids : array-like of int or str (N,), optional
    previews : uint8 array-like (N, H, W) or (N, H, W, 3), optional
    class_names : sequence of str, optional

    Returns
    -------
    dict of str to array
        By the names of their files.

    Raises
    ------
    RecorderError
        If one of them cannot be used.
    """
    arrays = {}
    if ids is not None:
        array = ids.cpu().numpy() if isinstance(ids, Tensor) else np.asarray(ids)
        array = np.array([str(one) for one in array.flat]).reshape(array.shape) if array.dtype == object else array
        if array.dtype.kind not in "iuU" or array.shape != (samples,):
            raise RecorderError(
                f"ids are {array.dtype} {array.shape}; give a text or a whole number for each of {samples} samples."
            )
        if len(np.unique(array)) < samples:
            raise RecorderError("ids repeat; each sample needs one of its own.")
        arrays["ids"] = array
    if class_names is not None:
        array = np.array([str(name) for name in class_names])
        if len(array) <= labels.max():
            raise RecorderError(f"class_names holds {len(array)} names, and labels go up to {labels.max()}.")
        arrays["class_names"] = array
    if previews is not None:
        array = previews.cpu().numpy() if isinstance(previews, Tensor) else np.asarray(previews)
        fits = array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 3)
        if array.dtype != np.uint8 or not fits or len(array) != samples:
            raise RecorderError(
                f"previews are {array.dtype} {array.shape}; they must be uint8 ({samples}, height, width) or "
                f"({samples}, height, width, 3)."
            )
        arrays["previews"] = np.ascontiguousarray(array)
    return arrays
