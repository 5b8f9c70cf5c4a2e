"""The figures of the registry, of samples of all kinds and targets, on a screen and on paper."""

from dataclasses import replace

import pytest

from evolution.data.kinds import BASELINES
from plot_class_separation import plot_class_separation
from plot_confusion import plot_confusion
from plot_geometry import plot_geometry
from plot_grid import plot_grid
from plot_metric_curves import plot_metric_curves
from plot_raw_inputs import plot_raw_inputs
from plot_samples import plot_samples
from plot_training_curves import plot_training_curves
from support.figures import SCREEN, all_text, assert_readable
from support.target_runs import LAYERS, TIMES, TargetRun, many_classes

CASES = [
    ("tokens", "none"),
    ("tokens", "classes"),
    ("table", "classes"),
    ("table", "number"),
    ("signals", "labels"),
    ("other", "none"),
]
NAMES = ["cat", "dog", "a bird with a long name", "horse", "sheep"]
LAYERS_AND_INPUTS = ["raw_inputs", *LAYERS]


def all_figures(run, kind, style):
    """Each figure that such a run has, by its name."""
    baseline = BASELINES[kind]
    figures = {
        "grid": plot_grid(**run.maps(), style=style),
        "samples": plot_samples(**run.samples(), style=style),
        "raw_inputs": plot_raw_inputs(**run.raw_inputs(), baseline=baseline, style=style),
        "training_curves": plot_training_curves(history_table=run.history(), style=style),
        "metric_curves": plot_metric_curves(
            metrics_table=run.metrics, layers=LAYERS_AND_INPUTS, baseline=baseline, style=style
        ),
        "geometry": plot_geometry(metrics_table=run.metrics, layers=LAYERS_AND_INPUTS, baseline=baseline, style=style),
    }
    if run.target in ("classes", "labels"):
        figures["class_separation"] = plot_class_separation(
            dataset=run.dataset,
            votes=run.votes(),
            times=TIMES,
            layers=LAYERS_AND_INPUTS,
            baseline=baseline,
            style=style,
        )
    if run.target == "classes":
        figures["confusion"] = plot_confusion(
            dataset=run.dataset, predictions=run.predictions(), times=TIMES, style=style
        )
    return figures


@pytest.mark.parametrize(("kind", "target"), CASES)
@pytest.mark.parametrize("width", [None, 3.4])
def test_each_figure_can_be_read_and_calls_things_by_their_names(kind, target, width, tmp_path):
    run = TargetRun(tmp_path, kind, target, count=90, names=NAMES)
    for name, figure in all_figures(run, kind, replace(SCREEN, width=width)).items():
        assert_readable(figure)
        text = all_text(figure).lower()
        assert "pixel" not in text and "image" not in text, name
        if target != "classes":
            assert "class" not in text and "accurac" not in text and "rand index" not in text, name
        if name in ("metric_curves", "geometry", "class_separation"):
            assert BASELINES[kind].lower() in text, name


@pytest.mark.parametrize(("classes", "width"), [(100, None), (100, 7), (1000, None), (1000, 3.4)])
def test_of_hundreds_of_classes_the_most_telling_are_shown(classes, width, tmp_path):
    run = many_classes(tmp_path, classes)
    figures = all_figures(run, "images", replace(SCREEN, width=width))
    for figure in figures.values():
        assert_readable(figure)
    for name in ("grid", "raw_inputs"):
        assert len(figures[name].legends[0].get_texts()) == 11
    (matrix,) = figures["confusion"].axes[0].images
    assert matrix.get_array().shape == (20, 21)
    named = [label.get_text() for label in figures["class_separation"].axes[0].get_yticklabels()]
    assert len(named) == len(set(named)) == 30
    if width is None:
        assert f"the 10 largest of {classes} classes" in all_text(figures["grid"])
        assert f"20 of {classes} classes" in all_text(figures["confusion"])
        assert f"Of {classes} classes the 15 best and the 15 worst" in all_text(figures["class_separation"])
        assert "All are in tables/history.parquet" in all_text(figures["training_curves"])
