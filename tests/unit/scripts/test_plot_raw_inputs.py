"""The figure of the raw inputs."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from evolution.figures.style import FigureStyle, class_colors
from evolution.io.tables import save_table
from plot_raw_inputs import plot_raw_inputs
from support.figures import (
    PAPER_CLASSES,
    SCREEN,
    all_text,
    assert_printable,
    assert_readable,
    assert_same_bytes,
    random_layouts,
    write_cells,
    write_dataset,
)


def only_file(cells):
    """The path of the one file of some cells."""
    (path,) = {file for file, _, _ in cells._files.values()}
    return path


def write_run(folder, labels, names, clusters, rand_index):
    """Arguments of plot_raw_inputs."""
    save_table(folder / "raw_inputs.parquet", {"time": [0], "adjusted_rand_index": [rand_index]})
    return {
        "dataset": write_dataset(folder / "dataset.npz", labels, names),
        "embedding": only_file(
            write_cells(folder / "embeddings", random_layouts(["raw_inputs"], [0], len(labels)), [0])
        ),
        "clusters": only_file(write_cells(folder / "clusters", {"raw_inputs": np.array([clusters], np.int16)}, [0])),
        "metrics_table": folder / "raw_inputs.parquet",
    }


def dots(axes):
    """Position to colour of each dot."""
    (scatter,) = axes.collections
    return {
        tuple(map(float, position)): to_hex(color)
        for position, color in zip(np.asarray(scatter.get_offsets(), np.float32), scatter.get_facecolors())
    }


def test_each_dot_has_its_class_and_its_clusters_colour(tmp_path):
    labels = [0, 0, 0, 1, 1, 1]
    files = write_run(tmp_path, labels, ["cat", "dog"], [1, 1, 0, 0, 0, 2], 0.1234)
    figure = plot_raw_inputs(**files, style=SCREEN)
    left, right = figure.axes
    cat, dog, other = class_colors("petroff10", 3)
    positions = [tuple(map(float, position)) for position in random_layouts(["raw_inputs"], [0], 6)["raw_inputs"][0]]
    assert dots(left) == dict(zip(positions, [cat, cat, cat, dog, dog, dog]))
    # Cluster 1 is mostly cats, 0 mostly dogs, 2 is left over.
    assert dots(right) == dict(zip(positions, [cat, cat, dog, dog, dog, other]))
    assert left.get_title(loc="left") == "True class"
    assert right.get_title(loc="left") == "k-means cluster (ARI 0.123)"
    assert "match no class" in all_text(figure)
    assert_readable(figure)


def test_both_maps_have_the_colours_that_classes_are_given(tmp_path):
    """Also where there are more clusters than the palette has colours."""
    names = [f"class {label}" for label in range(10)]
    labels = np.repeat(np.arange(10), 4)
    # Cluster 10 is the smaller part of class 0, which cluster 0 matches best.
    clusters = np.where(np.arange(40) == 3, 10, labels)
    style = FigureStyle(dpi=100, palette="petroff10", colors={"class 1": "#dd0000"})
    left, right = plot_raw_inputs(**write_run(tmp_path, labels, names, clusters, 0.9), style=style).axes
    positions = [tuple(map(float, place)) for place in random_layouts(["raw_inputs"], [0], 40)["raw_inputs"][0]]
    of_classes, of_clusters = dots(left), dots(right)
    assert [of_classes[positions[sample]] for sample in (0, 4)] == [class_colors("petroff10", 10)[0], "#dd0000"]
    assert [place for place in positions if of_classes[place] != of_clusters[place]] == [positions[3]]
    assert of_clusters[positions[3]] not in of_classes.values()


def test_pixels_without_clusters_are_grey(tmp_path):
    files = write_run(tmp_path, [0, 1], ["cat", "dog"], [-1, -1], float("nan"))
    right = plot_raw_inputs(**files, style=SCREEN).axes[1]
    assert set(dots(right).values()).isdisjoint(class_colors("petroff10", 10))
    assert right.get_title(loc="left").endswith("(ARI –)")  # noqa: RUF001


@pytest.mark.parametrize("width", [3.4, 7])
def test_on_paper_it_fits_and_can_be_read(width, tmp_path):
    labels = np.arange(120) % 10
    files = write_run(tmp_path, labels, PAPER_CLASSES, labels, 0.5)
    assert_printable(lambda style: plot_raw_inputs(**files, style=style), width)


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    files = write_run(tmp_path, np.arange(30) % 10, list("abcdefghij"), np.arange(30) % 9, 0.5)
    assert_same_bytes(lambda style: plot_raw_inputs(**files, style=style), tmp_path)
