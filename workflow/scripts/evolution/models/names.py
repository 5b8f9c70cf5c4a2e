"""The names of `model.name`: a model of this workflow, of torchvision or of transformers, or a class of the user's."""

import re
from pathlib import Path

TORCHVISION = "torchvision."

# A model of the transformers package, which its config.json describes.
TRANSFORMERS = "transformers"

OWN_CLASS = re.compile(r"(?P<file>.+\.py):(?P<attribute>[A-Za-z_]\w*)")

PACKAGE_CLASS = re.compile(r"(?P<module>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*):(?P<attribute>[A-Za-z_]\w*)")


def own_class(name: str) -> tuple[Path, str] | None:
    """The file and the name in it of `path/to/file.py:ClassName`; None for any other model."""
    match = OWN_CLASS.fullmatch(name)
    return (Path(match["file"]).expanduser(), match["attribute"]) if match else None


def package_class(name: str) -> tuple[str, str] | None:
    """The module and the name in it of `package.module:ClassName`; None for any other model."""
    match = None if own_class(name) else PACKAGE_CLASS.fullmatch(name)
    return (match["module"], match["attribute"]) if match else None


def is_theirs(name: str) -> bool:
    """Whether a model is a class of the user's, in a file or in a package."""
    return own_class(name) is not None or package_class(name) is not None


def torchvision_name(name: str) -> str | None:
    """resnet18 of `torchvision.resnet18`; None for any other model."""
    return name.removeprefix(TORCHVISION) if name.startswith(TORCHVISION) and not is_theirs(name) else None


def outputs_argument(name: str) -> str:
    """The key of model.kwargs that says how many outputs a model of this workflow or of torchvision has.

    The data say it, unless they have no labels.
    """
    return "num_classes" if torchvision_name(name) else "classes"


def outputs_unknown(name: str) -> str:
    """That nothing says how many outputs a model of this workflow or of torchvision has."""
    return (
        f"{name} needs the number of its outputs, and data without labels do not say it; write model: {{kwargs: "
        f"{{{outputs_argument(name)}: 16}}}}, or where the outputs stand for classes name these in class_names of the "
        "data"
    )


def short_name(name: str) -> str:
    """How figures and messages call a model: a user's class without its folder."""
    own = own_class(name)
    return f"{own[0].name}:{own[1]}" if own else name
