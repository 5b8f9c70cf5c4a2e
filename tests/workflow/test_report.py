"""The report of finished runs: whole, explained, and readable without a network."""

import zipfile

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from support.chromium import complaints, requests

RESULTS = {
    "training curves",
    "metric curves",
    "quality of the maps",
    "raw inputs",
    "when each class comes apart",
    "confusion",
    "hard samples",
    "maps of layers over time",
    "shape of the layers",
    "neural collapse",
    "similarity of layers and times",
    "film (GIF)",
    "film (MP4)",
    "explorer",
    "summary",
    "settings and software",
}
COMPARED = {"metric curves", "accuracy curves", "neural collapse", "CKA between runs", "when layers cross"}


@pytest.fixture(scope="module")
def reported(two_runs, tmp_path_factory):
    """The two runs, copied, and their report."""
    project = two_runs.copy_to(tmp_path_factory.mktemp("reported") / "checkout")
    project.run("report")
    return project


def test_it_holds_every_result_by_run_with_a_caption(reported, browser):
    browser.get((reported.folder / "results" / "report.html").as_uri())
    WebDriverWait(browser, 30).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "#app nav, #app div"))
    categories = browser.execute_script("return categories")
    results = browser.execute_script("return results")
    labelled = {
        category: {results[path]["labels"]["result"]: results[path] for paths in parts.values() for path in paths}
        for category, parts in categories.items()
    }
    labels = {category: set(found) for category, found in labelled.items()}
    assert labels == {"tiny": RESULTS, "second": RESULTS, "comparison": COMPARED}
    for result in results.values():
        # More than a name: a caption that says how to read it.
        assert len(result["caption"]) > 60, result["name"]
        assert result["data_uri"].startswith("data:"), result["name"]
    for run in ("tiny", "second"):
        assert run in labelled[run]["metric curves"]["caption"]
        # Where the page lies, as a file of its own.
        assert f"results/{run}/explorer.html" in labelled[run]["explorer"]["caption"]
    # The rule graph has the rules that the run took, and each of them its code, also where a loop made the rule.
    assert {"train", "measure", "embed", "plot_grid"} <= set(browser.execute_script("return Object.keys(rules)"))
    for rule in ("train", "plot_grid", "plot_cka", "plot_compared_cka"):
        assert "def " in browser.execute_script(
            f"return document.createRange().createContextualFragment(rules['{rule}'].code).textContent"
        ), rule
    assert browser.execute_script("return rulegraph_spec.data.length") > 0
    assert [line for line in complaints(browser) if "cdn.tailwindcss.com" not in line] == []
    assert requests(browser) == []


def test_settings_and_software_are_said(reported):
    import snakemake
    import yaml

    page = reported.path("about.html").read_text(encoding="utf-8")
    settings = yaml.safe_load(page.split("<pre>")[1].split("</pre>")[0])
    assert settings["training"]["learning_rate"] == 3e-3
    assert settings["embedding"] == {
        **{"method": "tsne", "perplexity": 10, "neighbors": 15, "pca_components": 50},
        "alignment": "previous",
    }
    assert f"<td>snakemake</td><td>{snakemake.__version__}</td>" in page


def test_the_settings_are_a_config_that_changes_nothing(reported):
    import yaml

    page = reported.path("about.html").read_text(encoding="utf-8")
    settings = yaml.safe_load(page.split("<pre>")[1].split("</pre>")[0])
    (reported.folder / "again.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    assert reported.plan("--configfile", "again.yaml") == {}


def test_a_zip_for_large_ones(reported):
    reported.run("results/report.zip")
    with zipfile.ZipFile(reported.folder / "results" / "report.zip") as archive:
        names = archive.namelist()
    assert any(name.endswith("report.html") for name in names)
    assert any(name.endswith("grid.png") for name in names)


def test_afterwards_there_is_nothing_to_do(reported):
    assert "Nothing to be done" in reported.snakemake("--dry-run", "report")
