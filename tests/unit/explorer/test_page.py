"""The page put together."""

import json

import pytest
from bokeh.document import Document

from evolution.explorer.page import color_help, page_html
from evolution.explorer.page_data import PageSettings
from support.page import script_texts


def test_no_name_ends_the_page_or_begins_a_script():
    """An independent HTML parser finds as many scripts as the template has, and reads the data back."""
    names = ["<script>", "<!--<script>", "</script>", "-->", "a & b", "$run", "\u2028", "犬"]
    settings = PageSettings(run="run", palette="petroff10", max_samples=10, aligned=True, method="pca")
    text = page_html(Document(), {"names": names, "target": "classes", "attributes": []}, settings)
    scripts = script_texts(text)
    assert set(scripts) == {"data", "document", "code"}
    assert json.loads(scripts["data"])["names"] == names
    # A browser lets a script that has both of these go on past its end.
    assert "<!--" not in scripts["data"] and "<script" not in scripts["data"]
    assert "PCA shows the two directions" in text and "t-SNE" not in text.split("<script")[0]


@pytest.mark.parametrize(
    ("target", "score"), [("classes", "ARI"), ("number", "k-NN R²"), ("labels", "k-NN AP"), ("none", "Silhouette")]
)
def test_the_help_explains_what_the_page_shows_and_nothing_else(target, score):
    data = {"names": [], "target": target, "attributes": []}
    text = page_html(Document(), data, PageSettings(run="run", palette="petroff10", max_samples=10, aligned=True))
    text = text[text.index("How to read") : text.index("</details>")]
    assert score in text and ("class" in text) == (target == "classes")
    assert all((other in text) == (other == score) for other in ("ARI", "k-NN R²", "k-NN AP", "Silhouette"))


def test_scales_and_hundreds_of_categories_are_explained_where_there_are_any():
    many, few = {"names": list("abc") * 7}, {"names": list("abc")}
    assert "find one by its name" in color_help({"target": "classes", **many, "attributes": []})
    assert "find one by its name" in color_help({"target": "number", "names": [], "attributes": [many]})
    # Of labels one is picked at a time, so they need no colours of their own.
    assert "find one by its name" not in color_help({"target": "labels", **many, "attributes": [few]})
    assert "≥" in color_help({"target": "none", **few, "attributes": [{"scale": {}}]})
    assert "≥" not in color_help({"target": "none", **few, "attributes": [few]})
