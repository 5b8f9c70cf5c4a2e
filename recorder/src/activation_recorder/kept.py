"""What a model holds, found through all its objects, so that it can be put back."""

import operator
import random
import sys
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

import numpy as np
import torch
from torch import Tensor, nn

# Nothing is held in these that a pass could change.
PLAIN = frozenset(
    {int, float, complex, bool, str, bytes, type(None), range, slice}
    | {torch.dtype, torch.device, torch.Size, nn.Parameter, FunctionType, BuiltinFunctionType, MethodType, ModuleType}
)

CONTAINERS = (dict, list, set, deque, bytearray)

# Objects of these packages, and of classes made from theirs, run a training, log it or serve other threads: a model may
# refer to its Trainer, to an optimizer, a logger or a Dataset, which go on by themselves.
MACHINERY = frozenset(
    {"torch", "lightning", "pytorch_lightning", "lightning_fabric", "accelerate", "deepspeed", "activation_recorder"}
    | {"threading", "multiprocessing", "concurrent", "asyncio", "logging", "queue", "socket"}
    | {"wandb", "tensorboard", "tensorboardX", "mlflow", "comet_ml", "neptune", "clearml", "aim", "ray"}
)
# Classes of Python's own whose objects hold nothing but what was put into them.
HOLDERS = frozenset({"collections", "types", "argparse"})

Undo = Callable[[], None]


def kept(model: nn.Module) -> list[Undo]:
    """Look up all that a model holds, and return what puts it back.

    It goes through modules, dicts, lists, tuples, sets, deques, byte arrays, NumPy arrays of objects, and the
    attributes of objects, each object once. Weights are not copied, nor what belongs to `MACHINERY`.

    Parameters
    ----------
    model : Module

    Returns
    -------
    list of function
        Each puts one object back. An object that did not change is not written to.
    """
    undos: list[Undo] = []
    # The objects themselves, not only their ids: of an object that is gone the id may be given again.
    seen: dict[int, object] = {}
    open_objects: list[object] = [model]
    while open_objects:
        value = open_objects.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        own, held = _looked_into(value)
        undos += own
        open_objects += [inner for inner in held if type(inner) not in PLAIN]
    return undos


def _looked_into(value: object) -> tuple[list[Undo], Iterable[object]]:
    """What puts an object itself back, and which objects it holds."""
    if isinstance(value, Tensor):
        return _kept_tensor(value), ()
    if isinstance(value, np.ndarray):
        undo = partial(_put_back_array, value, value.copy())
        return [undo], value.ravel().tolist() if value.dtype == object else ()
    if (undo := _kept_generator(value)) is not None:
        return [undo], ()
    undos, held = [], []
    if isinstance(value, dict):
        undos.append(partial(put_back, value, dict(value)))
        held += value.values()
    elif isinstance(value, bytearray):
        undos.append(partial(put_back, value, bytes(value)))
    elif isinstance(value, CONTAINERS):
        undos.append(partial(put_back, value, list(value)))
        held += value
    elif isinstance(value, (tuple, frozenset)):
        held += value
    if isinstance(value, torch.jit.ScriptModule):
        # Its mode and its tensors are kept by C++, and no attribute shows them.
        undos.append(partial(setattr, value, "training", value.training))
        held += [*value.buffers(recurse=False), *value.children()]
    attributes = getattr(value, "__dict__", None)
    if type(attributes) is dict and (isinstance(value, (nn.Module, *CONTAINERS)) or not _is_machinery(type(value))):
        undos.append(partial(put_back, attributes, dict(attributes)))
        held += attributes.values()
    return undos, held


def _is_machinery(kind: type) -> bool:
    if issubclass(kind, type) or kind.__name__ == "Trainer":
        return True
    own = kind.__module__.partition(".")[0]
    if own in sys.stdlib_module_names and own not in HOLDERS:
        return True
    return any(base.__module__.partition(".")[0] in MACHINERY for base in kind.__mro__)


