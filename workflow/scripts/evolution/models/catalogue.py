"""The built-in networks' layers, so that a config can be checked without building them.

The tests compare it with the networks themselves.
"""

from dataclasses import dataclass

from evolution.data.kinds import IMAGES, OTHER, SIGNALS, TABLE, TOKENS
from evolution.models.selection import REPEATED, Modules


@dataclass(frozen=True)
class Architecture:
    """What is known of a model without building it.

    Attributes
    ----------
    layers : tuple of str
        The modules that run once as a sample passes, in network order.
    auto : tuple of str
        The layers that `layers: auto` stands for.
    repeated : tuple of str
        The modules that run more than once.
    arguments : tuple of str
        The keys that model.kwargs may have.
    kinds : tuple of str
        The kinds of input that it takes, see `evolution.data.kinds`.
    """

    layers: tuple[str, ...]
    auto: tuple[str, ...]
    repeated: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    kinds: tuple[str, ...] = (IMAGES,)

    def modules(self) -> Modules:
        """The modules, as the choice of layers wants them."""
        return Modules(self.layers, dict.fromkeys(self.repeated, REPEATED), self.auto)


# The modules of a block of the transformer.
BLOCK = ("norm1", "attention", "attention.qkv", "attention.out", "norm2", "fc1", "fc2")


def _block(name: str) -> tuple[str, ...]:
    return (name, *(f"{name}.{inner}" for inner in BLOCK))


ARCHITECTURES = {
    "small_cnn": Architecture(
        layers=("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "fc1", "fc2", "dropout"),
        auto=("conv1", "conv2", "conv3", "fc1", "fc2"),
        repeated=("pool",),
        arguments=("dropout",),
    ),
    "tiny_cnn": Architecture(
        layers=("conv1", "conv2", "fc1", "fc2"), auto=("conv1", "conv2", "fc1", "fc2"), repeated=("pool",)
    ),
    "mlp": Architecture(
        layers=("fc1", "fc2", "fc3"),
        auto=("fc1", "fc2", "fc3"),
        repeated=("dropout",),
        arguments=("dropout",),
        kinds=(IMAGES, TABLE, SIGNALS, OTHER),
    ),
    "signal_cnn": Architecture(
        layers=("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "fc1", "fc2", "dropout"),
        auto=("conv1", "conv2", "conv3", "fc1", "fc2"),
        repeated=("pool",),
        arguments=("dropout",),
        kinds=(SIGNALS,),
    ),
    "tiny_transformer": Architecture(
        layers=("embedding", *_block("block1"), *_block("block2"), "norm", "head"),
        auto=("embedding", "block1", "block2", "norm", "head"),
        repeated=("dropout",),
        arguments=("dropout",),
        kinds=(TOKENS,),
    ),
}
