"""The page of a recording without predictions: nothing of it says what is predicted."""

import numpy as np
import pytest

from evolution.io.tables import save_table
from explorer import explore
from support.chromium import complaints
from support.open_page import Explorer
from support.page import EPOCHS, SAMPLES, page_settings, write_experiment


@pytest.fixture
def explorer(browser, tmp_path):
    experiment = write_experiment(tmp_path)
    table = {"epoch": np.repeat(EPOCHS, SAMPLES), "sample": np.tile(np.arange(SAMPLES), len(EPOCHS))}
    unknown = {"predicted": np.full(len(table["epoch"]), -1), "confidence": np.full(len(table["epoch"]), np.nan)}
    save_table(tmp_path / "predictions.parquet", table | unknown)
    path = tmp_path / "explorer.html"
    path.write_text(explore(**experiment, settings=page_settings()), encoding="utf-8")
    yield Explorer(browser, path, "#wrong=1&color=right")
    assert complaints(browser) == []


def test_what_needs_predictions_is_not_there(explorer):
    options = explorer.script("return [...document.getElementById('color').options].map((option) => option.value)")
    assert options == ["label", "cluster"]
    assert not explorer.find("#wrong").is_displayed()
    assert "what the network predicts is not known" in explorer.text("#count")
    assert explorer.script("return explorer.state.wrong") is False
    assert np.isfinite(explorer.column("x0")).all(), "no dot is hidden"


def test_a_dot_says_its_class_alone(explorer):
    explorer.script("explorer.hover([3]); explorer.source.selected.indices = [3, 4]")
    tip = explorer.text("#tip")
    assert "true: " in tip and "predicted" not in tip and "confidence" not in tip
    assert "misclassified" not in explorer.text("#selection")
    explorer.script("explorer.seek(10)")
    assert "→" not in explorer.text("#thumbs")
