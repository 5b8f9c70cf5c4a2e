"""The names of `model.name`: a model of this workflow, one of torchvision's, or a class in a file of the user's."""

import re
from pathlib import Path

TORCHVISION = "torchvision."

OWN_CLASS = re.compile(r"(?P<file>.+\.py):(?P<attribute>[A-Za-z_]\w*)")


def own_class(name: str) -> tuple[Path, str] | None:
    """The file and the name in it of `path/to/file.py:ClassName`; None for any other model."""
    match = OWN_CLASS.fullmatch(name)
    return (Path(match["file"]).expanduser(), match["attribute"]) if match else None


def torchvision_name(name: str) -> str | None:
    """resnet18 of `torchvision.resnet18`; None for any other model."""
    return name.removeprefix(TORCHVISION) if name.startswith(TORCHVISION) else None


def short_name(name: str) -> str:
    """How figures and messages call a model: a user's class without its folder."""
    own = own_class(name)
    return f"{own[0].name}:{own[1]}" if own else name
