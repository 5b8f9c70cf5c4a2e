"""The explorer as a person opens it and plays it, in a real Chromium, from disk."""

import time

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from evolution.figures.style import class_colors
from support.chromium import complaints, requests, set_screen
from support.open_page import Explorer, drawn, expected
from support.page import CLASSES, LAYERS, SAMPLES, prediction, write_page


def test_it_opens_with_all_layers_and_curves(explorer):
    titles = [element.text for element in explorer.driver.find_elements(By.CSS_SELECTOR, "#maps b")]
    assert titles == ["raw pixels", "conv", "fc"]
    assert explorer.text("#time") == "epoch 0 of 10"
    assert explorer.text("#count") == "60 evaluation samples"
    assert explorer.text("#maps figure:nth-child(2) figcaption span") == "ARI 0.40"
    assert len(explorer.driver.find_elements(By.CSS_SELECTOR, "#curves figure")) == 7
    for index, layer in enumerate(LAYERS):
        np.testing.assert_allclose(drawn(explorer, index), expected(layer, 0), atol=1e-4)
    # Dots are on the canvas: it is not of one colour.
    shot = explorer.find("#map1").screenshot_as_png
    assert len(shot) > 2000
    explorer.shoot("1-first-view")


def test_the_page_notices_when_the_network_is_asked(browser, page):
    """The check on requests sees a request that is made."""
    Explorer(browser, page).script("fetch('http://127.0.0.1:9/x').catch(() => 0)")
    time.sleep(0.3)
    assert any("127.0.0.1:9" in url for url in requests(browser))


def test_keys_step_through_the_snapshots(explorer):
    explorer.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert explorer.text("#time") == "epoch 5 of 10"
    for index, layer in enumerate(LAYERS):
        np.testing.assert_allclose(drawn(explorer, index), expected(layer, 5 if index else 0), atol=1e-4)
    assert explorer.script("return Bokeh.documents[0].get_model_by_name('now0').location") == 5
    assert float(explorer.text("#curves figcaption span")) == round(
        np.mean(prediction(5, SAMPLES) == np.arange(SAMPLES) % CLASSES), 2
    )
    explorer.press(Keys.ARROW_LEFT)
    assert explorer.text("#time") == "epoch 2 of 10"
    explorer.press(Keys.END)
    assert explorer.text("#time") == "epoch 10 of 10"
    explorer.press(Keys.HOME)
    assert explorer.text("#time") == "epoch 0 of 10"


def test_the_slider_shows_dots_on_their_way_and_settles_on_a_snapshot(explorer):
    slide = "const s = document.getElementById('slider'); s.value = {}; s.dispatchEvent(new Event('{}'))"
    explorer.script(slide.format(0.5, "input"))
    assert explorer.text("#time") == "epoch 0 → 2"
    np.testing.assert_allclose(drawn(explorer, 1), (expected("conv", 0) + expected("conv", 2)) / 2, atol=1e-4)
    # Eased: a quarter of the way in time is less than a quarter in space, and 3 (1/4)^2 - 2 (1/4)^3 of it.
    explorer.script(slide.format(0.25, "input"))
    np.testing.assert_allclose(
        drawn(explorer, 1), expected("conv", 0) + 0.15625 * (expected("conv", 2) - expected("conv", 0)), atol=1e-4
    )
    explorer.shoot("2-between-snapshots")
    explorer.script(slide.format(0.6, "change"))
    explorer.script(slide.format(0.6, "input") + "; s.dispatchEvent(new Event('change'))")
    assert explorer.text("#time") == "epoch 2 of 10"


def test_space_plays_to_the_end_and_pauses(explorer):
    Select(explorer.find("#speed")).select_by_value("1")
    explorer.script("document.activeElement.blur()")
    explorer.press(Keys.SPACE)
    explorer.until("return explorer.state.position > 0.3")
    assert "Pause" in explorer.text("#play")
    explorer.press(Keys.SPACE)
    assert "Play" in explorer.text("#play")
    stopped = explorer.script("return explorer.state.position")
    assert stopped == round(stopped)
    Select(explorer.find("#speed")).select_by_value("10")
    explorer.find("#play").click()
    explorer.until("return !explorer.state.playing")
    assert explorer.text("#time") == "epoch 10 of 10"
    np.testing.assert_allclose(drawn(explorer, 2), expected("fc", 10), atol=1e-4)


def test_a_link_restores_the_view(explorer, browser, page):
    explorer.press(Keys.ARROW_RIGHT)
    Select(explorer.find("#color")).select_by_value("prediction")
    Select(explorer.find("#speed")).select_by_value("5")
    explorer.find("#legend button:nth-child(3)").click()
    explorer.find("#wrong").click()
    explorer.find("#search").send_keys("4, 9", Keys.ENTER)
    fragment = "#" + explorer.driver.current_url.split("#")[1]
    columns = [explorer.column(name) for name in ("x1", "y1", "color1")]
    again = Explorer(browser, page, fragment)
    for name, column in zip(("x1", "y1", "color1"), columns):
        np.testing.assert_array_equal(again.column(name), column)
    assert again.selected() == [4, 9]
    assert again.text("#time") == "epoch 2 of 10"
    assert Select(again.find("#color")).first_selected_option.text == "prediction"
    assert Select(again.find("#speed")).first_selected_option.text == "5"
    assert again.find("#wrong").is_selected()


@pytest.mark.parametrize("fragment", ["#epoch=7&color=nonsense&samples=999,x&hidden=77&speed=3", "#&&=", "#epoch=x"])
def test_a_broken_link_opens_what_there_is(browser, page, fragment):
    explorer = Explorer(browser, page, fragment)
    assert explorer.text("#time") == ("epoch 5 of 10" if "7" in fragment else "epoch 0 of 10")
    assert explorer.selected() == []
    assert complaints(browser) == []


def test_dark_and_light(explorer):
    def brightness():
        return explorer.script("return getComputedStyle(document.body).backgroundColor")

    before = brightness()
    explorer.find("#theme").click()
    assert brightness() != before
    explorer.shoot("7-other-theme")


def test_on_a_phone_nothing_sticks_out_and_a_drag_scrolls(browser, page):
    set_screen(browser, 390, 844, phone=True)
    explorer = Explorer(browser, page)
    assert explorer.script("return document.documentElement.scrollWidth") <= 390
    assert Select(explorer.find("#drag")).first_selected_option.text == "scrolls the page"
    explorer.shoot("8-phone")
    assert complaints(browser) == []


def test_at_1280_by_800_maps_and_curves_are_in_view_together(explorer):
    bottom = explorer.script("return document.getElementById('curves').getBoundingClientRect().bottom")
    assert bottom <= 800


def test_too_many_samples_are_thinned_out_and_the_page_says_so(browser, tmp_path):
    explorer = Explorer(browser, write_page(tmp_path, samples=90, max_samples=30))
    assert "30 of 90 evaluation samples" in explorer.text("#count")
    shown = explorer.script("return JSON.parse(document.getElementById('data').textContent).samples")
    assert len(explorer.column("x1")) == len(set(shown)) == 30
    # A dot is still the sample that it says it is: it has its own label's colour and its own number.
    assert explorer.colors(1) == [class_colors("petroff10", CLASSES)[sample % CLASSES] for sample in shown]


def test_layouts_that_start_from_scratch_are_not_to_be_read_as_movement(browser, tmp_path):
    explorer = Explorer(browser, write_page(tmp_path, aligned=False))
    assert "read positions, not movements" in explorer.text("#count")
