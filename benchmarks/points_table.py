"""What `tables/points.parquet` takes, against one plain Parquet table of the same rows, and what a reader takes of it.

    python benchmarks/points_table.py [--samples 60000] [--snapshots 10] [--layers 6]

The layouts are random walks, the clusters and predictions mostly right. Seconds are of processor time. Each way runs in
a process of its own, whose largest memory is printed too.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "workflow" / "scripts"), str(ROOT / "reader" / "src")]

CLASSES = 10


def write_run(folder: Path, *, samples: int, snapshots: int, layers: int) -> dict:
    """The files that the table is made of; the arguments of `points` but for the readers of cells."""
    from contents import contents
    from evolution.activations.predictions import prediction_columns, save_predictions
    from evolution.io.arrays import save_npy, save_npz

    random, names = np.random.default_rng(0), [f"layer{number}" for number in range(layers)]
    labels = random.integers(0, CLASSES, samples)
    save_npz(
        folder / "dataset.npz", eval_labels=labels, eval_indices=np.arange(samples), class_names=list("abcdefghij")
    )
    spans = {f"{time:04d}": [time] for time in range(snapshots)}
    layouts = (random.normal(size=(layers, samples, 2)) * 20).astype(np.float32)
    for span, times in spans.items():
        guesses = np.where(random.random((1, samples)) < 0.9, labels, random.integers(0, CLASSES, (1, samples)))
        sure = 1 - random.random((1, samples)) ** 4
        save_predictions(
            folder / "predictions" / f"{span}.parquet", prediction_columns(times, guesses, sure), warnings=[]
        )
        for name, layout in zip(names, layouts):
            layout += random.normal(size=layout.shape).astype(np.float32)
            save_npy(folder / "embeddings" / span / f"{name}.npy", layout[None])
            save_npy(folder / "clusters" / span / f"{name}.npy", guesses.astype(np.int16))
    text = contents(run="mine", source="train", unit="epoch", layers=names, spans=spans)
    (folder / "contents.json").write_text(text, encoding="utf-8")
    return {"spans": spans, "layers": names}


def made_tables(folder: Path, run: dict):
    """The tables of all cells."""
    from evolution.activations.cells import Cells
    from points import points

    return points(
        run="mine",
        dataset=str(folder / "dataset.npz"),
        embeddings=Cells((folder / "embeddings").rglob("*.npy"), run["spans"]),
        clusters=Cells((folder / "clusters").rglob("*.npy"), run["spans"]),
        predictions={span: str(folder / "predictions" / f"{span}.parquet") for span in run["spans"]},
        **run,
    )


def measured(folder: Path, way: str, run: dict) -> dict:
    """Seconds of one way, and the most memory of this process so far."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from activation_reader import load
    from evolution.io.large_tables import save_large_table

    last = [time for times in run["spans"].values() for time in times][-1]
    (folder / "tables").mkdir(exist_ok=True)
    start = time.process_time()
    if way == "groups":
        save_large_table(folder / "tables" / "points.parquet", made_tables(folder, run), counting=["sample"])
    elif way == "plain":
        pq.write_table(pa.concat_tables(made_tables(folder, run)), folder / "plain.parquet", compression="zstd")
    elif way == "one cell":
        load(folder).points(run["layers"][-1], epoch=last)
    else:
        load(folder).points()
    seconds = time.process_time() - start
    return {"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"samples": 60_000, "snapshots": 10, "layers": 6}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--way", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        way, folder = args.way
        run = json.loads(Path(folder, "contents.json").read_text(encoding="utf-8"))
        print(json.dumps(measured(Path(folder), way, {name: run[name] for name in ("spans", "layers")})))
        return
    sizes = {"samples": args.samples, "snapshots": args.snapshots, "layers": args.layers}
    rows = args.samples * args.snapshots * args.layers
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_run(folder, **sizes)
        found = {}
        for way in ("plain", "groups", "one cell", "all cells"):
            command = [sys.executable, __file__, "--way", way, name]
            found[way] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        bytes_of = {"plain": folder / "plain.parquet", "groups": folder / "tables" / "points.parquet"}
        print(f"{rows} rows")
        for way, taken in found.items():
            size = f", {bytes_of[way].stat().st_size / rows:.1f} bytes a row" if way in bytes_of else ""
            print(f"{way}: {taken['seconds']:.2f} s, {taken['megabytes']:.0f} MB of memory{size}")
        smaller = bytes_of["groups"].stat().st_size / bytes_of["plain"].stat().st_size
        print(
            f"groups / plain: {found['groups']['seconds'] / found['plain']['seconds']:.2f} of the time, "
            f"{smaller:.2f} of the bytes"
        )


if __name__ == "__main__":
    main()
