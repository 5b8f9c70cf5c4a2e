"""How a network is trained: the keys of `training` that a training job reads."""

from dataclasses import dataclass, field

from evolution.models.build import ModelSettings
from evolution.training.schedules import Schedule


@dataclass(frozen=True)
class Averaging:
    """The moving average of the weights: `training.average` of the config.

    Attributes
    ----------
    decay : float
        The share of the average that stays at each step.
    follow : {"average", "weights"}
        Which of the two the snapshots and accuracies are of.
    """

    decay: float
    follow: str = "average"


@dataclass(frozen=True)
class Stop:
    """When a training ends before its last epoch: `training.stop` of the config.

    Attributes
    ----------
    train_accuracy : float or None
        At the end of the first epoch with this accuracy on the training samples.
    patience : int or None
        After so many epochs without a better score of the evaluation samples.
    diverged : bool
        Where the loss is not finite, at the last time before that was noted. Otherwise this is an error.
    """

    train_accuracy: float | None = None
    patience: int | None = None
    diverged: bool = False


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(ModelSettings):
    """How a run's network is trained: `model`, `training` and `seed` of the config.

    Attributes
    ----------
    batch_size : int or None
        Images a pass; None for all of them.
    accumulate : int
        Batches whose gradients make one step of the optimizer.
    optimizer : str
        See `evolution.training.optimizers.make_optimizer`, also for optimizer_kwargs.
    learning_rate, weight_decay : float
    schedule : Schedule
        Of the learning rate.
    augmentation : list
        See `evolution.training.augmentation.Augmentation`; empty for none.
    label_smoothing : float
    class_weights : None, "balanced" or list of float
        Of the loss, one a class; balanced: N / (classes * images of the class).
    clip_norm : float or None
        The largest norm of all gradients together; None for no limit.
    average : Averaging or None
    precision : {"float32", "bfloat16"}
        In which forward passes of a step are computed, as torch.autocast has it. Evaluation is in float32.
    recipe : str or None
        `FILE.py:CLASS` or `PACKAGE.MODULE:CLASS`, see `evolution.training.recipe`.
    recipe_kwargs : dict
    stop : Stop or None
    device : {"auto", "cpu", "cuda"}
    threads : int
        torch's, however many cores the machine has: sums depend on it.
    """

    batch_size: int | None
    optimizer: str
    learning_rate: float
    weight_decay: float
    device: str
    threads: int
    accumulate: int = 1
    optimizer_kwargs: dict = field(default_factory=dict)
    schedule: Schedule = field(default_factory=lambda: Schedule("constant"))
    augmentation: list = field(default_factory=list)
    label_smoothing: float = 0.0
    class_weights: str | list[float] | None = None
    clip_norm: float | None = None
    average: Averaging | None = None
    precision: str = "float32"
    recipe: str | None = None
    recipe_kwargs: dict = field(default_factory=dict)
    stop: Stop | None = None

    @classmethod
    def of_config(cls, *, model: str, model_kwargs: dict, seed: int, training: dict) -> "TrainingSettings":
        """The settings from the config's own values; `training` has the keys of `TRAINING_KEYS`."""
        schedule, average, stop = (training[key] for key in ("schedule", "average", "stop"))
        made = {
            "schedule": Schedule.of_config(schedule),
            "average": None if average is None else Averaging(**average),
            "stop": None if stop is None else Stop(**stop),
        }
        return cls(model=model, model_kwargs=model_kwargs, seed=seed, **training | made)
