"""What layers are called where people read them: in figures, on pages and in tables."""

from evolution import RAW_INPUTS


def layer_title(layer: str) -> str:
    """A layer's name for readers: the module's name, or "raw inputs".

    The modules of nn.Sequential are called by numbers, which say nothing alone.
    """
    return "raw inputs" if layer == RAW_INPUTS else f"layer {layer}" if layer.isdigit() else layer
