"""The colours of dots, by what the samples are measured against."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_hex

from evolution.data.targets import Targets
from evolution.figures.dot_colors import color_dots, color_maps
from evolution.figures.sheets import OTHERS
from evolution.figures.style import class_colors
from support.figures import SCREEN, write_cells


def targets(target, values, names=(), name=""):
    return Targets(kind="other", target=target, values=values, names=names, count=len(values), name=name)


def test_each_class_has_its_colour():
    found = color_dots(targets("classes", np.array([0, 2, 1, 0]), ("a", "b", "c")), SCREEN)
    colors = class_colors("petroff10", 3)
    assert found.dots.tolist() == [colors[0], colors[2], colors[1], colors[0]]
    assert found.legend == list(zip("abc", colors)) and found.colors == colors
    assert found.scale is None and found.note == "" and found.meaning == "its true class"


def test_of_hundreds_of_classes_the_largest_have_colours():
    # Class 7 has 9 samples, class 8 has 8, class 90 has 7, all others 3.
    values = np.concatenate([np.repeat(np.arange(100), 3), [7] * 6, [8] * 5, [90] * 4])
    found = color_dots(targets("classes", values, tuple(f"c{label}" for label in range(100))), SCREEN)
    named = [name for name, _ in found.legend]
    assert named == ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c90", "90 more classes"]
    colors = dict(found.legend)
    assert {color for label, color in zip(values, found.dots) if label == 90} == {colors["c90"]}
    assert {color for label, color in zip(values, found.dots) if f"c{label}" not in named} == {OTHERS}
    assert found.note == f" In colour: the 10 largest of 100 classes, {7 * 3 + 9 + 8 + 7} of {len(values)} samples."


def test_a_number_has_a_scale_that_far_values_do_not_stretch():
    values = np.concatenate([np.linspace(0, 100, 999), [1e9]])
    found = color_dots(targets("number", values, name="age"), SCREEN)
    assert found.legend == [] and found.scale.title == "age" and found.meaning == "its age"
    assert (found.scale.low, found.scale.high) == pytest.approx((2, 98), abs=0.2)
    assert found.scale.extended_below and found.scale.extended_above and "beyond" in found.note
    ends = [to_hex(color) for color in colormaps["viridis"]([0.0, 0.9])]
    assert [found.dots[0], found.dots[-1]] == ends == [found.scale.colors[0], found.scale.colors[-1]]
    assert found.dots[500] == found.scale.colors[16]
    assert set(found.dots) <= set(found.colors) == set(found.scale.colors)


@pytest.mark.parametrize("values", [np.full(5, 3.0), np.array([0.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])])
def test_numbers_that_hardly_differ_have_a_scale(values):
    found = color_dots(targets("number", values), SCREEN)
    assert found.scale.low <= found.scale.high and found.scale.title == "number"
    assert len(set(found.dots)) == len(set(values))


def test_a_sample_has_the_colour_of_all_its_labels():
    """The commonest sets of labels have one; a sample with two labels looks like neither alone."""
    held = np.array([[1, 0], [1, 0], [1, 0], [1, 1], [1, 1], [0, 0]], bool)
    found = color_dots(targets("labels", held, ("cat", "dog")), SCREEN)
    assert [name for name, _ in found.legend] == ["cat", "cat + dog", "no label"]
    assert found.dots.tolist() == [color for (_, color), count in zip(found.legend, (3, 2, 1)) for _ in range(count)]
    assert OTHERS not in found.dots and found.note == ""


def test_of_many_sets_of_labels_the_commonest_have_colours():
    held = np.array([[number >> bit & 1 for bit in range(5)] for number in range(32)] + [[1, 1, 1, 1, 1]] * 3, bool)
    found = color_dots(targets("labels", held, tuple("abcde")), SCREEN)
    assert [name for name, _ in found.legend][:3] == ["a + b + c + d + e", "no label", "a"]
    assert found.legend[-1] == ("22 more sets", OTHERS) and np.count_nonzero(found.dots == OTHERS) == 22
    assert "the 10 commonest of 32 sets of labels, 13 of 35 samples" in found.note


def test_without_a_target_dots_have_the_colours_of_clusters():
    nothing = Targets(kind="other", target="none", values=None, names=("a", "b"), count=4)
    found = color_dots(nothing, SCREEN, np.array([1, 0, -1, 1]), "of the inputs")
    assert [name for name, _ in found.legend] == ["cluster 1", "cluster 2", "none"]
    one, two = class_colors("petroff10", 2)
    assert found.dots.tolist() == [two, one, OTHERS, two]
    assert found.meaning == "its k-means cluster of the inputs"


def test_the_maps_of_a_run_have_the_clusters_of_one_layer_at_its_last_time(tmp_path):
    nothing = Targets(kind="other", target="none", values=None, names=(), count=2)
    cells = write_cells(tmp_path, {"fc": np.array([[0, 0], [0, 1]], np.int16)}, [3, 8])
    found = color_maps(nothing, replace(SCREEN, unit="step"), cells, "fc")
    assert found.dots.tolist() == class_colors("petroff10", 2)
    assert found.meaning == "its k-means cluster in fc at step 8"
    # What a target says is not asked of the clusters.
    of_classes = color_maps(targets("classes", np.array([0, 1]), ("a", "b")), SCREEN, cells, "fc")
    assert of_classes.meaning == "its true class"


def test_clusters_are_numbered_by_size_as_in_the_explorer(tmp_path):
    cells = write_cells(tmp_path, {"fc": np.array([[2, 0, 0, 2, 2, -1]], np.int16)}, [3])
    nothing = Targets(kind="other", target="none", values=None, names=(), count=6)
    found = color_maps(nothing, replace(SCREEN, unit="step"), cells, "fc")
    first, second = class_colors("petroff10", 2)
    assert found.dots.tolist() == [first, second, second, first, first, OTHERS]
    assert [name for name, _ in found.legend] == ["cluster 1", "cluster 2", "none"]


def test_classes_have_the_colours_that_they_are_given():
    three = targets("classes", np.array([0, 2, 1, 0]), ("a", "犬", "c"))
    found = color_dots(three, replace(SCREEN, colors={"犬": "#dd0000", "z": "#00dd00"}))
    first, _, last = class_colors("petroff10", 3)
    assert found.dots.tolist() == [first, last, "#dd0000", first]
    assert [color for _, color in found.legend] == found.colors == [first, "#dd0000", last]


def test_of_hundreds_of_classes_those_with_a_colour_of_their_own_come_first():
    values = np.concatenate([np.repeat(np.arange(100), 3), [7] * 6])
    hundred = targets("classes", values, tuple(f"c{label}" for label in range(100)))
    found = color_dots(hundred, replace(SCREEN, colors={"c50": "#dd0000", "c60": "#00dd00"}))
    colors = dict(found.legend)
    assert list(colors) == ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c50", "c60", "90 more classes"]
    assert (colors["c50"], colors["c60"]) == ("#dd0000", "#00dd00") and len(set(colors.values())) == 11
    assert set(found.dots[values == 50]) == {"#dd0000"}
    assert found.note == " In colour: 2 chosen classes and the 8 largest others of 100, 36 of 306 samples."
    every = color_dots(hundred, replace(SCREEN, colors={f"c{label}": f"#0000{label:02x}" for label in range(100)}))
    assert every.dots[5 * 3] == "#000005" and OTHERS not in every.dots and len(every.legend) == 100


def test_a_label_alone_has_its_colour():
    held = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], bool)
    found = color_dots(targets("labels", held, ("cat", "dog")), replace(SCREEN, colors={"cat": "#dd0000"}))
    colors = dict(found.legend)
    assert colors["cat"] == found.dots[0] == "#dd0000" and len(set(colors.values())) == 3
