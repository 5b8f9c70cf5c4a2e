"""The explorer of numbers, of several labels and of samples without any, in a real Chromium, from disk."""

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from evolution.data.targets import load_targets
from evolution.explorer.plots import number_colors
from support.chromium import complaints, requests
from support.explorer_page import TIMES, predictions_of, write_run_page
from support.open_page import Explorer


@pytest.fixture
def open_run(browser, tmp_path):
    """Opens the page of a run; after the test it must have written no warning and sent no request."""

    def opened(fragment="", **run):
        explorer = Explorer(browser, write_run_page(tmp_path, **run), fragment)
        return explorer, load_targets(tmp_path / "dataset.npz")

    yield opened
    assert complaints(browser) == []
    assert requests(browser) == []


def options(explorer, control):
    return [option.text for option in Select(explorer.find(control)).options]


def chips(explorer):
    return [chip.text for chip in explorer.driver.find_elements(By.CSS_SELECTOR, "#legend button")]


def hidden(explorer):
    return np.isnan(explorer.column("x1"))


def ramp_places(colors):
    """Where colours are on the light scale of numbers, from 0 to 1; NaN for a colour that is not on it."""
    ramp = number_colors(False)
    return np.array([ramp.index(color) / (len(ramp) - 1) if color in ramp else np.nan for color in colors])


def on_scale(values, low, high):
    return (np.clip(values, low, high) - low) / (high - low)


def test_numbers_are_coloured_on_a_scale(open_run):
    explorer, targets = open_run(kind="table", target="number")
    assert options(explorer, "#color") == [
        *("true tree", "k-means cluster", "prediction", "error (absolute)", "age", "writer"),
    ]
    assert explorer.text("#maps figure:nth-child(2) figcaption span") == "k-NN R² 0.15"
    assert not explorer.find("#wrong").is_displayed()
    low, high = targets.values.min(), targets.values.max()
    np.testing.assert_allclose(ramp_places(explorer.colors(1)), on_scale(targets.values, low, high), atol=0.005)
    ends = explorer.text("#scale").replace("\u2212", "-").split()
    np.testing.assert_allclose([float(end) for end in ends], [low, high], rtol=1e-3)
    explorer.press(Keys.ARROW_RIGHT)
    predicted = predictions_of(targets)[1]
    Select(explorer.find("#color")).select_by_value("prediction")
    np.testing.assert_allclose(ramp_places(explorer.colors(2)), on_scale(predicted, low, high), atol=0.005)
    assert explorer.text("#scale").startswith("≤")
    Select(explorer.find("#color")).select_by_value("error")
    errors = np.abs(predictions_of(targets) - targets.values)
    np.testing.assert_allclose(ramp_places(explorer.colors(2)), on_scale(errors[1], 0, errors.max()), atol=0.005)
    explorer.shoot("number-error")


def test_a_scale_has_colours_for_each_theme(open_run):
    explorer, _ = open_run(kind="table", target="number")
    for dark in (explorer.script("return explorer.state.dark"), not explorer.script("return explorer.state.dark")):
        assert set(explorer.colors(1)) <= set(number_colors(dark))
        explorer.find("#theme").click()


def test_a_row_is_shown_column_by_column_with_the_number_and_its_error(open_run):
    explorer, targets = open_run(kind="table", target="number")
    explorer.script("explorer.hover([5]); explorer.source.selected.indices = [5, 6]")
    said = explorer.text("#tip").replace("\u2212", "-").splitlines()
    assert [line.split()[0] for line in said[:5]] == list("abcde")
    predicted = predictions_of(targets)[0, 5]
    for line, value in zip(said[5:8], (targets.values[5], predicted, predicted - targets.values[5])):
        assert float(line.split(": ")[1]) == pytest.approx(value, rel=1e-3)
    assert [line.split(":")[0] for line in said[5:8]] == ["true tree", "predicted", "error"]
    assert said[8].startswith("age: ") and said[9:] == ["writer: writer 1", "sample 5", "10 in the data set"]
    assert not explorer.driver.find_elements(By.CSS_SELECTOR, "#tip .image")
    assert "mean absolute error" in explorer.text("#selection .note")
    errors = np.abs(predictions_of(targets)[0] - targets.values)[[5, 6]]
    assert float(explorer.text("#selection .note").split()[3]) == pytest.approx(errors.mean(), rel=1e-3)
    explorer.shoot("number-hover")


def test_numbers_are_filtered_by_a_range(open_run):
    explorer, targets = open_run(kind="table", target="number")
    explorer.find("#least").send_keys("0.5", Keys.ENTER)
    np.testing.assert_array_equal(hidden(explorer), targets.values < 0.5)
    explorer.find("#most").send_keys("1.5", Keys.TAB)
    np.testing.assert_array_equal(hidden(explorer), (targets.values < 0.5) | (targets.values > 1.5))
    # Of an attribute, a sample without a value is in no range.
    Select(explorer.find("#filter")).select_by_visible_text("age")
    explorer.find("#least").send_keys("0", Keys.TAB)
    missing = np.isnan(targets.attributes["age"])
    assert missing.any()
    np.testing.assert_array_equal(hidden(explorer), (targets.values < 0.5) | (targets.values > 1.5) | missing)
    # The other filter is still there to see, and to take back.
    assert explorer.text("#others") == "true tree: filtered \u00d7"
    link = "#" + explorer.driver.current_url.split("#")[1]
    explorer.find("#others button").click()
    np.testing.assert_array_equal(hidden(explorer), missing)
    assert explorer.text("#others") == ""
    explorer.find("#every").click()
    assert not hidden(explorer).any()
    explorer.driver.execute_script("location.hash = arguments[0]", link)
    explorer.until("return explorer.state.filter !== null")
    np.testing.assert_array_equal(hidden(explorer), (targets.values < 0.5) | (targets.values > 1.5) | missing)


