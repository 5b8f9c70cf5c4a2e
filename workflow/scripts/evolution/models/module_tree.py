"""What a model is made of, found out by running images through it: a program of its own, which planning starts.

It reads a request as JSON from standard input and writes the tree to the file that the request names. A model that
cannot be built or run ends it with code 3, and the last line of its output is JSON with the problem, and the config's
key where it is known.
"""

import evolution.startup.load_torch  # noqa: F401 - before torch

# isort: split

import json
import re
import sys

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter

from evolution import PIXELS
from evolution.errors import LayerError, UserError
from evolution.io.whole_files import whole_file
from evolution.models.build import build_model
from evolution.models.model_file import described
from evolution.models.names import own_class
from evolution.models.outputs import check_batch, output_tensor
from evolution.models.selection import REPEATED

# Two sizes of batch: a dimension that is the batch follows both.
BATCHES = (2, 3)

# Layers name files.
NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")


def trace(model: nn.Module, shape: tuple[int, int, int], classes: int) -> list[dict]:
    """Run images through a model in evaluation mode, and note what each module does.

    Parameters
    ----------
    model : Module
    shape : tuple of int
        Channels, height and width of an image.
    classes : int

    Returns
    -------
    list of dict
        A row a module, in the order of `named_modules`, the model itself left out: name; type (its class); shape (of
        its output, a sample; null without one); parameters (its own and its modules'); own_parameters (number of its
        own tensors); fault (null, or why it cannot be followed).

    Raises
    ------
    UserError
        If the model does not put out (N, classes) numbers.
    """
    modules = {name: module for name, module in model.named_modules() if name}
    lazy = [name for name, parameter in model.named_parameters() if isinstance(parameter, UninitializedParameter)]
    if lazy:
        raise UserError(f"{lazy[0]} has no size before images pass: lazy layers cannot be used, give their sizes")
    runs = dict.fromkeys(modules, 0)
    shapes: dict[str, tuple[int, ...]] = {}
    faults: dict[str, str] = {}
    samples = 0

    def look(name):
        def hook(module, inputs, output):
            runs[name] += 1
            try:
                tensor, _ = output_tensor(output)
                shape = tuple(tensor.shape)
                check_batch(shape, samples)
                if shapes.setdefault(name, shape[1:]) != shape[1:]:
                    raise LayerError("puts out another shape for other batches")
            except LayerError as error:
                faults.setdefault(name, str(error))

        return hook

    hooks = [module.register_forward_hook(look(name)) for name, module in modules.items()]
    model.eval()
    try:
        with torch.inference_mode():
            for samples in BATCHES:
                runs.update(dict.fromkeys(runs, 0))
                _check_logits(model(torch.zeros(samples, *shape)), samples, classes)
    finally:
        for hook in hooks:
            hook.remove()
    # Some put out more, or take less, while they train.
    with torch.no_grad():
        _check_logits(model.train()(torch.zeros(samples, *shape)), samples, classes)
    for name, count in runs.items():
        if count == 0:
            faults[name] = "does not run as an image passes"
        elif count > 1:
            faults[name] = REPEATED
        elif name == PIXELS:
            faults[name] = "is called as the raw images are; rename it"
        elif not NAME.fullmatch(name):
            faults[name] = "has a name with other signs than letters, digits and _"
    return [
        {
            "name": name,
            "type": type(module).__name__,
            "shape": shapes.get(name),
            "parameters": sum(parameter.numel() for parameter in module.parameters()),
            "own_parameters": len(list(module.parameters(recurse=False))),
            "fault": faults.get(name),
        }
        for name, module in modules.items()
    ]


def _check_logits(output: object, samples: int, classes: int) -> None:
    """Refuse a model whose output is not a number for each image and class."""
    shape = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
    if shape != (samples, classes):
        raise UserError(
            f"it must put out one number for each image and class, here ({samples}, {classes}), not {shape}"
        )


def main() -> None:
    request = json.loads(sys.stdin.readline())
    # Where torch takes its short cut through transformers, the modules within do not run.
    torch.backends.mha.set_fastpath_enabled(False)
    name, shape, classes = request["name"], tuple(request["shape"]), request["classes"]
    own = own_class(name)
    try:
        tree = trace(build_model(name, request["kwargs"], shape, classes, seed=0), shape, classes)
    except Exception as error:  # A user's code may raise anything.
        if not isinstance(error, UserError):
            error = UserError(described(error, own[0]) if own else f"{type(error).__name__}: {error}")
        print(f"\n{json.dumps({'key': error.key, 'problem': error.problem})}")
        sys.exit(3)
    with whole_file(request["answer"]) as temporary:
        temporary.write_text(json.dumps(tree, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
