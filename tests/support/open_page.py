"""The explorer's page, open in a browser, and where its dots must stand."""

import os
from pathlib import Path

import numpy as np
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from support.chromium import requests
from support.page import EPOCHS, SAMPLES, coordinates

# The folder for a screenshot of each state, for people to look at; none are written without it.
SCREENSHOTS = os.environ.get("SCREENSHOTS")


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

    def position(self, layer, sample):
        """Where a dot stands, in pixels from the middle of its map."""
        box = self.find(f"#map{layer}").rect
        x, y = self.column(f"x{layer}")[sample], self.column(f"y{layer}")[sample]
        return round(x / 1.04 * box["width"] / 2), round(-y / 1.04 * box["height"] / 2)

    def move_to(self, layer, sample):
        chain = ActionChains(self.driver)
        return chain.move_to_element_with_offset(self.find(f"#map{layer}"), *self.position(layer, sample))

    def shoot(self, name):
        if SCREENSHOTS:
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            self.driver.save_screenshot(f"{SCREENSHOTS}/{name}.png")


def drawn(explorer, layer):
    return np.stack([explorer.column(f"x{layer}"), explorer.column(f"y{layer}")], axis=1)


def expected(layer, epoch):
    """The layout on its square, which rings of radius 10 around the origin fill but for a margin of 5 %."""
    ring = coordinates(layer, epoch, SAMPLES)
    all_epochs = np.concatenate(
        [coordinates(layer, each, SAMPLES) for each in (EPOCHS if layer != "raw_inputs" else [0])]
    )
    low, high = all_epochs.min(axis=0), all_epochs.max(axis=0)
    return (ring - (low + high) / 2) / ((high - low).max() / 2 * 1.05)
