"""A recorder as a callback of Hugging Face's Trainer."""

from torch import nn

from activation_recorder.arguments import check_arguments
from activation_recorder.errors import RecorderError
from activation_recorder.recorder import Recorder

try:
    from transformers import TrainerCallback
except ModuleNotFoundError:
    raise RecorderError("TrainerRecorder needs transformers, which is not installed.") from None


class TrainerRecorder(TrainerCallback):
    """Records at the start of a training, and after each optimizer step or epoch that is due.

        Trainer(..., callbacks=[TrainerRecorder(inputs, labels, path="recordings/mine", at=log_steps(512, 500))])

    Steps are the Trainer's `global_step`. A training that goes on from a checkpoint goes on in the same folder.

    Parameters
    ----------
    inputs, labels, path, at, unit, and more
        As `activation_recorder.Recorder` takes them. A tokenizer's output is a mapping of the model's arguments.
    """

    def __init__(self, inputs: object, labels: object = None, **recorder: object):
        self._arguments = check_arguments(inputs, labels, **recorder)
        self._by_epoch = self._arguments.unit == "epoch"
        self._recorder: Recorder | None = None

    def on_train_begin(self, args: object, state: object, control: object, model: nn.Module, **_: object) -> None:
        """Record the network at the start, or where the training goes on."""
        self._recorder = Recorder.of(model, self._arguments)
        epochs = state.epoch or 0
        if not self._by_epoch:
            self._recorder.step(state.global_step)
        elif _is_whole(epochs):
            self._recorder.step(round(epochs))
        else:
            self._recorder.begin(epochs)

    def on_step_end(self, args: object, state: object, control: object, **_: object) -> None:
        """Record after an optimizer step."""
        if not self._by_epoch:
            self._recorder.step(state.global_step)

    def on_epoch_end(self, args: object, state: object, control: object, **_: object) -> None:
        """Record after a whole epoch; one that max_steps ended is none."""
        if self._by_epoch and _is_whole(state.epoch):
            self._recorder.step(round(state.epoch))


def _is_whole(epochs: float) -> bool:
    # The Trainer adds up shares of an epoch.
    return abs(epochs - round(epochs)) < 1e-6
