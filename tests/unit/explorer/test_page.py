"""The page put together."""

import json

from bokeh.document import Document

from evolution.explorer.page import page_html
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
