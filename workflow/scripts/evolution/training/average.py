"""A moving average of a network's weights."""

import copy

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from evolution.errors import ModelError, first_line


class AveragedWeights:
    """The exponential moving average of a network over the steps of its training: torch's AveragedModel.

    After the first step the average is that step's network, and before it the initial one. Parameters and buffers of
    real numbers, such as the statistics of batch norm, are averaged. Everything else in the state dict is copied: half
    of a counter means nothing.

    Parameters
    ----------
    model : Module
    decay : float
        The share of the average that stays at each step.
    """

    def __init__(self, model: nn.Module, decay: float):
        try:
            self._averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
        except Exception as error:  # To copy what a user's model holds may raise anything.
            raise ModelError(
                f"an average needs a copy of the network, and copy.deepcopy fails: {first_line(error)}. Leave average "
                "out, or keep nothing in the model that cannot be copied",
                "training.average",
            ) from error

    @property
    def model(self) -> nn.Module:
        """A network with the average as its weights."""
        return self._averaged.module

    def update(self, model: nn.Module) -> None:
        """Take in the network after a step."""
        self._averaged.update_parameters(model)
        for own, other in zip(self.model.buffers(), model.buffers(), strict=True):
            if not own.is_floating_point():
                own.copy_(other)
        for own, other in zip(self.model.modules(), model.modules(), strict=True):
            if type(own).get_extra_state is not nn.Module.get_extra_state:
                own.set_extra_state(copy.deepcopy(other.get_extra_state()))

    def state(self) -> dict[str, object]:
        """What `restore` needs: tensors, and what modules return from `get_extra_state`."""
        return self._averaged.state_dict()

    def restore(self, state: dict[str, object]) -> None:
        """Go on from a state."""
        self._averaged.load_state_dict(state)
