"""How fast an explorer page loads and plays, in headless Chromium.

    python benchmarks/explorer_speed.py results/mnist/explorer.html

Prints its size, the time to the first whole view, frames a second while playing at one snapshot a second, and the
processor time that the page's main thread spends on a frame. A busy machine changes the last less than the others.
"""

import os
import shutil
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--window-size=1280,800")
SECONDS = 8


def main() -> None:
    page = Path(sys.argv[1]).resolve()
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        driver.get(f"{page.as_uri()}#speed=1")
        WebDriverWait(driver, 60, 0.02).until(lambda it: it.execute_script("return window.explorer?.ready"))
        ready = driver.execute_script("return window.explorer.ready")
        driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})

        def busy() -> float:
            metrics = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
            return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

        before = busy()
        driver.execute_script("document.getElementById('play').click()")
        time.sleep(SECONDS)
        frames, spent = driver.execute_script("return window.explorer.frames"), busy() - before
    finally:
        driver.quit()
    gaps = [after - start for start, after in pairwise(frames)]
    print(f"{page.stat().st_size / 1e6:.2f} MB, first view after {ready / 1000:.2f} s")
    rate, median = 1000 * len(gaps) / (frames[-1] - frames[0]), statistics.median(gaps)
    print(
        f"{rate:.1f} frames a second, the median gap {median:.0f} ms; {1000 * spent / len(frames):.0f} ms of processor"
    )
    print(f"a frame; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
