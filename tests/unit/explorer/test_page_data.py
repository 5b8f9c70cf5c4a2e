"""The explorer's data: arrays, images, and what a run's files become."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import r2_score

from evolution.data.kinds import BASELINES, KINDS, TARGETS
from evolution.explorer import page_data
from evolution.figures.style import class_colors
from evolution.io.tables import save_table
from evolution.measures.registry import OF_NUMBERS, OF_WORDS
from support.explorer_page import write_predictions, write_run
from support.figures import write_cells
from support.page import (
    CLASS_NAMES,
    CLASSES,
    EPOCHS,
    LAYERS,
    coordinates,
    metric_value,
    page_settings,
    prediction,
    unpacked,
    write_experiment,
)


def test_layouts_keep_their_shape_to_a_thousandth_of_the_square():
    layouts = np.random.default_rng(0).normal(3, 20, (4, 50, 2)).astype(np.float32)
    back = page_data.quantise(layouts) / page_data.STEPS
    assert np.abs(back).max() <= 1
    # One scale for both axes and all times: a fit of one factor and one offset an axis explains everything.
    factor = np.ptp(layouts[..., 0]) / np.ptp(back[..., 0])
    np.testing.assert_allclose(back * factor - layouts, (back * factor - layouts)[:1, :1].repeat(4, 0).repeat(50, 1),
                               atol=1e-3 * factor)  # fmt: skip


def test_of_many_samples_the_page_has_as_many_as_asked_for_and_always_the_same():
    np.testing.assert_array_equal(page_data.page_samples(7, 7), np.arange(7))
    samples = page_data.page_samples(1000, 100)
    assert len(set(samples)) == 100 and samples.min() >= 0 and samples.max() < 1000
    np.testing.assert_array_equal(samples, page_data.page_samples(1000, 100))
    assert (np.diff(samples) > 0).all()


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    return write_experiment(tmp_path_factory.mktemp("experiment"), samples=30)


def test_the_data_are_those_of_the_files(experiment):
    data, curves = page_data.explorer_data(**experiment, settings=page_settings())
    labels = np.arange(30) % CLASSES
    assert json.loads(json.dumps(data)), "not every value is one that JSON has"
    assert (data["run"], data["times"], data["total"], data["aligned"]) == ("rings", EPOCHS, 30, True)
    assert data["samples"] == list(range(30)) and data["sources"] == list(range(1000, 1030))
    assert data["labels"] == labels.tolist() and data["names"] == CLASS_NAMES
    assert data["colors"] == class_colors("petroff10", CLASSES)
    assert data["network"] == ["conv", "fc"] and data["raw_inputs"]
    predicted = np.stack([prediction(time, 30) for time in EPOCHS])
    np.testing.assert_array_equal(unpacked(data["predicted"]), predicted)
    np.testing.assert_array_equal(unpacked(data["confidence"])[:, 0], [50, 58, 70, 90])
    np.testing.assert_allclose(data["score"], (predicted == labels).mean(axis=1), atol=5e-4)
    assert [layer["name"] for layer in data["maps"]] == ["raw pixels", "conv", "fc"]
    for layer, shown in zip(LAYERS, data["maps"]):
        times = EPOCHS[:1] if layer == "raw_inputs" else EPOCHS
        # The clusters are the classes, numbered backwards.
        np.testing.assert_array_equal(unpacked(shown["clusters"]), np.tile(labels, (len(times), 1)))
        np.testing.assert_allclose(shown["scores"], [metric_value(layer, time) for time in times])
        truth = np.stack([coordinates(layer, time, 30) for time in times])
        drawn = unpacked(shown["layouts"]).astype(float)
        # One scale for both axes and all times.
        scale = np.ptp(truth[..., 0]) / np.ptp(drawn[..., 0])
        np.testing.assert_allclose(scale * (drawn - drawn[0, 0]), truth - truth[0, 0], atol=2e-3)
    assert data["curves"] == list(curves)
    assert next(iter(curves)) == "Network accuracy" and "NMI" in curves
    np.testing.assert_array_equal(curves["NMI"]["conv"][0], EPOCHS)
    np.testing.assert_allclose(curves["NMI"]["conv"][1], [metric_value("conv", time) for time in EPOCHS])


def test_every_part_of_the_data_holds_the_same_subset_of_samples(experiment):
    whole, _ = page_data.explorer_data(**experiment, settings=page_settings())
    data, _ = page_data.explorer_data(**experiment, settings=page_settings(max_samples=7, aligned=False))
    assert (data["total"], len(data["samples"]), data["aligned"]) == (30, 7, False)
    for name in ("labels", "sources"):
        assert data[name] == [whole[name][sample] for sample in data["samples"]]
    for name in ("predicted", "confidence"):
        np.testing.assert_array_equal(unpacked(data[name]), unpacked(whole[name])[:, data["samples"]])
    for shown, every in zip(data["maps"], whole["maps"]):
        for name in ("layouts", "clusters"):
            np.testing.assert_array_equal(unpacked(shown[name]), unpacked(every[name])[:, data["samples"]])


@pytest.mark.parametrize("known", [True, False])
def test_what_nobody_knows_is_null(tmp_path, known):
    """A recording may have predicted classes without confidences, or no predictions."""
    experiment = write_experiment(tmp_path, samples=30)
    predicted = np.concatenate([prediction(epoch, 30) for epoch in EPOCHS])
    table = {"epoch": np.repeat(EPOCHS, 30), "sample": np.tile(np.arange(30), len(EPOCHS))}
    table |= {"predicted": predicted if known else np.full_like(predicted, -1)}
    save_table(tmp_path / "predictions.parquet", table | {"confidence": np.full(len(predicted), np.nan)})
    data, curves = page_data.explorer_data(**experiment, settings=page_settings())
    assert data["confidence"] is None and (data["predicted"] is None) != known
    assert ("Network accuracy" in curves) == known and len(data["score"]) == known * len(EPOCHS)
    json.dumps(data, allow_nan=False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", TARGETS)
def test_every_kind_of_input_and_of_target_has_a_page(tmp_path, kind, target):
    run = write_run(tmp_path, kind=kind, target=target)
    data, curves = page_data.explorer_data(**run, settings=page_settings())
    json.dumps(data, allow_nan=False)
    assert (data["kind"], data["target"], data["total"]) == (kind, target, 60)
    assert data["maps"][0]["name"] == data["baseline"] == BASELINES[kind]
    # Above each map, the metric that fits.
    metric = {"classes": "ARI", "number": "k-NN R²", "labels": "k-NN AP", "none": "silhouette"}[target]
    assert data["map_score"] == metric and data["maps"][1]["scores"] == pytest.approx([0.15, 0.35, 0.65])
    # What the run lacks has no curve.
    network = {"classes": "Network accuracy", "number": "Network R²", "labels": "Network average precision"}.get(target)
    more = {"classes": {"Adjusted Rand index", "k-NN accuracy"}, "number": {"k-NN R²"}, "none": set()}
    more["labels"] = {"k-NN average precision"}
    assert set(curves) == {"Silhouette", "k-NN: writer"} | more[target] | ({network} - {None})
    assert all(lines for lines in curves.values())
    whole = dict(zip(data["curves"], data["curve_titles"], strict=True))
    assert whole["k-NN: writer"] == "k-NN accuracy against writer"
    assert (data["score"] == []) == (target == "none")
    assert [column["name"] for column in data["attributes"]] == ["age", "writer"]


@pytest.mark.parametrize("target", ["number", "labels", "none"])
def test_without_classes_clusters_keep_their_numbers_over_times_and_layers(tmp_path, target):
    data, _ = page_data.explorer_data(**write_run(tmp_path, kind="table", target=target), settings=page_settings())
    shown = np.concatenate([unpacked(layer["clusters"]) for layer in data["maps"]])
    assert (shown == shown[0]).all() and len(data["cluster_colors"]) == shown.max() + 1 == 3


def test_clusters_and_classes_share_colours_also_where_there_are_more_clusters(experiment, tmp_path):
    clusters = {layer: np.tile(np.arange(30) % 12, (4, 1)).astype(np.int16) for layer in LAYERS}
    more = experiment | {"clusters": write_cells(tmp_path, clusters, EPOCHS)}
    data, _ = page_data.explorer_data(**more, settings=page_settings())
    assert data["colors"] == data["cluster_colors"] == class_colors("petroff10", 12)


def test_hundreds_of_classes_have_colours_for_those_that_are_picked(tmp_path):
    names = [f"species {number}" for number in range(300)]
    run = write_run(tmp_path, kind="images", target="classes", count=600, names=names)
    data, _ = page_data.explorer_data(**run, settings=page_settings(max_samples=50))
    assert len(data["names"]) == 300 and 5 <= len(data["colors"]) <= 10
    labels = np.array(data["labels"])
    np.testing.assert_array_equal(unpacked(data["maps"][2]["clusters"])[1], labels)


def test_the_score_is_that_of_all_samples_also_of_those_that_are_not_shown(tmp_path):
    run = write_run(tmp_path, kind="table", target="number")
    whole, part = (page_data.explorer_data(**run, settings=page_settings(max_samples=most))[0] for most in (60, 9))
    assert whole["score"] == part["score"] and whole["scale"] == part["scale"] and len(part["samples"]) == 9
    labels = unpacked(whole["labels"])
    expected = [r2_score(labels, each) for each in unpacked(whole["predicted"])]
    np.testing.assert_allclose(whole["score"], expected, atol=1e-6)
    np.testing.assert_array_equal(unpacked(part["labels"]), labels[part["samples"]])


def test_unknown_predictions_of_labels_are_null(tmp_path):
    run = write_run(tmp_path, kind="tokens", target="labels")
    run["predictions"] = [write_predictions(tmp_path / "unknown.parquet", np.full((3, 60, 3), np.nan, np.float32))]
    data, curves = page_data.explorer_data(**run, settings=page_settings())
    assert data["predicted"] is None and "Network average precision" not in curves


def test_each_measure_of_an_attribute_has_a_short_title():
    assert set(page_data.SHORT_TITLES) == {*OF_WORDS, *OF_NUMBERS}
    assert len(set(page_data.SHORT_TITLES.values())) == len(page_data.SHORT_TITLES)


def test_classes_have_the_colours_that_they_are_given(experiment):
    settings = replace(page_settings(), colors={CLASS_NAMES[1]: "#dd0000"})
    data, _ = page_data.explorer_data(**experiment, settings=settings)
    plain = class_colors("petroff10", CLASSES)
    # Clusters are numbered after the classes that they match best.
    assert data["colors"] == data["cluster_colors"] == [plain[0], "#dd0000", *plain[2:]]


def test_of_many_classes_the_page_has_the_given_colours_by_number(tmp_path):
    names = [f"class {number}" for number in range(30)]
    run = write_run(tmp_path, kind="images", target="classes", count=60, names=names)
    settings = replace(page_settings(), colors={"class 7": "#dd0000", "class 29": "#00dd00"})
    data, _ = page_data.explorer_data(**run, settings=settings)
    assert data["given_colors"] == {"7": "#dd0000", "29": "#00dd00"}
    assert not set(data["colors"]) & set(settings.colors.values())
    plain, _ = page_data.explorer_data(**run, settings=page_settings())
    assert plain["given_colors"] == {}
