"""What layers are called where people read them: in figures, on pages and in tables."""

from evolution import PIXELS


def layer_title(layer: str) -> str:
    """A layer's name for readers: the module's name, or "raw inputs".

    The modules of nn.Sequential are called by numbers, which say nothing alone.
    """
    return "raw inputs" if layer == PIXELS else f"layer {layer}" if layer.isdigit() else layer
