"""The explorer as a person uses it, in a real Chromium, from disk."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from chromium import complaints, requests, set_screen
from page import CLASSES, EPOCHS, LAYERS, SAMPLES, coordinates, prediction, write_page
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

# Where each state's screenshot goes, to be looked at; nowhere without it.
SCREENSHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("page"))


class Explorer:
    """The page, open in a browser."""

    def __init__(self, driver, path, fragment=""):
        self.driver = driver
        driver.get("about:blank")
        requests(driver)
        driver.get(f"{path.as_uri()}{fragment}")
        self.until("return Boolean(window.explorer && window.explorer.ready)")

    def script(self, code):
        return self.driver.execute_script(code)

    def until(self, code, seconds=20):
        WebDriverWait(self.driver, seconds, 0.05).until(lambda driver: driver.execute_script(code))

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.find(selector).text

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def column(self, name):
        return np.array(self.script(f"return Array.from(explorer.source.get_column('{name}'))"), float)

    def colors(self, layer):
        return [f"#{int(color) >> 8:06x}" for color in self.column(f"color{layer}")]

    def selected(self):
        return sorted(self.script("return Array.from(explorer.source.selected.indices)"))

    def place(self, layer, sample):
        """Where a dot stands, in pixels from the middle of its map."""
        box = self.find(f"#map{layer}").rect
        x, y = self.column(f"x{layer}")[sample], self.column(f"y{layer}")[sample]
        return round(x / 1.04 * box["width"] / 2), round(-y / 1.04 * box["height"] / 2)

    def move_to(self, layer, sample):
        chain = ActionChains(self.driver)
        return chain.move_to_element_with_offset(self.find(f"#map{layer}"), *self.place(layer, sample))

    def shoot(self, name):
        if SCREENSHOTS:
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            self.driver.save_screenshot(f"{SCREENSHOTS}/{name}.png")


@pytest.fixture
def explorer(browser, page):
    """The page at its start; in the end it must have complained of nothing and asked for nothing."""
    yield Explorer(browser, page)
    assert complaints(browser) == []
    assert requests(browser) == []


def drawn(explorer, layer):
    return np.stack([explorer.column(f"x{layer}"), explorer.column(f"y{layer}")], axis=1)


def expected(layer, epoch):
    """The layout on its square: rings of radius 10 around the origin fill it but for 5 % of air."""
    ring = coordinates(layer, epoch, SAMPLES)
    all_epochs = np.concatenate([coordinates(layer, each, SAMPLES) for each in (EPOCHS if layer != "pixels" else [0])])
    low, high = all_epochs.min(axis=0), all_epochs.max(axis=0)
    return (ring - (low + high) / 2) / ((high - low).max() / 2 * 1.05)


def test_it_opens_with_all_layers_and_curves(explorer):
    titles = [element.text for element in explorer.driver.find_elements(By.CSS_SELECTOR, "#maps b")]
    assert titles == ["raw pixels", "conv", "fc"]
    assert explorer.text("#epoch") == "epoch 0 of 10"
    assert explorer.text("#count") == "60 evaluation images"
    assert explorer.text("#maps figure:nth-child(2) figcaption span") == "ARI 0.40"
    assert len(explorer.driver.find_elements(By.CSS_SELECTOR, "#curves figure")) == 6
    for place, layer in enumerate(LAYERS):
        np.testing.assert_allclose(drawn(explorer, place), expected(layer, 0), atol=1e-4)
    # Dots are on the canvas: it is not of one colour.
    shot = explorer.find("#map1").screenshot_as_png
    assert len(shot) > 2000
    explorer.shoot("1-first-view")


def test_the_page_notices_when_the_network_is_asked(browser, page):
    """The check on requests sees one when there is one."""
    Explorer(browser, page).script("fetch('http://127.0.0.1:9/x').catch(() => 0)")
    time.sleep(0.3)
    assert any("127.0.0.1:9" in url for url in requests(browser))


def test_keys_step_through_the_snapshots(explorer):
    explorer.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert explorer.text("#epoch") == "epoch 5 of 10"
    for place, layer in enumerate(LAYERS):
        np.testing.assert_allclose(drawn(explorer, place), expected(layer, 5 if place else 0), atol=1e-4)
    assert explorer.script("return Bokeh.documents[0].get_model_by_name('now0').location") == 5
    assert float(explorer.text("#curves figcaption span")) == round(
        np.mean(prediction(5, SAMPLES) == np.arange(SAMPLES) % CLASSES), 2
    )
    explorer.press(Keys.ARROW_LEFT)
    assert explorer.text("#epoch") == "epoch 2 of 10"
    explorer.press(Keys.END)
    assert explorer.text("#epoch") == "epoch 10 of 10"
    explorer.press(Keys.HOME)
    assert explorer.text("#epoch") == "epoch 0 of 10"


def test_the_slider_shows_dots_on_their_way_and_settles_on_a_snapshot(explorer):
    slide = "const s = document.getElementById('slider'); s.value = {}; s.dispatchEvent(new Event('{}'))"
    explorer.script(slide.format(0.5, "input"))
    assert explorer.text("#epoch") == "epoch 0 → 2"
    np.testing.assert_allclose(drawn(explorer, 1), (expected("conv", 0) + expected("conv", 2)) / 2, atol=1e-4)
    # Eased: a quarter of the way in time is less than a quarter in space, and 3 (1/4)^2 - 2 (1/4)^3 of it.
    explorer.script(slide.format(0.25, "input"))
    np.testing.assert_allclose(
        drawn(explorer, 1), expected("conv", 0) + 0.15625 * (expected("conv", 2) - expected("conv", 0)), atol=1e-4
    )
    explorer.shoot("2-between-snapshots")
    explorer.script(slide.format(0.6, "change"))
    explorer.script(slide.format(0.6, "input") + "; s.dispatchEvent(new Event('change'))")
    assert explorer.text("#epoch") == "epoch 2 of 10"


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
    assert explorer.text("#epoch") == "epoch 10 of 10"
    np.testing.assert_allclose(drawn(explorer, 2), expected("fc", 10), atol=1e-4)


def test_hovering_shows_the_image_and_what_the_network_says_of_it(explorer):
    sample = 5
    explorer.move_to(1, sample).perform()
    explorer.until("return !document.getElementById('tip').hidden")
    label = sample % CLASSES
    names = ["zero", "one", "</script>"]
    assert explorer.find("#tip").get_attribute("data-sample") == "5"
    said = explorer.text("#tip").splitlines()
    guess = prediction(0, SAMPLES)[sample]
    assert said == [
        f"true: {names[label]}",
        f"predicted: {names[guess]}",
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
    x, y = explorer.place(1, 10)
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
        if left < explorer.place(1, sample)[0] < right and top < explorer.place(1, sample)[1] < bottom
    ]
    assert 10 in inside and len(inside) < SAMPLES / 2
    # Dots on the lasso's very edge may fall either way.
    assert len(set(inside) ^ set(explorer.selected())) <= 1
    chosen = explorer.selected()
    assert explorer.text("#selection b") == f"{len(chosen)} selected"
    # One source feeds all maps, so that one selection is everybody's.
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
    from evolution.style import class_colors

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
        # The clusters are the classes, numbered backwards, and wear their colours.
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
    assert again.text("#epoch") == "epoch 2 of 10"
    assert Select(again.find("#color")).first_selected_option.text == "prediction"
    assert Select(again.find("#speed")).first_selected_option.text == "5"
    assert again.find("#wrong").is_selected()


@pytest.mark.parametrize("fragment", ["#epoch=7&color=nonsense&samples=999,x&hidden=77&speed=3", "#&&=", "#epoch=x"])
def test_a_broken_link_opens_what_there_is(browser, page, fragment):
    explorer = Explorer(browser, page, fragment)
    assert explorer.text("#epoch") == ("epoch 5 of 10" if "7" in fragment else "epoch 0 of 10")
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
    assert "30 of 90 evaluation images" in explorer.text("#count")
    shown = explorer.script("return JSON.parse(document.getElementById('data').textContent).samples")
    assert len(explorer.column("x1")) == len(set(shown)) == 30
    # A dot is still the sample that it says it is: its own label's colour, its own number.
    from evolution.style import class_colors

    assert explorer.colors(1) == [class_colors("petroff10", CLASSES)[sample % CLASSES] for sample in shown]


def test_layouts_that_start_anew_are_not_to_be_read_as_movement(browser, tmp_path):
    explorer = Explorer(browser, write_page(tmp_path, aligned=False))
    assert "read positions, not movements" in explorer.text("#count")
