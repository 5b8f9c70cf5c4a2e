"""Time a step of training against the plain PyTorch loop of the same recipe, and compare their losses.

    python benchmarks/recipe_speed.py [--steps 32] [--repeat 7] [--threads 2] [--model small_cnn]

Both sides train the same network from the same weights on the same digits in the same order, in batches of 128, with
the same draws of dropout. They take turns, in one process. The plain loop is what a notebook has: torch's own
optimizer, scheduler, autocast, AveragedModel and clipping, and torchvision's transforms image by image. Printed are the
medians over the repetitions, their ratio, and the largest difference of the losses. The plain loop's draws of
augmentation are others, so there the losses only resemble each other.
"""

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from torchvision.transforms import v2  # noqa: E402
from training_speed import settings as training_settings  # noqa: E402

from evolution.models.build import build_run_model  # noqa: E402
from evolution.models.seeding import seed_all  # noqa: E402
from evolution.seeds import integer_seed  # noqa: E402
from evolution.training.epoch import Epoch  # noqa: E402
from evolution.training.evaluation import Samples  # noqa: E402
from evolution.training.learner import Task, build_learner  # noqa: E402
from evolution.training.loop import load_task  # noqa: E402
from evolution.training.schedules import Schedule  # noqa: E402
from evolution.training.settings import Averaging, TrainingSettings  # noqa: E402
from prepare_data import prepare_data  # noqa: E402

BATCH = 128
SGD = {"optimizer": "sgd", "learning_rate": 0.05, "optimizer_kwargs": {"momentum": 0.9, "nesterov": True}}
RECIPES = {
    "adamw": {},
    "sgd, nesterov, cosine": SGD | {"schedule": Schedule("cosine", warmup=0.1)},
    "label smoothing, class weights": {"label_smoothing": 0.1, "class_weights": "balanced"},
    "clipping": {"clip_norm": 1.0},
    "accumulation of 2": {"accumulate": 2},
    "moving average": {"average": Averaging(0.999)},
    "bfloat16": {"precision": "bfloat16"},
    "crop, erasing": {"augmentation": [{"RandomCrop": {"size": 28, "padding": 2}}, "RandomErasing"]},
    "mixup": {"augmentation": [{"MixUp": {"alpha": 0.2}}]},
}


class PlainLoop:
    """The loop of a notebook for a recipe."""

    def __init__(self, settings: TrainingSettings, task: Task, samples: Samples):
        self.settings, self.samples, self.task = settings, samples, task
        model = build_run_model(settings, shape=task.shape, classes=task.classes)
        self.model = model.to(memory_format=torch.channels_last)
        make = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[settings.optimizer]
        self.optimizer = make(
            self.model.parameters(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            **settings.optimizer_kwargs,
        )
        self.scheduler = None
        if settings.schedule.name == "cosine":
            warm, steps = int(settings.schedule.warmup * task.steps), task.steps
            rising = torch.optim.lr_scheduler.LinearLR(self.optimizer, 1 / (warm + 1), total_iters=warm)
            falling = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, steps - warm)
            self.scheduler = torch.optim.lr_scheduler.SequentialLR(self.optimizer, [rising, falling], [warm])
        self.average = None
        if settings.average is not None:
            average = torch.optim.swa_utils.get_ema_multi_avg_fn(settings.average.decay)
            self.average = torch.optim.swa_utils.AveragedModel(self.model, multi_avg_fn=average, use_buffers=True)
        counts = torch.bincount(samples.labels, minlength=task.classes)
        weights = len(samples.labels) / (task.classes * counts) if settings.class_weights else None
        self.loss = nn.CrossEntropyLoss(weight=weights, label_smoothing=settings.label_smoothing)
        self.each, self.batch = [], []
        for entry in settings.augmentation:
            name, arguments = next(iter(entry.items())) if isinstance(entry, dict) else (entry, {})
            if name == "MixUp":
                self.batch.append(v2.MixUp(num_classes=task.classes, **arguments))
            else:
                self.each.append(getattr(v2, name)(**arguments))

    def augmented(self, images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch after the transforms, which work on pixels in [0, 1] before they are normalised."""
        mean, std = (torch.from_numpy(values)[:, None, None] for values in (self.task.mean, self.task.std))
        if self.each:
            pixels = images * std + mean
            images = (torch.stack([nn.Sequential(*self.each)(image) for image in pixels]) - mean) / std
        for transform in self.batch:
            images, labels = transform(images, labels)
        return images, labels

    def epoch(self, number: int) -> float:
        """Train an epoch; its mean loss."""
        self.model.train()
        seed_all(integer_seed(self.settings.seed, "dropout", number))
        shuffling = torch.Generator().manual_seed(integer_seed(self.settings.seed, "shuffling", number))
        order = torch.randperm(len(self.samples.images), generator=shuffling)
        total = 0.0
        precision = torch.autocast("cpu", torch.bfloat16) if self.settings.precision == "bfloat16" else nullcontext()
        for group in order.split(BATCH * self.settings.accumulate):
            self.optimizer.zero_grad()
            for part in group.split(BATCH):
                images, labels = self.augmented(self.samples.images[part], self.samples.labels[part])
                with precision:
                    loss = self.loss(self.model(images), labels)
                (loss * (len(part) / len(group))).backward()
                total += loss.detach() * len(part)
            if self.settings.clip_norm is not None:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip_norm)
            self.optimizer.step()
            if self.scheduler is not None:
                self.scheduler.step()
            if self.average is not None:
                self.average.update_parameters(self.model)
        return float(total) / len(order)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=32, help="batches of an epoch")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default="small_cnn")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        dataset = str(Path(folder) / "dataset.npz")
        size = options.steps * BATCH
        prepare_data(
            name="mnist_5k", root=None, train_size=size, eval_size=100, image_size=None, seed=17, output=dataset
        )
        base = training_settings("cpu", options.threads, options.model, BATCH)
        for name, changes in RECIPES.items():
            settings = replace(base, **changes)
            task, samples, _ = load_task(dataset, settings, device=torch.device("cpu"), epochs=options.repeat)
            learner, plain = build_learner(settings, task), PlainLoop(settings, task, samples)
            seconds, furthest = {"ours": [], "plain": []}, 0.0
            for number in range(1, options.repeat + 1):
                began = time.perf_counter()
                epoch = Epoch(number, learner, samples)
                while not epoch.is_over:
                    epoch.step()
                loss, between = epoch.mean_loss(), time.perf_counter()
                furthest = max(furthest, abs(loss - plain.epoch(number)))
                seconds["ours"].append((between - began) / epoch.length)
                seconds["plain"].append((time.perf_counter() - between) / epoch.length)
            ours, theirs = (1e3 * statistics.median(seconds[side]) for side in ("ours", "plain"))
            print(
                f"{name:>32}: a step {ours:6.1f} ms, plain loop {theirs:6.1f} ms, ratio {ours / theirs:.2f}; "
                f"largest difference of an epoch's loss {furthest:.1e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
