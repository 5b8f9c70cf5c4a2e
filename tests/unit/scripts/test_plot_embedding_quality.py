"""The figure of how faithful and how steady the layouts are."""

import numpy as np
import pytest

from plot_embedding_quality import plot_embedding_quality
from support.figures import (
    LAYERS,
    PAPER_EPOCHS,
    PAPER_LAYERS,
    QUALITIES,
    SCREEN,
    assert_printable,
    assert_readable,
    assert_same_bytes,
    long_values,
    titled,
    write_long,
)


@pytest.mark.parametrize(
    ("layers", "times", "raw_inputs"),
    [
        ("one", [0], False),
        ("few", [0], True),
        ("few", [0, 5, 100], True),
        ("few", [0, 5, 100], False),
        ("many", [0, 5, 100], True),
    ],
)
def test_it_can_be_read(layers, times, raw_inputs, tmp_path):
    names = LAYERS[layers]
    table = write_long(tmp_path / "t.parquet", long_values(names, times, QUALITIES, raw_inputs))
    figure = plot_embedding_quality(embedding_table=table, layers=["raw_inputs", *names], style=SCREEN)
    assert_readable(figure)
    for axes in figure.axes:
        shown = {text.get_text() for text in axes.texts}
        assert ("raw inputs" in shown) == raw_inputs
        assert sum(text.get_gid() == "curve label" for text in axes.texts) == len(names) + raw_inputs
        assert axes.get_xlabel() == "epoch" and axes.get_ylabel()


def test_only_tsne_has_a_divergence(tmp_path):
    table = write_long(tmp_path / "t.parquet", long_values(["fc"], [0, 1], QUALITIES))
    for method, first in (("tsne", ["KL divergence"]), ("pca", [])):
        figure = plot_embedding_quality(embedding_table=table, layers=["fc"], style=SCREEN, method=method)
        assert [axes.get_title(loc="left") for axes in figure.axes] == [*first, "Trustworthiness", "Drift"]


def test_drift_of_a_single_snapshot_is_said_to_have_no_value(tmp_path):
    values = long_values(["fc"], [0], QUALITIES) | {("fc", 0, "drift"): np.nan, ("raw_inputs", 0, "drift"): np.nan}
    table = write_long(tmp_path / "t.parquet", values)
    figure = plot_embedding_quality(embedding_table=table, layers=["fc"], style=SCREEN)
    assert "no layer has a value" in {text.get_text() for text in titled(figure, "Drift").texts}


def test_small_drifts_can_be_told_apart_next_to_that_of_a_layout_made_from_scratch(tmp_path):
    drifts = [0.8, 0.04, 0.008, 0.004, 0]
    values = {("fc", time, "drift"): drift for time, drift in enumerate(drifts)}
    table = write_long(tmp_path / "t.parquet", values)
    axes = titled(plot_embedding_quality(embedding_table=table, layers=["fc"], style=SCREEN), "Drift")
    pixels = axes.transData.transform([(0, drift) for drift in drifts])[:, 1]
    heights = (pixels - axes.bbox.y0) / axes.bbox.height
    assert (np.diff(heights) < -0.1).all() and heights[-1] == 0 and heights[0] <= 1


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_it_fits_and_can_be_read(width, tmp_path):
    table = write_long(tmp_path / "q.parquet", long_values(PAPER_LAYERS, PAPER_EPOCHS, QUALITIES))
    layers = ["raw_inputs", *PAPER_LAYERS]
    assert_printable(lambda style: plot_embedding_quality(embedding_table=table, layers=layers, style=style), width)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    table = write_long(tmp_path / "q.parquet", long_values(["a", "b"], [0, 1], QUALITIES))
    assert_same_bytes(
        lambda style: plot_embedding_quality(embedding_table=table, layers=["a", "b"], style=style), tmp_path
    )
