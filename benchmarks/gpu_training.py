"""Time training on a GPU, and say what share of an epoch the GPU idles.

    python benchmarks/gpu_training.py [--root data] [--model small_cnn] [--batch-sizes 0 128] [--epochs 30]

It trains on the same digits as training_speed.py; a batch size of 0 is all images in one step. An epoch includes its
accuracies and the copy of its weights. Seconds are the median of all epochs except the first ten. The GPU's work is
read from torch's profiler, as the difference between a training of two epochs and one of six, so that it includes no
start. Profiling slows the processor down, not the GPU, so the idle share is of an epoch without it.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))
import torch
from training_speed import settings, write_digits

from evolution.io.checkpoints import save_checkpoint
from evolution.training.loop import train_span

WARM_UP = 10
SHORT, LONG = 2, 6
ON_GPU = ("kernel", "gpu_memcpy", "gpu_memset")


def gpu_work(trace: str) -> Counter:
    """What a profile holds: kernels, microseconds in which the GPU was busy, waits for it, bytes to and from it."""
    found, spans = Counter(), []
    for event in json.loads(Path(trace).read_text(encoding="utf-8"))["traceEvents"]:
        category, name = event.get("cat"), event.get("name", "")
        if category in ON_GPU:
            spans.append((event["ts"], event["ts"] + event["dur"]))
            found["kernels"] += category == "kernel"
            for way in ("HtoD", "DtoH"):
                if way in name:
                    found[way] += event["args"]["bytes"]
        elif category == "cuda_runtime" and "Synchronize" in name:
            found["waits"] += 1
    end = 0
    for start, stop in sorted(spans):
        found["busy"] += max(stop - max(start, end), 0)
        end = max(end, stop)
    return found


def profiled(trace: str, training: Callable[..., object], epochs: int) -> Counter:
    """`gpu_work` of a training of so many epochs."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA], acc_events=True) as profile:
        training(times=range(1, epochs + 1))
    profile.export_chrome_trace(trace)
    return gpu_work(trace)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", help="the folder that has MNIST/raw")
    parser.add_argument("--model", default="small_cnn")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[0, 128])
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        parser.error("torch finds no usable GPU here")
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {options.model}")
    with tempfile.TemporaryDirectory() as name:
        dataset, first, trace = (str(Path(name) / file) for file in ("dataset.npz", "0000.pt", "trace.json"))
        size = write_digits(options.root, dataset)
        train = partial(train_span, dataset=dataset)
        begin = settings("cuda", 1, options.model)
        save_checkpoint(first, train(previous=None, times=range(1), settings=begin)[0])
        for batch_size in options.batch_sizes:
            training = partial(train, previous=first, settings=settings("cuda", 1, options.model, batch_size or None))
            torch.cuda.reset_peak_memory_stats()
            _, _, timing = training(times=range(1, WARM_UP + options.epochs + 1))
            second = statistics.median(timing["seconds"][WARM_UP:])
            work = profiled(trace, training, LONG)
            work.subtract(profiled(trace, training, SHORT))
            an_epoch = {key: value / (LONG - SHORT) for key, value in work.items()}
            print(
                f"{batch_size or 'all':>5} images a step: {1e3 * second:.1f} ms an epoch, "
                f"{size / second:,.0f} images/s; GPU busy {an_epoch['busy'] / 1e3:.1f} ms, "
                f"idle {1 - an_epoch['busy'] / 1e6 / second:.0%}; an epoch: {an_epoch['kernels']:.0f} kernels, "
                f"{an_epoch['waits']:.0f} waits, {an_epoch['HtoD'] / 1e3:.1f} kB to the GPU, "
                f"{an_epoch['DtoH'] / 1e3:.1f} kB from it; peak {torch.cuda.max_memory_allocated() / 1e9:.2f} GB"
            )


if __name__ == "__main__":
    main()
