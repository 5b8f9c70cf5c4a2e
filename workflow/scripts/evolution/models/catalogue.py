"""What is known of the built-in networks without building them: a config is checked against it.

The tests compare it with the networks themselves.
"""

from dataclasses import dataclass

from evolution.models.selection import REPEATED, Modules


@dataclass(frozen=True)
class Architecture:
    """What of a model is known without building it.

    `layers` are its modules that run once as an image passes, `repeated` those that run more often, `auto` what
    `layers: auto` follows, `arguments` what model.kwargs can say.
    """

    layers: tuple[str, ...]
    auto: tuple[str, ...]
    repeated: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    def modules(self) -> Modules:
        return Modules(self.layers, dict.fromkeys(self.repeated, REPEATED), self.auto)


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
        layers=("fc1", "fc2", "fc3"), auto=("fc1", "fc2", "fc3"), repeated=("dropout",), arguments=("dropout",)
    ),
}
