"""What all times of a recording share: its samples, its layers, what comes with them."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from evolution import PIXELS
from evolution.errors import ConfigError
from evolution.models.selection import Modules, spread_layers
from evolution.sources.file_names import UNITS

# The version of the format that is read here.
FORMAT = 1

# What a Recorder says of its recording.
SETTINGS_FILE = "recording.json"

# What a layer may be called: its name is part of paths.
LAYER_NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")

# What predictions hold.
OUTPUTS, CLASSES = "outputs", "classes"


@dataclass(frozen=True)
class Recording:
    """What all times of a recording share.

    Attributes
    ----------
    samples : int
    layers : dict of str to list of int
        Each layer's shape for one sample, in the order of the network as far as it is known.
    predictions : {"outputs", "classes"} or None
        What `predictions` holds: the model's outputs, or the classes that it predicts.
    classes : int or None
        How many classes there are, where the outputs or the classes' names say so.
    classifier : bool
        Whether the inputs and the weights of the last layer are there.
    inputs : bool
        Whether the raw inputs are there.
    dataset : str
        A digest of labels, ids, names, previews and inputs; empty where the folder is gone.
    """

    samples: int
    layers: dict[str, list[int]] = field(default_factory=dict)
    predictions: str | None = None
    classes: int | None = None
    classifier: bool = False
    inputs: bool = False
    dataset: str = ""

    def kept(self) -> dict:
        """What a record keeps: all but the digest of the samples, which are no longer read once the folder is gone."""
        return {name: value for name, value in asdict(self).items() if name != "dataset"}

    def left_out(self) -> list[str]:
        """What is left out because it is not there, a sentence each without its subject."""
        sentences = []
        if self.predictions is None:
            sentences.append(
                "has no predictions: accuracies, the figures of them, and what the explorer page says of them are left "
                "out."
            )
        elif self.predictions == CLASSES:
            sentences.append("has predicted classes and no outputs: the loss and the confidence are left out.")
        if not self.inputs:
            sentences.append("has no inputs.npy: the raw inputs are not followed.")
        return sentences

    def modules(self) -> Modules:
        """The layers that can be followed, and what `layers: auto` stands for."""
        fit = [name for name in self.layers if LAYER_NAME.fullmatch(name) and name != PIXELS]
        unfit = {
            name: "stands for the raw inputs, which are called inputs.npy"
            if name == PIXELS
            else "has a name with something else than letters, digits, _ and single dots between"
            for name in self.layers
            if name not in fit
        }
        return Modules(fit, unfit, spread_layers(fit))


def read_settings(folder: Path) -> dict:
    """What recording.json says: unit and layers, as far as it is there and says so.

    Raises
    ------
    ConfigError
        If it cannot be read, or is of another version of the format.
    """
    path = folder / SETTINGS_FILE
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror or error})", "path") from None
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON ({error}); write it again, or remove it", "path") from None
    if not isinstance(settings, dict) or settings.get("format") != FORMAT:
        said = settings.get("format") if isinstance(settings, dict) else settings
        raise ConfigError(
            f"{path} has the format {said!r}, and this workflow reads format {FORMAT}; take a version of the workflow "
            "that reads it, or remove the file where the folder is as docs/your-own-activations.md says",
            "path",
        )
    if settings.get("unit") not in (None, *UNITS):
        raise ConfigError(f"{path} has the unit {settings['unit']!r}; must be epoch or step", "path")
    return settings


def in_order(names: list[str], settings: dict) -> list[str]:
    """Layers in the order that recording.json gives, or else of their names, with numbers by value."""
    said = settings.get("layers")
    rank = {name: place for place, name in enumerate(said)} if isinstance(said, list) else {}

    def key(name: str) -> tuple:
        parts = re.split(r"(\d+)", name)
        return rank.get(name, len(rank)), [(int(part), "") if part.isdigit() else (-1, part) for part in parts]

    return sorted(names, key=key)
