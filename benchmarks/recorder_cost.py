"""What a recorder costs a training: seconds and megabytes a snapshot, and the share of a step where none is due.

    python benchmarks/recorder_cost.py [--samples 256] [--repeats 7] [--threads 1] [--device cpu]

The networks are the workflow's small_cnn on 28 x 28 pixels, and torchvision's resnet18 on 64 x 64. A step of the
training is forward, backward and AdamW on a batch of 64. Layers are those of auto. A snapshot is taken compacted, and
with rows as they are. On the CPU times are the processor's, so that other programs do not count; on a GPU they are the
clock's. Each number is a median.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "workflow" / "scripts"), str(ROOT / "recorder" / "src")]

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torchvision.models import resnet18  # noqa: E402

from activation_recorder import Recorder, log_steps  # noqa: E402
from evolution.models.networks import SmallCNN  # noqa: E402

NETWORKS = {
    "small_cnn": (lambda: SmallCNN((1, 28, 28), 10), (1, 28, 28)),
    "resnet18": (lambda: resnet18(num_classes=10), (3, 64, 64)),
}
BATCH = 64
# Calls of step that are timed together: one takes less than the clock can tell.
CALLS = 100_000


def seconds(function: Callable[[int], object], repeats: int, device: str) -> float:
    """The median time of a call, after one that is not counted. The function is given the number of the call."""
    times = []
    for repeat in range(repeats + 1):
        start = clock(device)
        function(repeat)
        times.append(clock(device) - start)
    return statistics.median(times[1:])


def clock(device: str) -> float:
    """Seconds of the processor, or of the clock once a GPU has done all that it was given."""
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def megabytes(folder: Path) -> float:
    """The size of the files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def measure(name: str, *, samples: int, repeats: int, device: str, folder: Path) -> list[str]:
    """The rows of the table for one network."""
    build, shape = NETWORKS[name]
    model = build().to(device)
    optimizer = torch.optim.AdamW(model.parameters())
    inputs, labels = torch.randn(samples, *shape), torch.arange(samples) % 10
    x, y = torch.randn(BATCH, *shape, device=device), torch.randint(0, 10, (BATCH,), device=device)

    def train(_: int) -> None:
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()

    @torch.no_grad()
    def evaluate(_: int) -> None:
        model.eval()
        for part in inputs.split(250):
            model(part.to(device))
        model.train()

    a_step, a_pass = seconds(train, repeats, device), seconds(evaluate, repeats, device)
    rows = []
    for compact in (True, False):
        path = folder / f"{name}-{compact}"
        start = clock(device)
        recorder = Recorder(model, inputs, labels, path=path, at=range(repeats + 1), compact=compact)
        begin = clock(device) - start
        a_snapshot = seconds(recorder.step, repeats, device)
        size = statistics.median(megabytes(path / str(step)) for step in range(repeats + 1))
        once = megabytes(path) - sum(megabytes(path / str(step)) for step in range(repeats + 1))
        form = "compact" if compact else "rows as they are"
        numbers = [a_snapshot, a_snapshot / a_step, a_pass, size, once, begin]
        rows.append(f"| {name}, {form} | " + " | ".join(f"{number:.2f}" for number in numbers) + " |")
    recorder = Recorder(model, inputs, labels, path=folder / f"{name}-idle", at=log_steps(until=512, then=500))
    recorder.step(0)

    def idle(_: int) -> None:
        for _ in range(CALLS):
            recorder.step(501)

    a_call = seconds(idle, repeats, device) / CALLS
    rows.append(
        f"\n{name}: a training step takes {a_step * 1e3:.0f} ms; a call of step where nothing is due takes "
        f"{a_call * 1e9:.0f} ns, {a_call / a_step:.0e} of it."
    )
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    print(f"{options.samples} samples, {options.device}, {options.threads} threads, medians of {options.repeats}\n")
    print("| network | s a snapshot | in training steps | s of its pass alone | MB a snapshot | MB once | s to begin |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        tables = [
            measure(name, samples=options.samples, repeats=options.repeats, device=options.device, folder=Path(folder))
            for name in NETWORKS
        ]
    for rows in tables:
        print("\n".join(rows[:-1]))
    for rows in tables:
        print(rows[-1])


if __name__ == "__main__":
    main()
