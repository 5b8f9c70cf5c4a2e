"""The page of a run's warnings, settings and software."""

import html
import re

import yaml

from about import about_page


def test_the_settings_on_the_page_are_a_config():
    settings = {"runs": {"a <b> & c": {"seed": 3}}, "dataset": {"name": "ünï", "sizes": [1, 2]}, "width": None}
    page = about_page(run="a <b> & c", settings=settings, versions={})
    text = re.search(r"<pre>(.*)</pre>", page, re.DOTALL)[1]
    assert yaml.safe_load(html.unescape(text)) == settings
    assert "<title>a &lt;b&gt; &amp; c: settings and software</title>" in page


def test_each_package_has_a_row_with_its_version():
    page = about_page(run="a", settings={}, versions={"Python": "3.11.1", "a<b": "2+cpu"})
    rows = re.findall(r"<tr><td>(.*)</td><td>(.*)</td></tr>", page)
    assert rows == [("Python", "3.11.1"), ("a&lt;b", "2+cpu")]


def test_warnings_come_first_where_there_are_any():
    page = about_page(run="a", settings={}, versions={}, warnings=["Class <b> & c has one image.", "A second."])
    assert re.findall(r"<h2>(.*)</h2>", page) == ["Warnings", "Settings", "Software"]
    items = [html.unescape(item) for item in re.findall(r"<li>(.*)</li>", page)]
    assert items == ["Class <b> & c has one image.", "A second."]
    without = about_page(run="a", settings={}, versions={}, warnings=[])
    assert re.findall(r"<h2>(.*)</h2>", without) == ["Settings", "Software"]
    assert "Warnings" not in without and "<li>" not in without
