"""What all tests share: scripts that can be imported, and a real Chromium without a window."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "workflow" / "scripts"), str(ROOT / "tests")]

from support.chromium import complaints, requests, set_screen  # noqa: E402
from support.packages import apt_install  # noqa: E402

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
    "--disable-component-update",
)
PROGRAMS = ("chromium", "chromedriver")


@pytest.fixture(scope="module")
def heeded_signals():
    """Programs that were started in the background or by nohup ignore these signals, and so would their own."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)}
    for number, handler in before.items():
        if handler == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def missing_programs() -> list[str]:
    return [name for name in PROGRAMS if shutil.which(name) is None]


@pytest.fixture(scope="session")
def programs():
    """Chromium and its driver, installed where this is Debian and we may."""
    if missing_programs() and shutil.which("apt-get") and os.geteuid() == 0:
        apt_install("chromium", "chromium-driver")
    if missing_programs():
        reason = f"no {' and no '.join(missing_programs())}: apt-get install chromium chromium-driver"
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def driver(programs):
    """A Chromium with its console and its requests on record."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, "--window-size=1280,800"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def browser(driver):
    """The Chromium, with an empty page, a usual screen and nothing on record."""
    driver.get("about:blank")
    set_screen(driver, 1280, 800)
    complaints(driver)
    requests(driver)
    return driver
