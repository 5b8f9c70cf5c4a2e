"""The explorer's page as a whole; tests/browser opens it."""

import json

from explorer import explore
from support.page import page_settings, script_texts, write_experiment


def test_the_page_holds_data_and_figures_for_each_other(tmp_path):
    text = explore(**write_experiment(tmp_path, samples=9), settings=page_settings())
    data, document = (json.loads(script_texts(text)[name]) for name in ("data", "document"))
    assert "<title>rings: how representations form</title>" in text
    # A map a layer and curves a title, which the page finds by the ids of the document's roots.
    maps, curves = [f"map{index}" for index in range(3)], [f"curve{index}" for index in range(len(data["curves"]))]
    assert list(data["roots"]) == maps + curves
    assert list(data["roots"].values()) == [root["id"] for root in document["roots"]]
    assert len(data["samples"]) == 9 and data["network"] == ["conv", "fc"]
