"""A model and its process, put back as they were: so a training goes on as if nobody had looked."""

import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import numpy as np
import torch
from torch import nn

from activation_recorder.kept import kept


@contextmanager
def untouched(model: nn.Module | None = None) -> Iterator[None]:
    """Undo what happens in the block to the random generators, to autograd's and torch's modes, and to a model.

    In the block gradients are off, autocast is off, and code that torch.compile made is not used. At its end, whatever
    happens, the following are as they were: the random generators of Python, NumPy, the CPU and the model's
    accelerators; and what the model holds, see `activation_recorder.kept`. Weights and gradients are not copied:
    without gradients nothing but code that assigns weights in a forward pass changes them.

    Parameters
    ----------
    model : Module, optional
    """
    devices = _devices(model)
    with ExitStack() as stack:
        _keep_generators(stack, devices)
        if model is not None:
            for undo in kept(model):
                stack.callback(undo)
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