def _kept_generator(value: object) -> Undo | None:
    """What puts a random generator back; None for anything else."""
    if isinstance(value, torch.Generator):
        return partial(value.set_state, value.get_state())
    if isinstance(value, np.random.RandomState):
        return partial(value.set_state, value.get_state())
    if isinstance(value, np.random.Generator):
        value = value.bit_generator
    if isinstance(value, np.random.BitGenerator):
        return partial(setattr, value, "state", value.state)
    if isinstance(value, random.Random):
        return partial(value.setstate, value.getstate())
    return None


def put_back(container: dict | list | set | deque | bytearray, saved: dict | list | bytes) -> None:
    """Give a container the contents that it had, if it has others. What is equal but another object counts as other."""
    same = len(container) == len(saved) and all(map(operator.is_, container, saved))
    if same and isinstance(container, dict):
        same = all(map(operator.is_, container.values(), saved.values()))
    if same:
        return
    container.clear()
    container.update(saved) if isinstance(container, (dict, set)) else container.extend(saved)


def _put_back_array(array: np.ndarray, saved: np.ndarray) -> None:
    if array.shape != saved.shape:
        array.resize(saved.shape, refcheck=False)
    if array.dtype == object:
        same = all(map(operator.is_, array.ravel().tolist(), saved.ravel().tolist()))
    else:
        same = array.tobytes() == saved.tobytes()
    if not same:
        array[...] = saved


def _kept_tensor(tensor: Tensor) -> list[Undo]:
    """What puts a tensor back; nothing for weights, and for forms in which numbers cannot be copied."""
    # Meta tensors, and the fake ones that torch.export leaves, hold no numbers.
    empty = tensor.is_meta or type(tensor).__name__ == "FakeTensor"
    if isinstance(tensor, nn.Parameter) or empty or tensor.is_quantized or tensor.is_nested:
        return []
    version = 0 if tensor.is_inference() else tensor._version
    # .data is the place of the numbers: it shows their shape and storage also once the tensor has got others, and what
    # is written to it does not count as a change that autograd sees.
    return [partial(_put_back_tensor, tensor, version, tensor.data, tensor.detach().clone())]


def _put_back_tensor(tensor: Tensor, version: int, place: Tensor, saved: Tensor) -> None:
    """Give a tensor the place and the numbers that it had, if it has others."""
    if tensor.layout != torch.strided:
        if _same_parts(tensor, saved):
            return
        if tensor.layout == torch.sparse_coo:
            tensor.data = saved
        else:
            # PyTorch ignores .data of compressed tensors.
            tensor.data.copy_(saved)
        return
    if not _same_place(tensor, place):
        tensor.data = place
    # Autograd counts the changes of a tensor. One that did not change is left alone, so that a graph that holds it
    # stays usable.
    changed = not tensor.is_inference() and tensor._version != version
    if changed or not torch.equal(_bits(place), _bits(saved)):
        # Where several indices share one number, as after expand, PyTorch writes to none of them.
        for dimension, stride in enumerate(place.stride()):
            if stride == 0 and place.shape[dimension] > 1:
                place, saved = place.narrow(dimension, 0, 1), saved.narrow(dimension, 0, 1)
        place.copy_(saved)


def _same_place(tensor: Tensor, place: Tensor) -> bool:
    return (tensor.shape, tensor.stride(), tensor.storage_offset(), tensor.data_ptr()) == (
        (place.shape, place.stride(), place.storage_offset(), place.data_ptr())
    )


def _bits(tensor: Tensor) -> Tensor:
    """The bytes of a tensor: NaN equals NaN there, and 0 is not -0."""
    return tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8)


def _same_parts(tensor: Tensor, saved: Tensor) -> bool:
    if tensor.layout != saved.layout or tensor.shape != saved.shape or tensor.dtype != saved.dtype:
        return False
    names = {
        torch.sparse_coo: ("_indices", "_values"),
        torch.sparse_csr: ("crow_indices", "col_indices", "values"),
        torch.sparse_bsr: ("crow_indices", "col_indices", "values"),
        torch.sparse_csc: ("ccol_indices", "row_indices", "values"),
        torch.sparse_bsc: ("ccol_indices", "row_indices", "values"),
    }.get(tensor.layout, ())
    pairs = [(getattr(tensor, name)(), getattr(saved, name)()) for name in names]
    return all(one.shape == other.shape and torch.equal(_bits(one), _bits(other)) for one, other in pairs)
