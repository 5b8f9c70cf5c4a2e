"""The three figures of lines over epochs: what they draw, and that it can be read."""

import numpy as np
import pytest
from PIL import Image

import plot_embedding_quality
import plot_metric_curves
import plot_training_curves
from evolution.errors import UserError
from evolution.io.tables import save_table
from support.figures import METRICS, QUALITIES, assert_readable, long_values, write_history, write_long

LAYERS = {
    "one": ["fc"],
    "few": ["conv1", "conv2", "fc"],
    "many": [f"features.denseblock{number}.denselayer{number}.conv" for number in range(20)],
}
CLASSES = {
    "two": ["$cat", "_dog"],
    "ten": [f"T-shirt/top {place}" for place in range(10)],
    "hundred": [f"class {place}" for place in range(100)],
}


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were saved, instead of their files."""
    figures = []
    for module in (plot_training_curves, plot_metric_curves, plot_embedding_quality):
        monkeypatch.setattr(module, "save_figure", lambda figure, path: figures.append(figure))
    return figures


def titled(figure, title):
    """The panel with that title."""
    return next(axes for axes in figure.axes if axes.get_title(loc="left") == title)


def curve(axes, number):
    """A line's points, NaN left out."""
    points = np.asarray(axes.lines[number].get_xydata(), float)
    return points[np.isfinite(points).all(axis=1)].tolist()


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("epochs", [[0], [0, 1, 2, 3]])
def test_training_curves_can_be_read(classes, epochs, drawn, tmp_path):
    history = write_history(tmp_path / "h.parquet", epochs, CLASSES[classes])
    plot_training_curves.plot_training_curves(history, "unused", 100, "petroff10")
    assert_readable(drawn[0])


def test_training_curves_draw_the_history(drawn, tmp_path):
    history = write_history(tmp_path / "h.parquet", [0, 1, 2], ["cat", "dog"])
    plot_training_curves.plot_training_curves(history, "unused", 100, "petroff10")
    # The values of figures.write_history.
    assert curve(titled(drawn[0], "Loss"), 0) == [[1, 2.0], [2, 1.0]]
    accuracy = titled(drawn[0], "Accuracy")
    np.testing.assert_allclose(curve(accuracy, 0), [[0, 0.1], [1, 0.1 + 0.8 / 3], [2, 0.5]])
    np.testing.assert_allclose(curve(accuracy, 2), [[0, 0.1], [1, 0.1 + 0.7 / 3], [2, 0.45]])
    assert [text.get_text() for text in accuracy.texts][1:] != [] and accuracy.get_xlabel() == "epoch"
    of_classes = titled(drawn[0], "Accuracy of each class")
    np.testing.assert_allclose(curve(of_classes, 0), [[0, 0], [1, 1 / 2], [2, 2 / 3]])
    np.testing.assert_allclose(curve(of_classes, 2), [[0, 0], [1, 1 / 3], [2, 2 / 4]])
    assert {"cat", "dog"} <= {text.get_text() for text in of_classes.texts}


def test_of_many_classes_the_weakest_are_named(drawn, tmp_path):
    # In write_history, the later a class the lower its accuracy.
    names = [f"c{place}" for place in range(30)]
    plot_training_curves.plot_training_curves(
        write_history(tmp_path / "h.parquet", [0, 1, 2], names), "unused", 100, "petroff10"
    )
    shown = {text.get_text() for text in titled(drawn[0], "Accuracy of each class").texts}
    assert shown & set(names) == {"c25", "c26", "c27", "c28", "c29"}


def test_a_history_without_a_measure_is_refused(tmp_path):
    path = tmp_path / "h.parquet"
    save_table(path, {"epoch": [0], "measure": ["train_loss"], "class_name": [""], "value": [1.0]})
    with pytest.raises(UserError, match=r"h\.parquet.*train_accuracy"):
        plot_training_curves.plot_training_curves(str(path), "unused", 100, "petroff10")


