"""A model and its process, put back as they were: so a training goes on as if nobody had looked."""

import random
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

# What a module may hold that the forward pass fills: their contents are put back too.
CONTAINERS = (dict, list, set, deque)


@contextmanager
def untouched(model: nn.Module | None = None) -> Iterator[None]:
    """Undo what happens in the block to the random generators, to autograd's and torch's modes, and to a model.

    In the block gradients are off, autocast is off, and code that torch.compile made is not used. At its end, whatever
    happens, the following are as they were: the random generators of Python, NumPy, the CPU and the model's
    accelerators; and of each module of the model the attributes that it holds, its mode of training or evaluation among
    them, the contents of its dicts, lists and sets, its buffers and its own random generators. Weights and gradients
    are not copied: without gradients nothing but code that assigns weights in a forward pass changes them.

    Parameters
    ----------
    model : Module, optional
    """
    devices = _devices(model)
    with ExitStack() as stack:
        _keep_generators(stack, devices)
        if model is not None:
            for module in model.modules():
                _keep_module(stack, module)
        stack.callback(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled())
        # Torch's fast path through transformers does not run the modules within.
        torch.backends.mha.set_fastpath_enabled(False)
        # Tensors made in inference mode could not take part in the training later, if a model keeps one.
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.no_grad())
        for kind in {"cpu", *(device.type for device in devices)}:
            # Of a device for which torch has no autocast nothing has to be switched off.
            with suppress(RuntimeError):
                stack.enter_context(torch.autocast(kind, enabled=False))
        # Where nothing was compiled, torch._dynamo is not loaded; loading it takes seconds.
        if "torch._dynamo" in sys.modules:
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        yield


def _devices(model: nn.Module | None) -> set[torch.device]:
    if model is None:
        return set()
    return {tensor.device for tensor in (*model.parameters(), *model.buffers())}


def _keep_generators(stack: ExitStack, devices: set[torch.device]) -> None:
    """Have the stack put back the state of each random generator."""
    stack.callback(random.setstate, random.getstate())
    stack.callback(np.random.set_state, np.random.get_state())
    stack.callback(torch.set_rng_state, torch.get_rng_state())
    for device in devices:
        if device.type == "cuda":
            stack.callback(torch.cuda.set_rng_state, torch.cuda.get_rng_state(device), device)
        elif device.type == "mps":
            stack.callback(torch.mps.set_rng_state, torch.mps.get_rng_state())
        elif device.type == "xpu":
            stack.callback(torch.xpu.set_rng_state, torch.xpu.get_rng_state(device), device)


def _keep_module(stack: ExitStack, module: nn.Module) -> None:
    """Have the stack put back what a module holds itself."""
    attributes = dict(module.__dict__)
    # What was registered first is undone last: first the contents, then which objects the attributes are.
    stack.callback(_put_back, module.__dict__, attributes)
    for value in (*attributes.values(), *module._buffers.values()):
        if isinstance(value, CONTAINERS):
            stack.callback(_put_back, value, dict(value) if isinstance(value, dict) else list(value))
        elif isinstance(value, Tensor):
            version = 0 if value.is_inference() else value._version
            stack.callback(_put_back_tensor, value, version, value.detach().clone())
        elif isinstance(value, torch.Generator):
            stack.callback(value.set_state, value.get_state())
        elif isinstance(value, np.random.Generator):
            stack.callback(partial(setattr, value.bit_generator, "state", value.bit_generator.state))
        elif isinstance(value, random.Random):
            stack.callback(value.setstate, value.getstate())


def _put_back(container: dict | list | set | deque, saved: dict | list) -> None:
    """Give a container the contents that it had, if it has others. What is equal but another object counts as other."""
    same = list(map(id, container)) == list(map(id, saved))
    if same and isinstance(container, dict):
        same = all(container[key] is value for key, value in saved.items())
    if same:
        return
    container.clear()
    container.extend(saved) if isinstance(container, (list, deque)) else container.update(saved)


def _put_back_tensor(tensor: Tensor, version: int, saved: Tensor) -> None:
    """Give a tensor the numbers that it had, if it has others."""
    # Autograd counts the changes of a tensor. One that did not change is left alone, so that a graph that holds it
    # stays usable; .data is written, since that is not counted as one more change.
    if (not tensor.is_inference() and tensor._version != version) or not torch.equal(tensor, saved):
        tensor.data.copy_(saved)
