"""How long the film takes to draw, against the notebook's way of drawing it (FuncAnimation), for the same frames.

    python benchmarks/animation_speed.py [--frames 52] [--samples 1000] [--layers 5]

The layouts are random walks: time depends on how many dots there are and not on where. Seconds are of
processor time, the encoder's included, so that a busy machine changes little; wall time is printed too.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))


def seconds() -> tuple[float, float]:
    """Processor and wall time so far, children included."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages), time.perf_counter()


def draw_as_the_notebook(layouts: np.ndarray, labels: np.ndarray, output: Path) -> None:
    """The notebook's cell: clear and draw every panel in each frame, GIF by Pillow."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.animation import FuncAnimation, PillowWriter

    layers = layouts.shape[1]
    figure, panels = plt.subplots(1, layers, figsize=(4 * layers, 4))

    def update_frame(epoch):
        for index, axes in enumerate(np.atleast_1d(panels)):
            axes.clear()
            axes.scatter(*layouts[epoch, index].T, c=labels, cmap="tab10", s=10, alpha=0.7)
            axes.set_title(f"layer {index} (Epoch {epoch}, ARI=0.500)", fontsize=11)
            axes.set_xticks([])
            axes.set_yticks([])
        figure.tight_layout()

    film = FuncAnimation(figure, update_frame, frames=range(len(layouts)), interval=200, repeat=True)
    film.save(output, writer=PillowWriter(fps=5), dpi=80)
    plt.close(figure)


def draw_as_the_workflow(layouts: np.ndarray, labels: np.ndarray, folder: Path) -> None:
    """`plot_animation`, its reading of files included; GIF and MP4."""
    from evolution.activations.cells import Cells
    from evolution.figures.film import FilmSettings, write_film
    from evolution.figures.style import FigureStyle
    from evolution.io.arrays import save_npy, save_npz
    from evolution.io.tables import save_table
    from plot_animation import plot_animation

    epochs, layers = list(range(len(layouts))), [f"layer{index}" for index in range(layouts.shape[1])]
    save_npz(folder / "dataset.npz", eval_labels=labels, class_names=np.arange(10).astype(str))
    (folder / "span").mkdir()
    paths = [folder / "span" / f"{layer}.npy" for layer in layers]
    for index, path in enumerate(paths):
        save_npy(path, layouts[:, index])
    keys = [(layer, epoch) for layer in layers for epoch in epochs]
    metrics = {"layer": [layer for layer, _ in keys], "epoch": [epoch for _, epoch in keys]}
    save_table(
        folder / "metrics.parquet",
        metrics | {"metric": ["adjusted_rand_index"] * len(keys), "value": [0.5] * len(keys)},
    )
    history = {"epoch": epochs, "metric": ["eval_accuracy"] * len(epochs), "value": [0.9] * len(epochs)}
    save_table(folder / "history.parquet", history)
    settings = FilmSettings(FigureStyle(dpi=80, palette="tab10"), fps=5, tween=1, gif_megabytes=100)
    film = plot_animation(
        dataset=str(folder / "dataset.npz"),
        embeddings=Cells(paths, {"span": epochs}),
        metrics_table=str(folder / "metrics.parquet"),
        history_table=str(folder / "history.parquet"),
        epochs=epochs,
        layers=layers,
        settings=settings,
    )
    write_film(film, settings, gif=folder / "film.gif", mp4=folder / "film.mp4")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=52)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--layers", type=int, default=5)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    steps = random.normal(0, 1, (options.frames, options.layers, options.samples, 2))
    steps[0] *= 20
    layouts, labels = steps.cumsum(axis=0).astype(np.float32), np.arange(options.samples) % 10
    spent = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, draw, target in (
            ("notebook", draw_as_the_notebook, Path(folder) / "notebook.gif"),
            ("workflow", draw_as_the_workflow, Path(folder)),
        ):
            before = seconds()
            draw(layouts, labels, target)
            spent[name] = [after - start for after, start in zip(seconds(), before)]
            print(f"{name}: {spent[name][0]:.1f} s of processor, {spent[name][1]:.1f} s of wall time")
    ratio = spent["notebook"][0] / spent["workflow"][0]
    print(f"{options.frames} frames: the workflow takes 1/{ratio:.1f} of the processor time")


if __name__ == "__main__":
    main()