def test_of_several_labels_one_is_picked(open_run, tmp_path):
    explorer, targets = open_run(kind="tokens", target="labels")
    assert options(explorer, "#color") == [
        *("label", "k-means cluster", "predicted probability", "right or wrong", "age", "writer"),
    ]
    counts = targets.values.sum(axis=0)
    assert options(explorer, "#pick") == [f"{name} ({count})" for name, count in zip(targets.names, counts)]
    # The most common one at first.
    assert explorer.script("return explorer.state.pick") == counts.argmax()
    Select(explorer.find("#pick")).select_by_index(1)
    assert chips(explorer) == ["with birch", "without birch"]
    colors = np.array(explorer.colors(1))
    held = targets.values[:, 1]
    assert set(colors[held]) == {"#3f90da"} and set(colors[~held]) == {"#808080"}
    explorer.find("#legend button:nth-child(2)").click()
    np.testing.assert_array_equal(hidden(explorer), ~held)
    explorer.find("#every").click()
    explorer.press(Keys.ARROW_RIGHT)
    scores = predictions_of(targets)[1, :, 1]
    Select(explorer.find("#color")).select_by_value("prediction")
    np.testing.assert_allclose(ramp_places(explorer.colors(1)), scores, atol=0.01)
    right = (scores >= 0.5) == held
    Select(explorer.find("#color")).select_by_value("right")
    colors = np.array(explorer.colors(1))
    assert len(set(colors[right])) == len(set(colors[~right])) == 1 and colors[right][0] != colors[~right][0]
    explorer.find("#wrong").click()
    np.testing.assert_array_equal(hidden(explorer), right)
    explorer.shoot("labels")
    link = "#" + explorer.driver.current_url.split("#")[1]
    again = Explorer(explorer.driver, tmp_path / "explorer.html", link)
    np.testing.assert_array_equal(hidden(again), right)
    assert Select(again.find("#pick")).first_selected_option.text == f"birch ({counts[1]})"


def test_a_text_is_shown_as_text_with_the_labels_by_name(open_run):
    explorer, targets = open_run("#label=0", kind="tokens", target="labels")
    sample = 5
    explorer.script(f"explorer.hover([{sample}]); explorer.source.selected.indices = [{sample}]")
    said = explorer.text("#tip").splitlines()
    scores = predictions_of(targets)[0, sample]

    def names(shares):
        return ", ".join(name for name, share in zip(targets.names, shares) if share >= 0.5) or "none"

    assert "bird" in said[0] or "the" in said[0] or "cat" in said[0]
    assert said[1] == f"true tree: {names(targets.values[sample])}"
    assert said[2] == f"predicted: {names(scores)}"
    assert said[3].startswith("ash: ") and said[3].endswith(" %")
    assert float(said[3][5:-2]) == pytest.approx(100 * scores[0], abs=0.75)
    wrong = (scores[0] >= 0.5) != targets.values[sample, 0]
    assert bool(explorer.driver.find_elements(By.CSS_SELECTOR, "#tip .wrong")) == wrong
    assert f"{int(wrong)} misclassified of ash at epoch 0" in explorer.text("#selection .note")
    assert explorer.text(".card .text") == said[0]
    explorer.shoot("labels-hover")


def test_without_labels_dots_are_coloured_by_cluster(open_run):
    explorer, _ = open_run("#color=label&wrong=1", kind="signals", target="none", predicted=False, attributes=False)
    assert options(explorer, "#color") == ["k-means cluster"]
    assert len(set(explorer.colors(1))) == 3 and explorer.text("#scale").split() == ["1", "2", "3"]
    for control in ("#wrong", "#filter", "#every", "#none", "#pick", "#range", "#finder"):
        assert not explorer.find(control).is_displayed(), control
    assert "known" not in explorer.text("#count")
    assert explorer.text("#maps figure:nth-child(2) figcaption") == "fc1\nsilhouette 0.15"
    # A cluster has one colour in all layers and at all times.
    first = explorer.colors(0)
    for _ in TIMES:
        assert explorer.colors(1) == explorer.colors(2) == first
        explorer.press(Keys.ARROW_RIGHT)
    explorer.script("explorer.hover([3]); explorer.source.selected.indices = [3, 4]")
    assert explorer.text("#tip").splitlines() == ["sample 3", "6 in the data set"]
    assert explorer.find("#tip .image").is_displayed() and explorer.text("#selection .note") == "at epoch 5"
    explorer.shoot("none")


def test_without_labels_named_outputs_are_colours_and_a_filter(open_run):
    explorer, targets = open_run("#color=prediction", kind="other", target="none")
    guesses = predictions_of(targets)
    assert chips(explorer) == ["ash", "birch", "cedar"]
    explorer.find("#legend button:nth-child(1)").click()
    np.testing.assert_array_equal(hidden(explorer), guesses[0] == 0)
    explorer.script("document.activeElement.blur()")
    explorer.press(Keys.END)
    np.testing.assert_array_equal(hidden(explorer), guesses[-1] == 0)
    explorer.script("explorer.hover([3])")
    assert explorer.text("#tip").splitlines()[0] == f"predicted: {targets.names[guesses[-1, 3]]}"


@pytest.mark.parametrize(
    "fragment", ["#label=length&range=x,&hidden=7,-2", "#label=9&filter=y&hidden=a&picked=1&rest=0"]
)
@pytest.mark.parametrize("target", ["number", "labels"])
def test_a_broken_link_opens_what_there_is(open_run, target, fragment):
    explorer, _ = open_run(fragment, kind="table", target=target)
    assert not hidden(explorer).any() and explorer.script("return explorer.state.filter") is None
