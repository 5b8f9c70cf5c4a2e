"""What sees lengths: which samples it takes, and what their common part hides."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from evolution.activations.compaction import compact
from evolution.activations.stored_rows import stored_rows
from evolution.measures import probe, spectrum
from evolution.measures.cell_metrics import layer_metrics
from evolution.measures.measure_settings import MeasureSettings
from evolution.measures.products import Products
from evolution.measures.shape_metrics import shape_metrics
from evolution.seeds import generator, integer_seed

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = MeasureSettings(clusters=10, n_init=3, neighbors=5, measures=(), seed=4)


def test_of_many_samples_some_are_drawn_for_spectrum_and_probe(features, caplog):
    settings = replace(SETTINGS, measures=["effective_rank", "linear_probe"], seed=3)
    with caplog.at_level(logging.INFO, logger="evolution"):
        values, *_ = layer_metrics(*features, settings, probe_samples=150, spectrum_samples=120)
    assert caplog.messages == ["The probe takes 150 of 200 samples", "The spectrum takes 120 of 200 samples"]
    of_all, of_drawn = [], []
    for found, probed, spread in (
        (of_all, slice(None), slice(None)),
        (
            of_drawn,
            np.sort(generator(3, "probe samples").choice(200, 150, replace=False)),
            np.sort(generator(3, "spectrum").choice(200, 120, replace=False)),
        ),
    ):
        rows, labels = features
        found.append(probe.linear_probe(rows[probed], labels[probed], integer_seed(3, "probe")))
        found.append(spectrum.effective_rank(spectrum.singular_values(Products(rows[spread]))))
    assert [values["linear_probe_accuracy"], values["effective_rank"]] == of_drawn
    assert not np.isclose(of_all, of_drawn, rtol=1e-3).any()


def test_the_spectrum_of_raw_rows_counts_where_it_is_known(features):
    """Within a tolerance the cell has that of the exact one, of the same samples."""
    labels = features[1]
    random = np.random.default_rng(0)
    raw = random.normal(size=(200, 1500)) * 0.97 ** np.arange(1500)
    raw = (raw + labels[:, None] * random.normal(size=1500) / 10).astype(np.float32)
    settings = replace(SETTINGS, measures=["effective_rank", "participation_ratio"])
    kept = stored_rows(raw, seed=settings.seed, tolerance=0.3)
    assert kept.rows.shape[1] < 100
    exact, within, without = (
        layer_metrics(rows, labels, settings, singular=singular)[0]
        for rows, singular in ((compact(raw), None), kept, (kept.rows, None))
    )
    for name in ("effective_rank", "participation_ratio"):
        assert within[name] == pytest.approx(exact[name], rel=1e-3)
    assert abs(without["effective_rank"] / exact["effective_rank"] - 1) > 0.05


@pytest.mark.parametrize("offset", [0, 3, 30, 100])
def test_a_large_common_part_hides_nothing(offset):
    # All rows point nearly the same way (mean cosine 0.9999 and more at last); what tells them apart stays.
    random = np.random.default_rng(0)
    raw = random.normal(size=(200, 5)) @ random.normal(size=(5, 900)) + 0.01 * random.normal(size=(200, 900))
    labels = (raw[:, 0] > 0).astype(int) + 2 * (raw[:, 1] > 0)
    names = ["intrinsic_dimension", "linear_probe", "effective_rank", "participation_ratio", "neural_collapse"]
    settings = replace(SETTINGS, measures=names)
    apart = shape_metrics(raw, labels, settings, predicted=labels)
    shifted = (raw + offset * random.normal(size=900)).astype(np.float32)
    for form in (shifted, compact(shifted)):
        values = shape_metrics(form, labels, settings, predicted=labels)
        for name in ("effective_rank", "participation_ratio", "nc1"):
            assert values[name] == pytest.approx(apart[name], rel=0.02), name
        assert values["intrinsic_dimension"] == pytest.approx(apart["intrinsic_dimension"], rel=0.05)
        assert values["linear_probe_accuracy"] == pytest.approx(apart["linear_probe_accuracy"], abs=0.02)
