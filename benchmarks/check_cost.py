"""What the checks of images, of a training and of a snapshot cost, as a share of their jobs.

    python benchmarks/check_cost.py [--model small_cnn] [--epochs 20] [--repeats 5]

The data and settings are the default experiment's (mnist_5k, as an archive of one's own). The jobs run as processes of
their own, from the start of the interpreter to the end, on one thread. The checks run in this process, with the
arguments that the jobs give them. All times are of the processor; each number is a median.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"
sys.path.insert(0, str(SCRIPTS))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from training_speed import settings as training_settings  # noqa: E402

from evolution.activations.agreement import check_agreement  # noqa: E402
from evolution.activations.classifier import gives_outputs  # noqa: E402
from evolution.activations.logit_warnings import logit_warnings  # noqa: E402
from evolution.data.content_checks import CheckedPart, content_warnings, require_content  # noqa: E402
from evolution.data.network_input import load_evaluation  # noqa: E402
from evolution.io.arrays import load_npz  # noqa: E402
from evolution.io.checkpoints import load_checkpoint  # noqa: E402
from evolution.io.tables import load_table  # noqa: E402
from evolution.models.build import build_run_model  # noqa: E402
from evolution.models.hooks import record_outputs  # noqa: E402
from evolution.models.outputs import Pooling  # noqa: E402
from evolution.models.repeatability import check_repeatable, few_of  # noqa: E402
from evolution.training.learner import build_learner  # noqa: E402
from evolution.training.loop import load_task  # noqa: E402
from evolution.training.restoring import COMPARED, check_restorable  # noqa: E402
from prepare_data import prepare_data  # noqa: E402

PREPARE = """
from prepare_data import prepare_data
prepare_data(name={name!r}, root=None, train_size=4000, eval_size=1000, image_size=None, seed=17, output={output!r})
"""
TRAIN = """
from evolution.training.settings import TrainingSettings
from train import train
train(
    dataset={dataset!r}, previous={previous!r}, times=range({first}, {last} + 1), unit="epoch", epoch_length=1,
    epochs=None, kept=None, repeated=None, training_digest="", initial_weights=None,
    settings=TrainingSettings(model={model!r}, model_kwargs={{}}, seed=17, batch_size=None, optimizer="adamw",
                              learning_rate=1e-3, weight_decay=1e-4, device="cpu", threads=1),
    output={output!r},
)
"""
SNAPSHOT = """
from evolution.activations.snapshots import SnapshotSettings
from evolution.models.outputs import Pooling
from snapshot import write_snapshots
write_snapshots(
    dataset={dataset!r}, checkpoints=[{checkpoint!r}], histories=[{history!r}], times=[{epoch}], unit="epoch",
    settings=SnapshotSettings(model={model!r}, model_kwargs={{}}, seed=17, compacted=True, pooling=Pooling()),
    activations={activations!r}, classifier={classifier!r}, predictions={predictions!r},
)
"""


def processor_seconds(code: str) -> float:
    """The processor time of a Python process that runs some code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def seconds(function: Callable[[], object], repeats: int) -> float:
    """The median processor time of a call, after one that is not counted."""
    function()
    times = []
    for _ in range(repeats):
        began = time.process_time()
        function()
        times.append(time.process_time() - began)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="small_cnn", help="a model.name")
    parser.add_argument("--layers", nargs="+", default=["conv1", "conv2", "conv3", "fc1", "fc2"])
    parser.add_argument("--epochs", type=int, default=20, help="of a training job")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset = str(folder / "dataset.npz")
        prepare_data(
            name="mnist_5k", root=None, train_size=4000, eval_size=1000, image_size=None, seed=17, output=dataset
        )
        drawn = load_npz(dataset, "train_images", "train_labels", "eval_images", "eval_labels")
        names = ("images", "labels", "eval_images", "eval_labels")
        np.savez_compressed(folder / "own.npz", **dict(zip(names, drawn)))

        def output(span: str) -> dict[str, str]:
            return {part: str(folder / f"{part}-{span}") for part in ("checkpoint", "history", "timing")}

        first = {"dataset": dataset, "previous": None, "first": 0, "last": 0, "model": options.model}
        later = first | {"previous": output("0")["checkpoint"], "first": 1, "last": options.epochs}
        jobs = {
            "prepare_data": PREPARE.format(name=f"npz:{folder / 'own.npz'}", output=str(folder / "again.npz")),
            "train, epoch 0": TRAIN.format(**first, output=output("0")),
            f"train, {options.epochs} epochs": TRAIN.format(**later, output=output("1")),
            "snapshot, one epoch": SNAPSHOT.format(
                dataset=dataset,
                checkpoint=output("1")["checkpoint"],
                history=output("1")["history"],
                epoch=options.epochs,
                model=options.model,
                activations={layer: str(folder / f"{layer}.npy") for layer in options.layers},
                classifier=str(folder / "classifier.npy"),
                predictions=str(folder / "predictions.parquet"),
            ),
        }
        taken = {
            job: statistics.median(processor_seconds(code) for _ in range(options.repeats))
            for job, code in jobs.items()
        }

        inputs, targets, classes = load_evaluation(dataset)
        labels = targets.values
        images = torch.from_numpy(inputs[""]).contiguous(memory_format=torch.channels_last)
        settings = training_settings("cpu", 1, options.model)
        state = load_checkpoint(output("1")["checkpoint"])["weights"][options.epochs]
        model = build_run_model(settings, shape=tuple(images.shape[1:]), classes=classes)
        model.load_state_dict(state)
        model = model.to(memory_format=torch.channels_last)
        part, part_labels = images[:COMPARED], torch.from_numpy(labels[:COMPARED])

        task, _, _ = load_task(dataset, settings, device=torch.device("cpu"))
        learner = build_learner(settings, task)
        trained = load_checkpoint(output("1")["checkpoint"])["state"]

        def check_training() -> None:
            learner.restore(trained)
            check_restorable(
                learner, state=learner.state(), evaluation_images=part, step_images=part, step_labels=part_labels
            )

        whole = record_outputs(model, images, layers=options.layers, pooling=Pooling(), classes=classes)
        history = load_table(output("1")["history"], "class_accuracy").column("class_accuracy").to_pylist()

        few = few_of(len(images))

        def check_snapshot() -> None:
            alone, again = (
                record_outputs(model, images[few], layers=options.layers, pooling=Pooling()) for _ in range(2)
            )
            check_repeatable(
                model,
                in_batch={layer: rows[few] for layer, rows in whole.layers.items()},
                alone=alone.layers,
                again=again.layers,
            )
            check_agreement(whole.logits, labels, class_accuracy=history[-1], epoch=options.epochs, device="cpu")
            logit_warnings(whole.logits)
            gives_outputs(whole.classifier, whole.logits)

        def check_images() -> None:
            train, evaluation = (CheckedPart(*drawn[first : first + 2], str) for first in (0, 2))
            require_content(train, evaluation, source="own.npz", composited=0)
            content_warnings(train, evaluation, class_names=tuple("0123456789"), shape=drawn[0].shape[2:], composited=0)

        checks = {"prepare_data": check_images, "train": check_training, "snapshot": check_snapshot}
        costs = {job: seconds(check, options.repeats) for job, check in checks.items()}
    for job, whole_job in taken.items():
        cost = costs[job.split(",")[0]]
        print(f"{job:22} {whole_job:7.2f} s, its checks {cost:6.3f} s: {cost / whole_job:6.2%}")


if __name__ == "__main__":
    main()
