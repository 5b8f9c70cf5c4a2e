"""The layers of a recording in the form of a model's modules, of which `layers` of the config chooses.

A module of its own, because jobs read recordings and choose no layers.
"""

from evolution import RAW_INPUTS
from evolution.models.selection import Modules, spread_layers
from evolution.sources.recording import Recording
from evolution.sources.recording_format import INPUTS, LAYER_NAME


def recorded_modules(recording: Recording) -> Modules:
    """The layers that can be followed, and what `layers: auto` stands for."""
    fit = [name for name in recording.layers if LAYER_NAME.fullmatch(name) and name != RAW_INPUTS]
    unfit = {
        name: f"stands for the raw inputs, which are called {INPUTS}.npy"
        if name == RAW_INPUTS
        else "has a name with something else than letters, digits, _ and single dots between"
        for name in recording.layers
        if name not in fit
    }
    return Modules(fit, unfit, spread_layers(fit))
