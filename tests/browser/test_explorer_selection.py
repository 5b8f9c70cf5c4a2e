"""Dots of the explorer pointed at, selected, coloured and filtered, in a real Chromium, from disk."""

import numpy as np
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from evolution.figures.style import class_colors
from support.page import CLASS_NAMES, CLASSES, SAMPLES, prediction


def test_hovering_shows_the_image_and_what_the_network_says_of_it(explorer):
    sample = 5
    explorer.move_to(1, sample).perform()
    explorer.until("return !document.getElementById('tip').hidden")
    label = sample % CLASSES
    assert explorer.find("#tip").get_attribute("data-sample") == "5"
    said = explorer.text("#tip").splitlines()
    guess = prediction(0, SAMPLES)[sample]
    assert said == [
        f"true: {CLASS_NAMES[label]}",
        f"predicted: {CLASS_NAMES[guess]}",
        "confidence: 50 %",
        "sample 5",
        "1005 in the data set",
    ]
    # The right part of the sheet of images, which holds 50 a row.
    assert explorer.find("#tip .image").value_of_css_property("background-position") == "-420px 0px"
    explorer.shoot("3-hover")
    ActionChains(explorer.driver).move_to_element(explorer.find("h1")).perform()
    explorer.until("return document.getElementById('tip').hidden")


def test_what_is_selected_in_one_layer_is_marked_in_all_and_stays(explorer):
    # A lasso around the first quarter of the second layer's ring, corner by corner.
    element = explorer.find("#map1")
    half = element.rect["width"] / 2 - 3
    x, y = explorer.position(1, 10)
    corners = [(x - 25, y - 25), (x + 25, y - 25), (x + 25, y + 25), (x - 25, y + 25), (x - 25, y - 20)]
    corners = [tuple(int(np.clip(value, -half, half)) for value in corner) for corner in corners]
    chain = ActionChains(explorer.driver, duration=50).move_to_element_with_offset(element, *corners[0])
    chain = chain.click_and_hold()
    for corner in corners[1:]:
        chain = chain.move_to_element_with_offset(element, *corner)
    chain.release().perform()
    (left, top), (right, bottom) = np.min(corners, axis=0), np.max(corners, axis=0)
    inside = [
        sample
        for sample in range(SAMPLES)
        if left < explorer.position(1, sample)[0] < right and top < explorer.position(1, sample)[1] < bottom
    ]
    assert 10 in inside and len(inside) < SAMPLES / 2
    # Dots on the lasso's very edge may fall either way.
    assert len(set(inside) ^ set(explorer.selected())) <= 1
    chosen = explorer.selected()
    assert explorer.text("#selection b") == f"{len(chosen)} selected"
    # One source feeds all maps, so that all maps have the same selection.
    sources = "return explorer.plots.map(plot => plot.renderers[0].data_source.id)"
    assert len(set(explorer.script(sources))) == 1
    explorer.shoot("4-selected")
    explorer.press(Keys.END)
    assert explorer.selected() == chosen
    assert "0 misclassified at epoch 10" in explorer.text("#selection .note")
    explorer.press(Keys.ESCAPE)
    assert explorer.selected() == []
    assert not explorer.find("#selection").is_displayed()


def test_a_tap_selects_one(explorer):
    explorer.move_to(2, 7).click().perform()
    assert explorer.selected() == [7]


def test_search_selects_by_index(explorer):
    field = explorer.find("#search")
    field.send_keys("17, 3", Keys.ENTER)
    assert explorer.selected() == [3, 17]
    cards = [card.text.splitlines() for card in explorer.driver.find_elements(By.CSS_SELECTOR, ".card")]
    assert [card[-1] for card in cards] == ["#17", "#3"]
    field.clear()
    field.send_keys("60", Keys.ENTER)
    assert explorer.selected() == []
    assert explorer.script("return document.getElementById('search').validationMessage") == "No sample 60 here"


@pytest.mark.parametrize("color", ["label", "cluster", "prediction", "right"])
def test_colours(explorer, color):
    palette, labels = class_colors("petroff10", CLASSES), np.arange(SAMPLES) % CLASSES
    explorer.press(Keys.ARROW_RIGHT)
    guesses = prediction(2, SAMPLES)
    Select(explorer.find("#color")).select_by_value(color)
    found = explorer.colors(1)
    explorer.shoot(f"5-colour-{color}")
    if color == "right":
        by_verdict = {
            verdict: {c for c, v in zip(found, guesses == labels) if v == verdict} for verdict in (True, False)
        }
        assert len(by_verdict[True]) == len(by_verdict[False]) == 1
        assert by_verdict[True] != by_verdict[False]
    else:
        # The clusters are the classes, numbered backwards, and have the classes' colours.
        shown = guesses if color == "prediction" else labels
        assert found == [palette[label] for label in shown]


def test_filters(explorer):
    explorer.find("#legend button:nth-child(2)").click()
    labels = np.arange(SAMPLES) % CLASSES
    np.testing.assert_array_equal(np.isnan(explorer.column("x1")), labels == 1)
    explorer.find("#wrong").click()
    np.testing.assert_array_equal(np.isnan(explorer.column("x2")), (labels == 1) | (prediction(0, SAMPLES) == labels))
    explorer.shoot("6-filtered")
    explorer.script("document.activeElement.blur()")
    explorer.press(Keys.ARROW_RIGHT)
    np.testing.assert_array_equal(np.isnan(explorer.column("x2")), (labels == 1) | (prediction(2, SAMPLES) == labels))
    explorer.find("#every").click()
    np.testing.assert_array_equal(np.isnan(explorer.column("x2")), prediction(2, SAMPLES) == labels)
