"""The heat map of how alike the runs' layers are."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from evolution.errors import UserError
from evolution.figures.style import FigureStyle
from plot_compared_cka import plot_compared_cka
from support.compared_runs import CASES, CASES_AND_WIDTHS, runs_of, write_map
from support.figures import SCREEN, all_text, assert_readable, assert_same_bytes


class EachAt(dict):
    """Every run is compared at one epoch."""

    def __missing__(self, run):
        return 10


TIMES = EachAt()


@pytest.mark.parametrize(("case", "width"), CASES_AND_WIDTHS)
def test_it_can_be_read(case, width, tmp_path):
    groups, layers = CASES[case]
    cells = [(run, layer) for group, runs in runs_of(groups).items() for run in runs for layer in layers[group]]
    table, _ = write_map(tmp_path / "c.parquet", cells[:40])
    style = FigureStyle(dpi=100, width=width)
    figure = plot_compared_cka(cka_table=table, groups=runs_of(groups), times=TIMES, compared=[], style=style)
    assert_readable(figure)
    assert width is None or figure.get_figwidth() == width


def test_it_shows_each_pair_and_names_who_is_left_out(tmp_path):
    cells = [("a-1", "fc1"), ("a-1", "fc2"), ("b-1", "fc1"), ("b-1", "fc2")]
    table, values = write_map(tmp_path / "c.parquet", cells)
    groups = {"a": ["a-1", "a-2"], "b": ["b-1"], "c": ["c-1"]}
    compared = ["a-1", "b-1", "c-1"]
    figure = plot_compared_cka(cka_table=table, groups=groups, times=TIMES, compared=compared, style=SCREEN)
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), values)
    text = all_text(figure)
    assert "3 of 4 runs" in text and "other samples: c-1." in text and "at epoch 10" in text
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels(minor=True)]
    assert labels == ["fc1", "fc2", "fc1", "fc2"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a-1", "b-1"]
    steps = FigureStyle(dpi=100, unit="step")
    apart = plot_compared_cka(
        cka_table=table, groups=groups, times={"a-1": 500, "b-1": 700}, compared=compared, style=steps
    )
    assert "at steps from 500 to 700" in all_text(apart) and "Of each run: a-1 at 500, b-1 at 700." in all_text(apart)


def test_names_that_differ_in_the_middle_are_told_apart(tmp_path):
    runs = [f"mnist-label_smoothing-{value}-weight_decay-0.0005-momentum-0.9-seed-1" for value in (0, 0.1)]
    table, _ = write_map(tmp_path / "c.parquet", [(run, "fc1") for run in runs])
    groups = {run: [run] for run in runs}
    figure = plot_compared_cka(cka_table=table, groups=groups, times=TIMES, compared=runs, style=SCREEN)
    assert_readable(figure)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == runs
    # The ends tell these apart.
    runs = [f"{'mnist' * 12}-seed-{seed}" for seed in (1, 2)]
    table, _ = write_map(tmp_path / "c.parquet", [(run, "fc1") for run in runs])
    groups = {"mnist": runs}
    figure = plot_compared_cka(cka_table=table, groups=groups, times=TIMES, compared=runs, style=SCREEN)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(set(labels)) == 2 and max(map(len, labels)) < len(runs[0])


def test_a_damaged_table_is_refused(tmp_path):
    table, _ = write_map(tmp_path / "c.parquet", [("a", "x"), ("b", "x")])
    pq.write_table(pq.read_table(table).slice(1), table)
    with pytest.raises(UserError, match=r"c\.parquet.*3 rows for 2 layers"):
        plot_compared_cka(cka_table=table, groups={"a": ["a"], "b": ["b"]}, times=TIMES, compared=[], style=SCREEN)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    table, _ = write_map(tmp_path / "c.parquet", [("a-seed-0", "fc"), ("b-seed-0", "fc")])
    groups = runs_of({"a": 2, "b": 2})
    assert_same_bytes(
        lambda style: plot_compared_cka(cka_table=table, groups=groups, times=TIMES, compared=[], style=style), tmp_path
    )
