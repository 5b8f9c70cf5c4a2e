"""The figure of the raw pixels."""

from itertools import permutations

import numpy as np
import pytest
from matplotlib.colors import to_hex

import plot_pixels
from evolution.figures.style import class_colors
from evolution.io.arrays import save_npy
from evolution.io.tables import save_table
from evolution.measures.cluster_matching import match_clusters
from support.figures import assert_readable, write_dataset


@pytest.mark.parametrize("clusters", [2, 4, 6])
def test_clusters_are_matched_so_that_most_samples_agree(clusters):
    rng = np.random.default_rng(clusters)
    labels, assigned = rng.integers(0, 4, 60), rng.integers(0, clusters, 60)
    assigned[:clusters] = range(clusters)
    matched = match_clusters(assigned, labels, 4)
    assert len(set(matched)) == len(matched) == clusters
    most = max(sum(np.array(choice)[assigned] == labels) for choice in permutations(range(max(clusters, 4)), clusters))
    assert sum(matched[assigned] == labels) == most


def write_pixels(folder, labels, names, assigned, rand_index):
    layout = np.random.default_rng(0).normal(0, 9, (1, len(labels), 2)).astype(np.float32)
    save_npy(folder / "pixels.npy", layout)
    save_npy(folder / "clusters.npy", np.array([assigned], np.int16))
    save_table(folder / "pixels.parquet", {"epoch": [0], "adjusted_rand_index": [rand_index]})
    dataset = write_dataset(folder / "dataset.npz", labels, names)
    return dataset, folder / "pixels.npy", folder / "clusters.npy", folder / "pixels.parquet", layout[0]


def dots(axes):
    """Position to colour of each dot."""
    (scatter,) = axes.collections
    return {
        tuple(map(float, place)): to_hex(color)
        for place, color in zip(np.asarray(scatter.get_offsets(), np.float32), scatter.get_facecolors())
    }


@pytest.fixture
def drawn(monkeypatch):
    figures = []
    monkeypatch.setattr(plot_pixels, "save_figure", lambda figure, path: figures.append(figure))
    return figures


def test_each_dot_has_its_class_and_its_clusters_colour(drawn, tmp_path):
    labels = [0, 0, 0, 1, 1, 1]
    *paths, layout = write_pixels(tmp_path, labels, ["cat", "dog"], [1, 1, 0, 0, 0, 2], 0.1234)
    plot_pixels.plot_pixels(*paths, "unused", "petroff10", 80)
    left, right = drawn[0].axes
    cat, dog, other = class_colors("petroff10", 3)
    places = [tuple(map(float, place)) for place in layout]
    assert dots(left) == dict(zip(places, [cat, cat, cat, dog, dog, dog]))
    # Cluster 1 is mostly cats, 0 mostly dogs, 2 is left over.
    assert dots(right) == dict(zip(places, [cat, cat, dog, dog, dog, other]))
    assert left.get_title(loc="left") == "True class"
    assert right.get_title(loc="left") == "k-means cluster (ARI 0.123)"
    assert any("match no class" in text.get_text() for text in drawn[0].texts)
    assert_readable(drawn[0])


def test_pixels_without_clusters_are_grey(drawn, tmp_path):
    *paths, _ = write_pixels(tmp_path, [0, 1], ["cat", "dog"], [-1, -1], float("nan"))
    plot_pixels.plot_pixels(*paths, "unused", "petroff10", 80)
    right = drawn[0].axes[1]
    assert set(dots(right).values()).isdisjoint(class_colors("petroff10", 10))
    assert right.get_title(loc="left").endswith("(ARI –)")  # noqa: RUF001


def test_drawn_twice_gives_the_same_bytes(tmp_path):
    *paths, _ = write_pixels(tmp_path, np.arange(30) % 10, list("abcdefghij"), np.arange(30) % 9, 0.5)
    for number in "12":
        plot_pixels.plot_pixels(*paths, tmp_path / f"{number}.png", "petroff10", 60)
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()
