"""The device that a network runs on."""

from typing import TYPE_CHECKING

from evolution.errors import UserError

# torch is imported where it is needed: a job that measures reads this module, and most of them do without torch.
if TYPE_CHECKING:
    import torch

# What torch says of a lack of main memory, for which it has no exception class.
NO_MEMORY = "can't allocate memory"


def lacks_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out, a GPU's or the machine's."""
    import torch

    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or NO_MEMORY in str(error)


def choose_device(name: str, *, key: str) -> "torch.device":
    """The device that the config asks for.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda"}
        auto takes the first GPU where there is one.
    key : str
        The key of the config, for the message.

    Raises
    ------
    UserError
        If cuda is asked for and torch finds no GPU.
    """
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "cuda was asked for, and torch finds no usable GPU here. Set it to auto or cpu, or run where a GPU is "
            "(nvidia-smi shows it).",
            key=key,
        )
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def device_said(name: str, device: "torch.device | None") -> str:
    """The device for a job's log, with the reason where the config leaves the choice and it is the CPU.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda"}
        What the config asks for.
    device : torch.device or None
        None is the CPU, without torch.
    """
    if device is not None and device.type != "cpu":
        return str(device)
    return "cpu, as torch finds no usable GPU here" if name == "auto" else "cpu"


def exact_on_gpu() -> None:
    """Have a GPU multiply in whole float32, and choose the same algorithms each time, as far as torch has them."""
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.use_deterministic_algorithms(True, warn_only=True)
    # torch then fills new memory, to expose operations that read what nobody wrote. This takes time.
    torch.utils.deterministic.fill_uninitialized_memory = False
