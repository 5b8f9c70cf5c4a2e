"""Records what a network's layers put out while it trains, and leaves the training as it was.

    from activation_recorder import Recorder, log_steps

`LightningRecorder` and `TrainerRecorder` are imported when they are asked for, since they load their frameworks.
"""

from activation_recorder.errors import RecorderError
from activation_recorder.outputs import Pooling
from activation_recorder.recorder import Recorder
from activation_recorder.schedule import log_steps

__all__ = ["LightningRecorder", "Pooling", "Recorder", "RecorderError", "TrainerRecorder", "log_steps"]


def __getattr__(name: str) -> object:
    if name == "LightningRecorder":
        from activation_recorder.lightning_callback import LightningRecorder

        return LightningRecorder
    if name == "TrainerRecorder":
        from activation_recorder.trainer_callback import TrainerRecorder

        return TrainerRecorder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
