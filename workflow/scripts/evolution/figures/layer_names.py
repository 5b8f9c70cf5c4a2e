"""What layers are called where people read them: in figures, on pages and in tables."""

from evolution import RAW_INPUTS
from evolution.data.kinds import BASELINES, OTHER


def layer_title(layer: str, baseline: str = BASELINES[OTHER]) -> str:
    """A layer's name for readers: the module's name, or what the raw inputs are called.

    The modules of nn.Sequential are called by numbers, which say nothing alone.

    Parameters
    ----------
    layer : str
    baseline : str
        Of `evolution.data.kinds.BASELINES`, by what the samples are.
    """
    return baseline if layer == RAW_INPUTS else f"layer {layer}" if layer.isdigit() else layer
