"""Passes of samples through a network in evaluation mode, and what its modules put out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial

import torch
from torch import nn

from activation_recorder.errors import RecorderError
from activation_recorder.network import named_modules
from activation_recorder.outputs import LayerFault, check_batch, logits_of, output_tensor
from activation_recorder.samples import Samples
from activation_recorder.selection import TracedModule, name_fault
from activation_recorder.untouched import untouched

# Sizes of batch that are tried: two, which tell the batch's dimension from one that has that size by chance.
BATCHES = (2, 3)

# Why a module that has several outputs cannot be followed.
SCRIPTED = "was made by torch.jit, so its output cannot be seen"
REPEATED = "runs more than once as a sample passes, so it has several outputs"
IDLE = "does not run as a sample passes"


@contextmanager
def evaluated(
    network: nn.Module, modules: Mapping[str, nn.Module], note: Callable[[str, tuple, object], None]
) -> Iterator[Callable[[Samples], object]]:
    """A network in evaluation mode, with a call of `note` whenever a watched module has run.

    At the end of the block everything is as it was, see `activation_recorder.untouched`.

    Parameters
    ----------
    network : Module
    modules : mapping of str to Module
        The modules to watch, by name.
    note : function of a module's name, its inputs (a tuple) and its output

    Yields
    ------
    function of Samples
        Passes them through the network, and returns what it puts out.
    """
    with ExitStack() as stack:
        stack.enter_context(untouched(network))
        for module in network.modules():
            # Not .eval(): a method of the user's may do more than set the mode, such as merging weights.
            module.training = False
            # Accelerate puts autocast into the model's own forward.
            if "_original_forward" in module.__dict__ and "forward" in module.__dict__:
                module.forward = module._original_forward
        for name, module in modules.items():
            stack.callback(module.register_forward_hook(partial(_noted, note, name)).remove)
        yield lambda samples: samples.given_to(network)


def _noted(note: Callable[[str, tuple, object], None], name: str, module: nn.Module, inputs: tuple, output: object):
    note(name, inputs, output)


def trace(network: nn.Module, samples: Samples) -> tuple[list[TracedModule], int | None]:
    """Pass a few samples through a network, and note what each module does.

    Parameters
    ----------
    network : Module
    samples : Samples

    Returns
    -------
    modules : list of TracedModule
        In the order of `named_modules`.
    classes : int or None
        How many numbers the network gives for a sample; None where its output is no tensor (N, classes).

    Raises
    ------
    RecorderError
        If the network cannot be run on the samples.
    """
    modules = named_modules(network)
    shapes: dict[str, tuple[int, ...]] = {}
    faults: dict[str, str] = {}
    classes = set()
    watched = {name: module for name, module in modules.items() if not isinstance(module, torch.jit.ScriptModule)}
    runs = dict.fromkeys(watched, 0)

    def note(name: str, inputs: tuple, output: object) -> None:
        runs[name] += 1
        try:
            tensor = output_tensor(output)
            check_batch(tuple(tensor.shape), len(part))
            shape = tuple(tensor.shape[1:])
            if shapes.setdefault(name, shape) != shape:
                raise LayerFault("puts out another shape for other batches")
        except LayerFault as fault:
            faults.setdefault(name, str(fault))

    try:
        with evaluated(network, watched, note) as run:
            for size in BATCHES:
                part = samples[:size]
                runs.update(dict.fromkeys(runs, 0))
                logits = logits_of(run(part))
                classes.add(logits.shape[1] if logits is not None and len(logits) == len(part) else None)
    except Exception as error:  # A user's model may raise anything.
        remedy = (
            f"Give a {type(network).__name__} with a forward, or the network within it."
            if isinstance(error, NotImplementedError) and "forward" in str(error)
            else "Give inputs as its forward takes them in training: one tensor, or a dict of tensors by the names of "
            "its arguments."
        )
        raise RecorderError(
            f"the model cannot be run on the first samples of inputs ({type(error).__name__}: {error}). {remedy}"
        ) from error
    faults |= dict.fromkeys(modules.keys() - watched.keys(), SCRIPTED)
    for name, count in runs.items():
        fault = IDLE if count == 0 else REPEATED if count > 1 else name_fault(name)
        if fault is not None:
            faults[name] = fault
    traced = [
        TracedModule(
            name, type(module).__name__, shapes.get(name), len(list(module.parameters(recurse=False))), faults.get(name)
        )
        for name, module in modules.items()
    ]
    return traced, classes.pop() if len(classes) == 1 else None
