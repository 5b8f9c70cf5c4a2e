"""The modules of a model, found out by running images through it: a program of its own, which the planner starts.

The program reads a request as YAML from standard input, and writes the module tree to the file that the request names.
If the model cannot be built or run, it ends with code 3, and the last line of its output is JSON: the key of the config
that the problem lies at, or null, and the problem.
"""

from evolution.startup.collection import without_collections

with without_collections():
    import torch

# isort: split

import json
import re
import sys
from collections.abc import Callable

import yaml
from torch import nn
from torch.nn.parameter import UninitializedParameter

from evolution import RAW_INPUTS
from evolution.data.kinds import CLASSES, NONE, NUMBER, TOKENS
from evolution.data.own_samples import first_samples
from evolution.errors import LayerError, ModelError, UserError
from evolution.io.whole_files import whole_file
from evolution.models.build import build_model, model_source
from evolution.models.hooks import ForwardPasses, Inputs
from evolution.models.model_file import describe_exception
from evolution.models.names import own_class
from evolution.models.outputs import check_batch, logits_of, output_tensor
from evolution.models.selection import REPEATED
from evolution.planning.programs import FAULT

# Sizes of batch that are tried: two, which tell the batch's dimension from one that has that size by chance.
BATCHES = (2, 3)

# What a layer may be called, as its name becomes a file's.
NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")


def trace(
    model: nn.Module,
    shape: tuple[int, ...],
    classes: int | None,
    samples_given: Callable[[int], Inputs] | None = None,
    *,
    target: str = CLASSES,
) -> list[dict]:
    """Run samples through a model in evaluation mode, and note what each module does.

    Parameters
    ----------
    model : Module
    shape : tuple of int
        Of a sample.
    classes : int or None
        The numbers that it has to put out for each sample; None where any will do.
    samples_given : function of a count, optional
        Gives so many samples to run. By default they are zeros.
    target : str
        One of `evolution.data.kinds.TARGETS`.

    Returns
    -------
    list of dict
        A row for each module in the order of `named_modules`, without the model itself: name; type (its class); shape
        (of its output for one sample; None if it has none); parameters (its own and those of the modules in it);
        own_parameters (number of its own tensors); fault (None, or why it cannot be followed).

    Raises
    ------
    ModelError
        If the model does not put out (N, classes) numbers; for a number it may be (N,) too, and without labels any row.
    """
    modules = {name: module for name, module in model.named_modules() if name}
    lazy = [name for name, parameter in model.named_parameters() if isinstance(parameter, UninitializedParameter)]
    if lazy:
        raise ModelError(f"{lazy[0]} has no size before samples pass: lazy layers cannot be used, give their sizes")
    shapes: dict[str, tuple[int, ...]] = {}
    faults: dict[str, str] = {}

    def note(name, inputs, output):
        try:
            tensor, _ = output_tensor(output)
            check_batch(tuple(tensor.shape), samples)
            sample_shape = tuple(tensor.shape[1:])
            if shapes.setdefault(name, sample_shape) != sample_shape:
                raise LayerError("puts out another shape for other batches")
        except LayerError as error:
            faults.setdefault(name, error.problem)

    given = samples_given or (lambda count: Inputs({"": torch.zeros(count, *shape)}))
    with ForwardPasses(model, modules, note) as recording:
        for samples in BATCHES:
            _check_logits(recording.run(given(samples)), samples, classes, target)
    # Some put out more, or take less, while they train.
    with torch.no_grad():
        _check_logits(given(samples).given_to(model.train()), samples, classes, target)
    for name, count in recording.runs.items():
        if count == 0:
            faults[name] = "does not run as a sample passes"
        elif count > 1:
            faults[name] = REPEATED
        elif name == RAW_INPUTS:
            faults[name] = "is called as the raw inputs are; rename it"
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


def _check_logits(output: object, samples: int, classes: int | None, target: str) -> None:
    """Refuse a model whose output is not a number for each sample and class, or what another target asks for."""
    shape = tuple(logits_of(output).shape)
    if target == NONE:
        if shape[:1] != (samples,):
            raise ModelError(f"it must put out a row for each sample, here of {samples} samples, not {shape}")
        return
    if target == NUMBER and shape != (samples,) and shape != (samples, 1):
        raise ModelError(
            f"it must put out one number for each sample, here ({samples}, 1), not {shape}; what sets the number of "
            "outputs belongs into model.kwargs"
        )
    if target != NUMBER and shape != (samples, classes):
        # A name of its own for the number of classes, which is then not filled in.
        named = "; what sets the number of classes belongs into model.kwargs" if len(shape) == 2 else ""
        raise ModelError(
            f"it must put out one number for each sample and class, here ({samples}, {classes}), not {shape}{named}"
        )


def tokens(count: int, shape: tuple[int, ...], vocabulary: int) -> torch.Tensor:
    """Samples of tokens without padding, int64 (count, *shape): all tokens in turn."""
    each = torch.arange(shape[0]) % max(1, vocabulary - 1) + 1
    return each.repeat(count, 1)


def main() -> None:
    """Answer the request on standard input."""
    request = yaml.safe_load(sys.stdin)
    name = request["name"]
    try:
        if request["shape"] is None:
            inputs, facts = first_samples(
                *own_class(request["data"]), count=BATCHES[-1], seed=request["seed"], **request.get("said", {})
            )
            shape, given = tuple(next(iter(inputs.values())).shape[1:]), Inputs(inputs)
            request |= facts.asked()
        elif request.get("kind") == TOKENS:
            shape = tuple(request["shape"])
            given = Inputs({"": tokens(BATCHES[-1], shape, request["vocabulary"])})
        else:
            shape = tuple(request["shape"])
            given = Inputs({"": torch.zeros(BATCHES[-1], *shape)})
        classes, vocabulary = request["classes"], request["vocabulary"] if request.get("kind") == TOKENS else None
        model = build_model(name, kwargs=request["kwargs"], shape=shape, classes=classes, vocabulary=vocabulary, seed=0)
        tree = trace(model, shape, classes, lambda count: given[:count], target=request.get("target", CLASSES))
    except Exception as error:  # A user's code may raise anything.
        if isinstance(error, UserError):
            answer = {"key": error.key, "problem": error.problem}
        else:
            answer = {"key": None, "problem": describe_exception(error, model_source(name))}
        print(f"\n{json.dumps(answer)}")
        sys.exit(FAULT)
    with whole_file(request["answer"]) as temporary:
        temporary.write_text(json.dumps(tree, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
