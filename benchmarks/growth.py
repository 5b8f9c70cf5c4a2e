"""How time and memory grow with eval samples, with snapshots x layers, and with cores; each with its exponent.

    python benchmarks/growth.py --root data [--samples 1000 2000 5000 10000] [--epochs 4 8 16] [--cores 1 2]
                                [--layers conv1 conv2 conv3 fc1 fc2] [--tables samples cells cores]

--root holds MNIST/raw. small_cnn is trained on the first 100 of its 70,000 images of each class, for a single epoch
where samples grow, and evaluated on as many of the others as --samples says. Every run is cold, in a folder of its own.
An exponent is the slope of a line through the logarithms (least squares): 1 is in proportion, 2 its square.
"""

import argparse
import gzip
import shutil
import statistics
import tempfile
from pathlib import Path

import numpy as np
from cold_run import Run, copy_project, notebook_preset, run, write_config

SCRIPTS = ("snapshot", "measure", "embed")


def mostly_eval(root: Path, path: Path) -> None:
    """An archive of all of MNIST, 100 images of each class to train on and the others to evaluate on."""

    def read(kind: str, offset: int) -> np.ndarray:
        files = [root / "MNIST" / "raw" / f"{part}-{kind}.gz" for part in ("train", "t10k")]
        return np.concatenate(
            [np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8, offset=offset) for file in files]
        )

    images, labels = read("images-idx3-ubyte", 16).reshape(-1, 28, 28), read("labels-idx1-ubyte", 8).astype(np.int64)
    train = np.concatenate([np.flatnonzero(labels == digit)[:100] for digit in range(10)])
    arrays = {"images": images[train], "labels": labels[train]}
    arrays |= {"eval_images": np.delete(images, train, 0), "eval_labels": np.delete(labels, train)}
    np.savez(path, **arrays)


def cold(images: Path, samples: int, epochs: int, layers: list[str], cores: int) -> Run:
    """The notebook's experiment with so many eval samples, a snapshot every epoch, and metrics and embeddings only."""
    config = notebook_preset() | {"layers": layers}
    config["dataset"] = {"name": f"npz:{images}", "train_size": 1000, "eval_size": samples}
    config["training"]["epochs"] = epochs
    config["snapshots"] = {"every": 1}
    config["plots"] = {"grid_times": [0, epochs]}
    folder = Path(tempfile.mkdtemp())
    copy_project(folder)
    write_config(folder, config)
    found = run(folder, cores, "metrics", "embeddings")
    shutil.rmtree(folder)
    return found


def exponent(sizes: list[float], values: list[float]) -> float:
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def table(title: str, sizes: list[float], rows: dict[str, list[float]]) -> None:
    """A line a quantity: its value at each size, and the exponent."""
    print(f"\n{title:<28}" + "".join(f"{size:>10}" for size in sizes) + f"{'exponent':>10}")
    for name, values in rows.items():
        shown = "".join(f"{value:>10.2f}" for value in values)
        print(f"{name:<28}{shown}{exponent(sizes, values):>10.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="the folder that has MNIST/raw")
    parser.add_argument("--samples", type=int, nargs="+", default=[1000, 2000, 5000, 10000])
    parser.add_argument("--epochs", type=int, nargs="+", default=[4, 8, 16])
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--layers", nargs="+", default=["conv1", "conv2", "conv3", "fc1", "fc2"])
    parser.add_argument(
        "--tables", nargs="+", choices=["samples", "cells", "cores"], default=["samples", "cells", "cores"]
    )
    options = parser.parse_args()
    most = max(options.cores)
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "mnist.npz"
        mostly_eval(options.root, images)
        if "samples" in options.tables:
            runs = []
            for samples in options.samples:
                runs.append(cold(images, samples, 1, options.layers, most))
                print(f"{samples} samples: {runs[-1].seconds:.0f} s, {runs[-1].peak:.2f} GB", flush=True)
            rows = {"run, s": [found.seconds for found in runs], "largest job, GB": [found.peak for found in runs]}
            for script in SCRIPTS:
                rows[f"{script}, s a job (mean)"] = [statistics.mean(found.job_seconds(script)) for found in runs]
                rows[f"{script}, GB"] = [found.peaks[script] for found in runs]
            table(f"eval samples, {most} cores", options.samples, rows)
        if "cells" in options.tables:
            runs = [cold(images, 1000, epochs, options.layers, most) for epochs in options.epochs]
            cells = [(epochs + 1) * len(options.layers) for epochs in options.epochs]
            rows = {"run, s": [found.seconds for found in runs], "largest job, GB": [found.peak for found in runs]}
            table(f"snapshots x layers, {most} cores", cells, rows)
        if "cores" in options.tables:
            runs = [cold(images, 1000, options.epochs[0], options.layers, cores) for cores in options.cores]
            rows = {"run, s": [found.seconds for found in runs], "largest job, GB": [found.peak for found in runs]}
            table("cores", options.cores, rows)


if __name__ == "__main__":
    main()
