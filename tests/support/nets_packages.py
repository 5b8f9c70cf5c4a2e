"""Folders with a model that imports from its package, in the ways in which people write it."""

from pathlib import Path

NET = """
from torch import nn
{imports}


class Net(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.mark = MARK
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(4, num_classes))

    def forward(self, x):
        return self.body(x)
"""

# The model's file, and what it imports; each is the content of a file, by its path. The file with MARK comes last.
LAYOUTS = {
    "its own folder": {"net.py": "from blocks import MARK", "blocks.py": ""},
    "its own folder, a package": {
        "nets/__init__.py": "",
        "nets/net.py": "from blocks import MARK",
        "nets/blocks.py": "",
    },
    "absolute": {"nets/__init__.py": "", "nets/net.py": "from nets.blocks import MARK", "nets/blocks.py": ""},
    "relative": {"nets/__init__.py": "", "nets/net.py": "from .blocks import MARK", "nets/blocks.py": ""},
    "absolute, no __init__": {"nets/net.py": "from nets.blocks import MARK", "nets/blocks.py": ""},
    "relative, no __init__": {"nets/net.py": "from .blocks import MARK", "nets/blocks.py": ""},
    "two levels": {
        "a/__init__.py": "",
        "a/b/__init__.py": "",
        "a/b/net.py": "from ..c.d import MARK",
        "a/c/__init__.py": "",
        "a/c/d.py": "",
    },
    "two levels, no __init__": {"a/b/net.py": "from ..c.d import MARK", "a/c/d.py": ""},
    "two levels, absolute, no __init__": {"a/b/net.py": "import a.c.d\nMARK = a.c.d.MARK", "a/c/d.py": ""},
    "next to its package": {
        "models/__init__.py": "",
        "models/net.py": "from helpers.blocks import MARK",
        "helpers/__init__.py": "",
        "helpers/blocks.py": "",
    },
    "next to its folder": {"models/net.py": "from helpers_of_mine.blocks import MARK", "helpers_of_mine/blocks.py": ""},
    "through another file": {
        "nets/__init__.py": "",
        "nets/net.py": "from .middle import MARK",
        "nets/middle.py": "from nets.last import MARK",
        "nets/last.py": "",
    },
    "through the package": {"nets/__init__.py": "from .net import Net", "nets/net.py": "from .blocks import MARK"}
    | {"nets/blocks.py": ""},
    "a package that is called as this workflow's": {
        "evolution/__init__.py": "",
        "evolution/net.py": "from .blocks import MARK",
        "evolution/blocks.py": "",
    },
    "a module next to it that is called as this workflow's": {
        "net.py": "import evolution\nMARK = evolution.MARK",
        "evolution.py": "",
    },
    "absolute, in a package that is called as this workflow's": {
        "evolution/__init__.py": "from evolution.last import MARK",
        "evolution/net.py": "from evolution import MARK",
        "evolution/last.py": "",
    },
    "next to a folder that is called as this workflow's": {
        "models/net.py": "from evolution.blocks import MARK",
        "evolution/blocks.py": "",
    },
    "a package that is called as one in use": {
        "torch/__init__.py": "",
        "torch/net.py": "from .blocks import MARK",
        "torch/blocks.py": "",
    },
    "a file that is called as a script of this workflow": {
        "settings/net.py": "from train import MARK",
        "train.py": "",
    },
}


def write_layout(folder: Path, layout: dict[str, str], *, mark: int) -> Path:
    """Write the files of a layout; the path of the one with the model."""
    *_, last = layout
    for name, content in layout.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name == "net.py":
            content = NET.format(imports=content)
        path.write_text(content + (f"\nMARK = {mark}\n" if name == last else "\n"))
    return next(folder.rglob("net.py"))
