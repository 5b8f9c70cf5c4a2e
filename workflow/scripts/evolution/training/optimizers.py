"""torch's optimizers: built from the config, their state for a checkpoint, and their learning rates."""

import difflib
import inspect
from collections.abc import Iterable

import torch

from evolution.errors import UserError, first_line

# What an ordinary step of a training does not give, by the optimizer that needs it.
UNUSABLE = {
    "LBFGS": "it evaluates the loss several times a step, and a step here evaluates it once",
    "SparseAdam": "it takes sparse gradients only, and those of a training here are dense",
}

# Arguments of an optimizer that come from elsewhere.
GIVEN = {
    "params": "they are the network's own",
    "lr": "training.learning_rate sets it",
    "weight_decay": "training.weight_decay sets it",
}


def make_optimizer(
    name: str,
    kwargs: dict,
    parameters: Iterable[torch.nn.Parameter],
    *,
    learning_rate: float,
    weight_decay: float,
) -> torch.optim.Optimizer:
    """One of torch's optimizers.

    Parameters
    ----------
    name : str
        `training.optimizer` of the config: a class of torch.optim, as it is written there or in lower case.
    kwargs : dict
        `training.optimizer_kwargs` of the config: further arguments of the class. A list becomes a tuple.
    parameters : iterable of Parameter
    learning_rate, weight_decay : float

    Returns
    -------
    Optimizer

    Raises
    ------
    UserError
        If there is no such optimizer, it cannot train here, or it does not take an argument or its value.
    """
    optimizer_class = _optimizer_class(name)
    shown = optimizer_class.__name__
    takes = list(inspect.signature(optimizer_class).parameters)
    _check_arguments(shown, kwargs, [argument for argument in takes if argument not in GIVEN])
    rates = {"lr": learning_rate, "weight_decay": weight_decay}
    if "weight_decay" not in takes:
        if weight_decay:
            raise UserError(f"torch.optim.{shown} has no weight decay; set it to 0", "training.weight_decay")
        del rates["weight_decay"]
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in kwargs.items()}
    # A generator would be used up by the first try.
    parameters = list(parameters)
    refusals = (ValueError, TypeError, RuntimeError, IndexError)
    try:
        return optimizer_class(parameters, **rates, **given)
    except refusals as error:
        refused = error
    try:
        optimizer_class(parameters, **rates)
    except refusals:
        # The arguments are not to blame.
        raise UserError(f"torch.optim.{shown}: {first_line(refused)}", "training.optimizer") from refused
    values = ", ".join(f"{key}={value!r}" for key, value in kwargs.items())
    raise UserError(
        f"torch.optim.{shown} with {values}: {first_line(refused)}", "training.optimizer_kwargs"
    ) from refused


def _optimizer_class(name: str) -> type[torch.optim.Optimizer]:
    """The class of torch.optim with this name."""
    classes = {
        each.__name__: each
        for each in vars(torch.optim).values()
        if inspect.isclass(each) and issubclass(each, torch.optim.Optimizer) and each is not torch.optim.Optimizer
    }
    found = next((each for each in classes if name in (each, each.lower())), None)
    if found is None:
        usable = sorted(set(classes) - set(UNUSABLE))
        spelled = {each.lower(): each for each in usable}
        near = difflib.get_close_matches(name.lower(), spelled, n=1)
        hint = f"did you mean {spelled[near[0]]}? " if near else ""
        raise UserError(f"torch.optim has no optimizer {name}; {hint}it has {', '.join(usable)}", "training.optimizer")
    if found in UNUSABLE:
        raise UserError(f"torch.optim.{found} cannot be used: {UNUSABLE[found]}", "training.optimizer")
    return classes[found]


def _check_arguments(shown: str, kwargs: dict, takes: list[str]) -> None:
    """Refuse arguments that come from elsewhere, or that the optimizer does not have."""
    for key in kwargs:
        if key in GIVEN:
            raise UserError(f"leave {key} out; {GIVEN[key]}", "training.optimizer_kwargs")
    unknown = [str(key) for key in kwargs if key not in takes]
    if unknown:
        near = difflib.get_close_matches(unknown[0], takes, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UserError(
            f"{', '.join(unknown)} is no argument of torch.optim.{shown}; {hint}it takes {', '.join(takes)}",
            "training.optimizer_kwargs",
        )


def optimizer_state(optimizer: torch.optim.Optimizer) -> dict:
    """The optimizer's state on the CPU, so that a checkpoint can be read where there is no GPU."""
    state = optimizer.state_dict()
    return state | {"state": _on_cpu(state["state"])}


def _on_cpu(value: object) -> object:
    """A value with all tensors in it on the CPU, in dicts, lists and tuples too."""
    if isinstance(value, torch.Tensor):
        return value.cpu()
    if isinstance(value, dict):
        return {key: _on_cpu(each) for key, each in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_on_cpu(each) for each in value)
    return value


def base_rates(optimizer: torch.optim.Optimizer) -> list[float]:
    """The learning rate of each group of parameters.

    It is the one that a schedule multiplies only in an optimizer as it was built. Afterwards, and with the state of a
    checkpoint, it is that of a step.
    """
    return [group["lr"] for group in optimizer.param_groups]


def set_rates(optimizer: torch.optim.Optimizer, base_rates: list[float], factor: float) -> None:
    """Set the learning rate of each group of parameters to `factor` times its base rate."""
    for group, rate in zip(optimizer.param_groups, base_rates, strict=True):
        group["lr"] = rate * factor
