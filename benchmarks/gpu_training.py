"""Time training on a GPU, and say what share of an epoch the GPU idles.

    python benchmarks/gpu_training.py [--root data] [--model small_cnn] [--batch-sizes 0 128] [--epochs 30]

Trains on the same digits as training_speed.py; a batch size of 0 is all images in one step. An epoch has its accuracies
and its copy of the weights. Seconds are the median of all epochs but the first ten. What the GPU does is read from
torch's profiler, as the difference between a training of two epochs and one of six, so that no start is in it.
Profiling slows the processor down, not the GPU: the idle share is of an epoch without it.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))
import torch  # noqa: E402

import train  # noqa: E402 - which sets what torch reads when it is imported
from evolution.checkpoints import save_checkpoint  # noqa: E402
from prepare_data import prepare_data  # noqa: E402

SEED = 17
RATE, DECAY = 1e-3, 1e-4
WARM_UP = 10
SHORT, LONG = 2, 6
ON_GPU = ("kernel", "gpu_memcpy", "gpu_memset")


def span(dataset: str, first: str | None, epochs: range, model: str, batch_size: int | None) -> tuple[dict, dict, dict]:
    """Train without keeping each epoch's weights on disk."""
    return train.train_span(dataset, first, epochs, model, {}, batch_size, "adamw", RATE, DECAY, "cuda", 1, SEED, None)


def gpu_work(trace: Path) -> Counter:
    """What a profile holds: kernels, microseconds the GPU was busy, waits for it, bytes to and from it."""
    found, spans = Counter(), []
    for event in json.loads(trace.read_text())["traceEvents"]:
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


def profiled(folder: Path, epochs: int, *settings) -> Counter:
    """`gpu_work` of a training of so many epochs."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA], acc_events=True) as profile:
        span(settings[0], settings[1], range(1, epochs + 1), *settings[2:])
    trace = folder / "trace.json"
    profile.export_chrome_trace(str(trace))
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
        folder = Path(name)
        dataset, first = str(folder / "dataset.npz"), str(folder / "0000.pt")
        source, size = ("mnist", 5000) if options.root else ("mnist_5k", 4000)
        prepare_data(source, options.root or "", size, 1000, SEED, dataset)
        save_checkpoint(first, span(dataset, None, range(1), options.model, None)[0])
        for batch_size in options.batch_sizes:
            settings = (dataset, first, options.model, batch_size or None)
            torch.cuda.reset_peak_memory_stats()
            _, _, timing = span(*settings[:2], range(1, WARM_UP + options.epochs + 1), *settings[2:])
            second = statistics.median(timing["seconds"][WARM_UP:])
            work = profiled(folder, LONG, *settings)
            work.subtract(profiled(folder, SHORT, *settings))
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