@pytest.mark.parametrize(
    ("layers", "epochs", "pixels"),
    [
        ("one", [0], False),
        ("few", [0], True),
        ("few", [0, 5, 100], True),
        ("few", [0, 5, 100], False),
        ("many", [0, 5, 100], True),
    ],
)
def test_layer_curves_can_be_read(layers, epochs, pixels, drawn, tmp_path):
    names = LAYERS[layers]
    for metrics, draw in (
        (METRICS, plot_metric_curves.plot_metric_curves),
        (QUALITIES, plot_embedding_quality.plot_embedding_quality),
    ):
        table = write_long(tmp_path / "t.parquet", long_values(names, epochs, metrics, pixels))
        draw(table, ["pixels", *names], "unused", 100)
    for figure in drawn:
        assert_readable(figure)
        for axes in figure.axes:
            shown = {text.get_text() for text in axes.texts}
            assert ("raw pixels" in shown) == pixels
            assert sum(text.get_gid() == "curve label" for text in axes.texts) == len(names) + pixels
            assert axes.get_xlabel() == "epoch" and axes.get_ylabel()


def test_metric_curves_draw_each_metric_in_its_panel(drawn, tmp_path):
    values = long_values(["conv", "fc"], [0, 4], METRICS) | {("fc", 0, "silhouette"): np.nan}
    plot_metric_curves.plot_metric_curves(
        write_long(tmp_path / "t.parquet", values), ["pixels", "conv", "fc"], "unused", 100
    )
    titles = {
        "silhouette": "Silhouette",
        "adjusted_rand_index": "Adjusted Rand index",
        "normalized_mutual_information": "Normalized mutual information",
        "label_silhouette": "Label silhouette",
        "knn_accuracy": "k-NN accuracy",
    }
    for metric, title in titles.items():
        axes = titled(drawn[0], title)
        assert list(axes.lines[0].get_ydata()) == [values["pixels", 0, metric]] * 2
        assert curve(axes, 1) == [[0, values["conv", 0, metric]], [4, values["conv", 4, metric]]]
    # A value without neighbours is a dot, as no line can show it.
    assert curve(titled(drawn[0], "Silhouette"), 4) == [[4, values["fc", 4, "silhouette"]]]
    assert titled(drawn[0], "Silhouette").lines[4].get_marker() == "o"


def test_drift_of_a_single_snapshot_is_said_to_have_no_value(drawn, tmp_path):
    values = long_values(["fc"], [0], QUALITIES) | {("fc", 0, "drift"): np.nan, ("pixels", 0, "drift"): np.nan}
    plot_embedding_quality.plot_embedding_quality(write_long(tmp_path / "t.parquet", values), ["fc"], "unused", 100)
    assert "no layer has a value" in {text.get_text() for text in titled(drawn[0], "Drift").texts}


def test_drift_of_layouts_that_go_on_can_be_told_apart_beside_one_that_was_made_afresh(drawn, tmp_path):
    drifts = [0.8, 0.04, 0.008, 0.004, 0]
    values = {("fc", epoch, "drift"): drift for epoch, drift in enumerate(drifts)}
    plot_embedding_quality.plot_embedding_quality(write_long(tmp_path / "t.parquet", values), ["fc"], "unused", 100)
    axes = titled(drawn[0], "Drift")
    places = axes.transData.transform([(0, drift) for drift in drifts])[:, 1]
    heights = (places - axes.bbox.y0) / axes.bbox.height
    assert (np.diff(heights) < -0.1).all() and heights[-1] == 0 and heights[0] <= 1


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    history = write_history(tmp_path / "h.parquet", [0, 1, 2], ["cat", "dog"])
    metrics = write_long(tmp_path / "m.parquet", long_values(["a", "b"], [0, 1], METRICS))
    quality = write_long(tmp_path / "q.parquet", long_values(["a", "b"], [0, 1], QUALITIES))
    for number in "12":
        plot_training_curves.plot_training_curves(history, tmp_path / f"training{number}.png", 60, "tab10")
        plot_metric_curves.plot_metric_curves(metrics, ["a", "b"], tmp_path / f"metrics{number}.png", 60)
        plot_embedding_quality.plot_embedding_quality(quality, ["a", "b"], tmp_path / f"quality{number}.png", 60)
    for name in ("training", "metrics", "quality"):
        assert (tmp_path / f"{name}1.png").read_bytes() == (tmp_path / f"{name}2.png").read_bytes()
        with Image.open(tmp_path / f"{name}1.png") as image:
            assert np.asarray(image.convert("L")).std() > 5
            assert image.info["dpi"] == pytest.approx((60, 60), abs=0.01)
