"""The network in what a training wraps around it, and what its modules are called."""

from itertools import chain

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from activation_recorder.errors import RecorderError

# Classes that hold a network in this attribute: torch.compile's, and those of several processes or devices.
WRAPPERS = {"OptimizedModule": "_orig_mod", "DistributedDataParallel": "module", "DataParallel": "module"}

# What torch.compile puts into the name of a module.
COMPILED = "_orig_mod"


def unwrapped(model: nn.Module) -> nn.Module:
    """The network itself, which is run without torch.compile, and by one process alone.

    Raises
    ------
    RecorderError
        If `model` is no module, or if no single process has all its weights.
    """
    if not isinstance(model, nn.Module):
        raise RecorderError(f"model is a {type(model).__name__}; give a torch.nn.Module.")
    while (inner := WRAPPERS.get(type(model).__name__)) is not None and hasattr(model, inner):
        model = getattr(model, inner)
    if isinstance(model, torch.jit.ScriptModule):
        raise RecorderError(
            "model was made by torch.jit, so the outputs of its modules cannot be seen. Give the module that it was "
            "made from; torch.compile is no problem."
        )
    lazy = [name for name, tensor in chain(model.named_parameters(), model.named_buffers()) if is_lazy(tensor)]
    if lazy:
        raise RecorderError(
            f"{lazy[0]} has no size before samples pass, and the recorder must not be what fixes it. Pass a batch "
            "through the model first, or build it with sizes."
        )
    kinds = {type(module).__name__ for module in model.modules()}
    spread = "FullyShardedDataParallel" in kinds or any(
        type(parameter).__name__ == "DTensor" or hasattr(parameter, "ds_id") for parameter in model.parameters()
    )
    if spread:
        raise RecorderError(
            "the model's weights are spread over several processes (FSDP, tensor parallelism or DeepSpeed ZeRO 3), so "
            "one process cannot run it. Save checkpoints, and study these instead."
        )
    return model


def named_modules(network: nn.Module) -> dict[str, nn.Module]:
    """The network's modules by dotted name, in network order, without the network itself.

    A part that was compiled has the name that it would have otherwise.
    """
    modules = {}
    for name, module in network.named_modules():
        plain = ".".join(part for part in name.split(".") if part != COMPILED)
        if plain:
            modules[plain] = module
    return modules
