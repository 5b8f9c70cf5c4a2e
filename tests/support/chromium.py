"""What the tests ask of Chromium."""

import json


def set_screen(driver, width: int, height: int, phone: bool = False) -> None:
    """Give the page a screen of that size; a phone has a touch screen."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 2 if phone else 1, "mobile": phone}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": phone})


def complaints(driver) -> list[str]:
    """Warnings and errors of the console since the last call."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]


def requests(driver) -> list[str]:
    """The addresses that the page requested since the last call, without its own and data within it."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    page = driver.current_url.split("#")[0]
    return [url for url in urls if not url.startswith("data:") and url.split("#")[0] != page]
