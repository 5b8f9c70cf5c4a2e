"""Run the workflow's notebook preset cold, and print what it takes as ratios to the notebook.

    python benchmarks/against_notebook.py result.json --root data [--spans 1 25] [--repeat 3] [--cores 2]
                                          [--keep FOLDER]

result.json is what the notebook's own runner or `baseline.py` wrote on the same machine; as many epochs are run as it
has. --root holds MNIST/raw. Each round runs the workflow once for each number of snapshots a job, in turns, in a new
folder. After the first number it also measures what a change costs. What is printed are medians over the rounds.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from cold_run import ROOT, copy_project, notebook_preset, run, write_config

sys.path.insert(0, str(ROOT / "workflow" / "scripts"))
# Features of each layer's raw output in small_cnn on 28 x 28 pixels.
FEATURES = {"conv1": 32 * 28 * 28, "conv2": 64 * 14 * 14, "conv3": 128 * 7 * 7, "fc1": 256, "fc2": 10}
GOALS = {
    "disk": ("activations on disk / raw float32", 0.10),
    "memory": ("peak memory of a job", 0.35),
    "epoch": ("a training epoch", 0.35),
    "plots": ("after a change of plots.palette, of the cold run", 0.02),
    "nothing": ("nothing to do, s", 2),
    "longer": ("two more epochs, of the cold run", 0.03),
}


def read_peer(path: Path) -> dict[str, float]:
    """Seconds in total, memory in GB, epochs and seconds a training epoch, from either form of a notebook's result."""
    found = json.loads(path.read_text(encoding="utf-8"))
    if "cells" in found:
        (train,) = (cell["s"] for cell in found["cells"] if cell["starts"].startswith("# Train model"))
    else:
        train = found["section_s"]["train"]
    epochs = found.get("epochs") or len(found["history"])
    return {"seconds": found["wall_s"], "gb": found["peak_rss_gb"], "epochs": epochs, "epoch": train / epochs}


def configure(folder: Path, root: str, epochs: int, spans: int, **plots: object) -> None:
    """The notebook preset, with these epochs and snapshots a job."""
    config = notebook_preset()
    config["dataset"]["root"] = str(Path(root).resolve())
    config["training"]["epochs"] = epochs
    config["snapshots_per_job"] = spans
    for section, key in (("plots", "grid_times"), ("snapshots", "also")):
        config[section][key] = [epoch for epoch in config[section][key] if epoch <= epochs]
    config["plots"] |= plots
    write_config(folder, config)


def disk_share(results: Path) -> float:
    """The network layers' activation files, of what the raw float32 arrays would take."""
    stored = raw = 0
    for path in results.glob("activations/*/*.npy"):
        if path.stem in FEATURES:
            epochs, samples, _ = np.load(path, mmap_mode="r", allow_pickle=False).shape
            stored += path.stat().st_size
            raw += epochs * samples * FEATURES[path.stem] * 4
    return stored / raw


def cosine_error(results: Path, epoch: int) -> float:
    """The largest difference between a pairwise cosine of stored and of raw activations at an epoch, over layers."""
    import torch

    from evolution.data.network_input import load_evaluation
    from evolution.io.checkpoints import load_checkpoint
    from evolution.models.build import build_model
    from evolution.models.hooks import record_outputs
    from evolution.models.outputs import Pooling

    inputs, _, classes = load_evaluation(str(results / "dataset.npz"))
    images = inputs[""]
    # After the two more epochs there are two files with this epoch: of the shorter span and of the longer one.
    span = next(path for path in results.glob("checkpoints/*.pt") if epoch in load_checkpoint(str(path))["weights"])
    model = build_model("small_cnn", kwargs={}, shape=images.shape[1:], classes=classes, seed=0)
    model.load_state_dict(load_checkpoint(str(span))["weights"][epoch])
    raw = record_outputs(model, torch.from_numpy(images), layers=list(FEATURES), pooling=Pooling())
    worst = 0.0
    for layer, rows in raw.layers.items():
        stored = np.load(results / "activations" / f"{epoch:04d}" / f"{layer}.npy", allow_pickle=False)[0]
        cosines = []
        for each in (rows, stored):
            each = each.astype(np.float64)
            each /= np.linalg.norm(each, axis=1, keepdims=True)
            cosines.append(each @ each.T)
        worst = max(worst, float(np.abs(cosines[0] - cosines[1]).max()))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", type=Path, help="the result of the notebook's runner, or of baseline.py")
    parser.add_argument("--root", required=True, help="the folder that has MNIST/raw")
    parser.add_argument("--spans", type=int, nargs="+", default=[1, 25], help="snapshots_per_job to run")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a folder for the first run of each number of snapshots a job")
    options = parser.parse_args()
    peer = read_peer(options.notebook)
    epochs = peer["epochs"]
    print(f"notebook: {epochs} epochs, {peer['seconds']:.0f} s, {peer['gb']:.1f} GB", flush=True)
    found = defaultdict(list)
    for turn in range(options.repeat):
        for spans in options.spans:
            kept = options.keep and turn == 0
            folder = options.keep / str(spans) if kept else Path(tempfile.mkdtemp())
            folder.mkdir(parents=True, exist_ok=True)
            copy_project(folder)
            configure(folder, options.root, epochs, spans)
            cold = run(folder, options.cores)
            found[f"cold, {spans} a job"].append(cold.seconds / peer["seconds"])
            found["memory"].append(cold.peak / peer["gb"])
            print(f"{spans} a job: {cold.seconds:.0f} s, {cold.peak:.2f} GB", flush=True)
            results = folder / "results" / "notebook"
            if spans == options.spans[0]:
                import pyarrow.parquet

                tables = [pyarrow.parquet.read_table(path) for path in results.glob("timing/*.parquet")]
                seconds = [value for table in tables for value in table["seconds"].to_pylist()]
                found["epoch"].append(statistics.median(seconds) / peer["epoch"])
                found["disk"].append(disk_share(results))
                found["nothing"].append(run(folder, options.cores).seconds)
                configure(folder, options.root, epochs, spans, palette="tab10")
                found["plots"].append(run(folder, options.cores).seconds / cold.seconds)
                configure(folder, options.root, epochs + 2, spans, palette="tab10")
                found["longer"].append(run(folder, options.cores).seconds / cold.seconds)
                print("  ".join(f"{key} {found[key][-1]:.3f}" for key in GOALS), flush=True)
                if spans == 1:
                    print(f"largest error of a cosine: {cosine_error(results, epochs):.1e}", flush=True)
            if not kept:
                shutil.rmtree(folder)
    print(f"{'what':<50} {'median':>8} {'goal':>6}  all")
    for key, values in found.items():
        title, goal = GOALS.get(key, (f"cold run, {key.removeprefix('cold, ')}", 0.18))
        shown = " ".join(f"{value:.3f}" for value in values)
        print(f"{title:<50} {statistics.median(values):>8.3f} {goal:>6}  {shown}")


if __name__ == "__main__":
    main()
