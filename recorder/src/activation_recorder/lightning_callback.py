"""A recorder as a Callback of PyTorch Lightning."""

import sys
from importlib import import_module

from torch import nn

from activation_recorder.arguments import check_arguments
from activation_recorder.errors import RecorderError
from activation_recorder.recorder import Recorder

# Lightning comes in two packages, each with a Callback of its own.
PACKAGES = ("lightning.pytorch", "pytorch_lightning")


def _lightning() -> object:
    """The package of Lightning that the training uses.

    Raises
    ------
    RecorderError
        If neither is installed.
    """
    loaded = [name for name in PACKAGES if name in sys.modules]
    for name in loaded or PACKAGES:
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    raise RecorderError("LightningRecorder needs lightning or pytorch-lightning, and neither is installed.")


class LightningRecorder(_lightning().Callback):
    """Records at the start of a fit, and after each optimizer step or epoch that is due.

        Trainer(..., callbacks=[LightningRecorder(inputs, labels, path="recordings/mine", at=log_steps(512, 500))])

    Steps are Lightning's `global_step`; where a module steps several optimizers itself, each of their steps counts, so
    that a number may be passed over. A fit that goes on from a checkpoint goes on in the same folder.

    Parameters
    ----------
    inputs, labels, path, at, unit, and more
        As `activation_recorder.Recorder` takes them.
    network : str, optional
        The dotted name of the network within the LightningModule, such as "net". By default the LightningModule itself
        is run, by its `forward`, and layers are called as they are in it.
    """

    def __init__(self, inputs: object, labels: object = None, *, network: str | None = None, **recorder: object):
        super().__init__()
        self._arguments = check_arguments(inputs, labels, **recorder)
        self._network = network
        self._by_epoch = self._arguments.unit == "epoch"
        self._recorder: Recorder | None = None
        self._last: int | None = None

    def on_train_start(self, trainer: object, pl_module: nn.Module) -> None:
        """Record the network at the start, or where the fit goes on."""
        # Made here: the network is on its device now, and a checkpoint's step is restored.
        try:
            self._recorder = Recorder.of(_part(pl_module, self._network), self._arguments)
        except RecorderError as error:
            if self._network is None and isinstance(error.__cause__, NotImplementedError):
                children = ", ".join(name for name, _ in pl_module.named_children())
                raise RecorderError(
                    f"{type(pl_module).__name__} has no forward, so it cannot be run. Give network=, the name of the "
                    f"network in it; it has {children or 'no module'}."
                ) from error
            raise
        self._last = None
        if not self._by_epoch:
            self._step(trainer.global_step)
        elif self._batches(trainer).current.ready and not self._batches(trainer).is_last_batch:
            # The fit goes on in the middle of an epoch.
            self._recorder.begin(trainer.current_epoch + 0.5)
        else:
            self._step(trainer.current_epoch)

    def on_train_batch_end(self, trainer: object, *_: object) -> None:
        """Record after an optimizer step."""
        if not self._by_epoch:
            self._step(trainer.global_step)

    def on_train_epoch_end(self, trainer: object, pl_module: nn.Module) -> None:
        """Record after a whole epoch; one that max_steps ended is none."""
        if self._by_epoch and self._batches(trainer).is_last_batch:
            self._step(trainer.current_epoch + 1)

    @staticmethod
    def _batches(trainer: object) -> object:
        """Lightning's count of the batches of this epoch."""
        return trainer.fit_loop.epoch_loop.batch_progress

    def _step(self, step: int) -> None:
        # Batches of one optimizer step have the same number.
        if step != self._last:
            self._last = step
            self._recorder.step(step)


def _part(module: nn.Module, name: str | None) -> nn.Module:
    if name is None:
        return module
    try:
        return module.get_submodule(name)
    except AttributeError:
        has = ", ".join(child for child, _ in module.named_children()) or "no module"
        raise RecorderError(f"network={name!r} is not in {type(module).__name__}, which has {has}.") from None
