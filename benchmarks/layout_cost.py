"""What a layout costs, from scratch and going on from the snapshot before: processor seconds and memory of a job.

    python benchmarks/layout_cost.py results/mnist [--layers conv1 fc1] [--repeat 3] [--against ../before]

It reads the activations of a finished run (snapshots_per_job: 1) at its last two snapshots, and embeds the first of
them from scratch and the second from there, each in a process of its own with one thread, as the rule `embed` does. A
line a layer has medians over the repetitions, from the interpreter's start to its end, and the quality that the job
found. With --against, another checkout of the workflow takes turns with this one, and the ratios to it follow. Its KL
divergence may be of another precision than this one's; `benchmarks/alignment.py` judges layouts by one measure.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parents[1]
KINDS = ("from scratch", "going on")

JOB = """
import json, sys
import numpy as np
from embed import embed_span
from evolution.embedding.layout import EmbeddingSettings

given = json.loads(sys.argv[1])
settings = EmbeddingSettings("tsne", "previous", perplexity=30, pca_components=50)
layouts, quality = embed_span(**{name: given[name] for name in ("activations", "previous", "times", "time_before")},
                              settings=settings, seed=17)
np.save(given["layout"], layouts)
with open(given["quality"], "w") as file:
    json.dump({name: column[0] for name, column in quality.items()}, file)
"""


def job(code: Path, **given: object) -> dict[str, float]:
    """Processor seconds, GB and quality of one job by the workflow in the folder `code`."""
    environment = os.environ | {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    environment["PYTHONPATH"] = str(code.resolve() / "workflow" / "scripts")
    arguments = [sys.executable, "-c", JOB, json.dumps(given)]
    _, status, used = os.wait4(os.posix_spawn(sys.executable, arguments, environment), 0)
    if status:
        raise SystemExit("A job failed, see above.")
    quality = json.loads(Path(given["quality"]).read_text(encoding="utf-8"))
    return quality | {"seconds": used.ru_utime + used.ru_stime, "GB": used.ru_maxrss / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="results/{run}")
    parser.add_argument("--layers", nargs="+")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--against", type=Path, help="the folder of another checkout")
    options = parser.parse_args()
    spans = sorted(path.name for path in (options.run / "activations").iterdir())
    # A run of a single snapshot goes on to the same one.
    before, after = spans[-2:] if len(spans) > 1 else spans * 2
    layers = options.layers or sorted(
        path.stem for path in (options.run / "activations" / after).glob("*.npy") if path.stem != "raw_inputs"
    )
    codes = {"this": HERE} | ({"other": options.against} if options.against else {})
    columns = ("seconds", "GB", "kl_divergence", "trustworthiness", "drift")
    print(f"{'layer':<12}{'':<14}{'code':<7}" + "".join(f"{name:>16}" for name in columns))
    seconds = {}
    for layer in layers:
        found = {}
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(options.repeat):
                for name, code in codes.items():
                    start = f"{folder}/{name}.npy"
                    for kind, span in zip(KINDS, (before, after)):
                        goes_on = kind == "going on"
                        found.setdefault((kind, name), []).append(
                            job(
                                code,
                                activations=str(options.run / "activations" / span / f"{layer}.npy"),
                                previous=start if goes_on else None,
                                times=[int(span)],
                                # A time of the same power of 4: no review.
                                time_before=int(span) if goes_on else None,
                                layout=f"{folder}/after.npy" if goes_on else start,
                                quality=f"{folder}/quality.json",
                            )
                        )
        for (kind, name), jobs in sorted(found.items()):
            medians = [statistics.median(each[column] for each in jobs) for column in columns]
            seconds.setdefault((kind, name), []).append(medians[0])
            print(f"{layer:<12}{kind:<14}{name:<7}" + "".join(f"{value:>16.4f}" for value in medians), flush=True)
    for (kind, name), each in sorted(seconds.items()):
        print(f"{'mean':<12}{kind:<14}{name:<7}{statistics.mean(each):>16.2f}")
    if options.against:
        for kind in KINDS:
            ratio = statistics.mean(seconds[kind, "this"]) / statistics.mean(seconds[kind, "other"])
            print(f"{'ratio':<12}{kind:<14}{'':<7}{ratio:>16.3f}")


if __name__ == "__main__":
    main()
