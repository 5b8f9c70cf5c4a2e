"""The figure of how alike the layers are."""

from dataclasses import replace

import numpy as np
import pytest

from evolution.errors import UserError
from evolution.io.tables import save_table
from plot_cka import plot_cka
from support.figures import (
    LAYERS,
    PAPER_LAYERS,
    SCREEN,
    all_text,
    assert_printable,
    assert_readable,
    assert_same_bytes,
    titled,
)


def write_cka(folder, layers, times, samples=100):
    """A layer table of all times and an time table of each layer, as arguments of plot_cka."""
    counts = {"samples": samples, "available": 100}
    pairs = [
        (time, first, second, 1 - 0.05 * (layers.index(second) - index) - 0.001 * time)
        for time in times
        for index, first in enumerate(layers)
        for second in layers[index:]
    ]
    columns = dict(zip(("time", "first", "second", "unbiased"), map(list, zip(*pairs))))
    save_table(folder / "layers.parquet", columns | {name: [count] * len(pairs) for name, count in counts.items()})
    over_time = [(one, other, 1 - 0.01 * (other - one)) for one in times for other in times if one <= other]
    columns = dict(zip(("first", "second", "unbiased"), map(list, zip(*over_time))))
    columns |= {name: [count] * len(over_time) for name, count in counts.items()}
    tables = {}
    for layer in layers:
        if layer != "raw_inputs":
            tables[layer] = str(folder / f"{layer}.parquet")
            save_table(tables[layer], columns)
    return {"layer_tables": [str(folder / "layers.parquet")], "time_tables": tables, "layers": layers}


@pytest.mark.parametrize(
    ("layers", "times", "grid"),
    [
        ("one", [0], [0]),
        ("few", [0, 5, 100], [0, 100]),
        ("few", list(range(20)), list(range(0, 14, 2))),
        ("many", [0, 5, 100], [0, 5, 100]),
    ],
)
def test_it_can_be_read(layers, times, grid, tmp_path):
    files = write_cka(tmp_path, ["raw_inputs", *LAYERS[layers]], times)
    assert_readable(plot_cka(**files, grid_times=grid, times=times, style=SCREEN))


def heat_map(figure, title):
    (mesh,) = titled(figure, title).collections
    size = round(mesh.get_array().size ** 0.5)
    return np.asarray(mesh.get_array()).reshape(size, size)


def test_the_tables_are_drawn(tmp_path):
    files = write_cka(tmp_path, ["raw_inputs", "conv", "fc"], [0, 4], samples=60)
    figure = plot_cka(**files, grid_times=[4], times=[0, 4], style=SCREEN)
    steps = np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    np.testing.assert_allclose(heat_map(figure, "epoch 4"), 1 - 0.05 * steps - 0.004)
    np.testing.assert_allclose(heat_map(figure, "fc"), [[1, 0.96], [0.96, 1]])
    assert "60 of 100 samples" in all_text(figure)


def test_a_missing_epoch_is_refused(tmp_path):
    files = write_cka(tmp_path, ["fc"], [0, 4])
    with pytest.raises(UserError, match=r"layers\.parquet.*no time 2"):
        plot_cka(**files, grid_times=[0, 2], times=[0, 2, 4], style=SCREEN)


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_it_fits_and_can_be_read(width, tmp_path):
    times = [0, 2, 5, 10, 20, 50, 100]
    files = write_cka(tmp_path, ["raw_inputs", *PAPER_LAYERS], times)
    assert_printable(lambda style: plot_cka(**files, grid_times=times, times=times, style=style), width)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    files = write_cka(tmp_path, ["a", "b"], [0, 1])
    assert_same_bytes(lambda style: plot_cka(**files, grid_times=[0, 1], times=[0, 1], style=style), tmp_path)


@pytest.mark.parametrize("width", [None, 3.4])
def test_large_steps(width, tmp_path):
    times = [0, 1000, 500_000, 1_000_000]
    files = write_cka(tmp_path, PAPER_LAYERS, times)
    figure = plot_cka(**files, grid_times=times, times=times, style=replace(SCREEN, unit="step", width=width))
    assert_readable(figure)
    assert "step 1000000" in all_text(figure) and "epoch" not in all_text(figure)
