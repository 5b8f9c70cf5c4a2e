"""Time a full-batch epoch with its accuracies against the plain loop that a notebook has, and compare their losses.

    python benchmarks/training_speed.py [--root data] [--epochs 5] [--repeat 3] [--threads 2]

Both train small_cnn from the same weights with the same dropout draws on the same digits: with --root, the folder
that has MNIST/raw, 5000 of MNIST and 1000 to evaluate on, else 4000 and 1000 of the 5000 that need no download. The
plain loop evaluates all images in one pass, in the default memory format, as the notebook does. Each side runs in a
process of its own, in turns; medians are of all epochs except each run's first. A third side is ours in a process that
does not keep freed memory.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))
SEED = 17
RATE, DECAY = 1e-3, 1e-4


def plain(dataset: str, epochs: int, threads: int) -> tuple[list[float], list[float]]:
    """The loss and seconds of each epoch of the notebook's loop."""
    import torch
    from plain_cnn import build_plain_cnn
    from torch.nn import functional

    from evolution.data.network_input import load_evaluation, load_training
    from evolution.seeds import integer_seed

    torch.set_num_threads(threads)
    (images, labels), (inputs, targets, classes) = load_training(dataset), load_evaluation(dataset)
    eval_images, eval_labels = inputs[""], targets.values
    model = build_plain_cnn(images.shape[1:], classes, integer_seed(SEED, "weights"))
    images, labels, eval_images, eval_labels = map(torch.from_numpy, (images, labels, eval_images, eval_labels))
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    losses, seconds = [], []
    for epoch in range(1, epochs + 1):
        began = time.perf_counter()
        model.train()
        torch.manual_seed(integer_seed(SEED, "dropout", epoch))
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            (model(images).argmax(1) == labels).float().mean().item()
            (model(eval_images).argmax(1) == eval_labels).float().mean().item()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - began)
    return losses, seconds


def settings(device: str, threads: int, model: str = "small_cnn", batch_size: int | None = None) -> object:
    """The `TrainingSettings` of the workflow's side."""
    from evolution.training.settings import TrainingSettings

    return TrainingSettings(
        model=model,
        model_kwargs={},
        seed=SEED,
        batch_size=batch_size,
        optimizer="adamw",
        learning_rate=RATE,
        weight_decay=DECAY,
        device=device,
        threads=threads,
    )


def ours(dataset: str, epochs: int, threads: int, kept: bool = True) -> tuple[list[float], list[float]]:
    """The loss and seconds of each epoch of the workflow's training, in a process that keeps freed memory or not."""
    from evolution.io.checkpoints import save_checkpoint
    from evolution.startup.memory import keep_freed_memory
    from evolution.training.loop import train_span

    if kept:
        keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        first = str(Path(folder) / "0000.pt")
        train = partial(train_span, dataset=dataset, settings=settings("cpu", threads))
        save_checkpoint(first, train(previous=None, times=range(1))[0])
        _, history, timing = train(previous=first, times=range(1, epochs + 1))
    return history["train_loss"], timing["seconds"]


def write_digits(root: str | None, path: str) -> int:
    """Write the dataset.npz that is trained on, see above; return its number of training images."""
    # Imported here, since the sides' own processes do not need it.
    from prepare_data import prepare_data

    name, train_size = ("mnist", 5000) if root else ("mnist_5k", 4000)
    prepare_data(name=name, root=root, train_size=train_size, eval_size=1000, image_size=None, seed=SEED, output=path)
    return train_size


SIDES = {"plain": plain, "ours": ours, "returning": partial(ours, kept=False)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", help="the folder that has MNIST/raw")
    for name, default in (("epochs", 5), ("repeat", 3), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--dataset", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        losses, seconds = SIDES[options.side](options.dataset, options.epochs, options.threads)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps({"losses": losses, "seconds": seconds[1:], "peak_gb": peak}))
        return
    seconds, losses, peaks = {side: [] for side in SIDES}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        dataset = str(Path(folder) / "dataset.npz")
        write_digits(options.root, dataset)
        for _ in range(options.repeat):
            for side in seconds:
                command = [sys.executable, __file__, "--side", side, "--dataset", dataset]
                command += ["--epochs", str(options.epochs), "--threads", str(options.threads)]
                found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                seconds[side] += found["seconds"]
                losses[side], peaks[side] = np.array(found["losses"]), found["peak_gb"]
    medians = {side: statistics.median(times) for side, times in seconds.items()}
    for side, median in medians.items():
        print(f"{side:>9}: {median:.2f} s an epoch (median of {len(seconds[side])}), peak {peaks[side]:.2f} GB")
    print(f"ratio {medians['ours'] / medians['plain']:.2f}")
    print(f"largest difference of the loss curves {np.abs(losses['ours'] - losses['plain']).max():.1e}")


if __name__ == "__main__":
    main()
