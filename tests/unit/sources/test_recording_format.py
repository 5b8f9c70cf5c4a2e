"""The names of a recording's files."""

import re
from pathlib import Path

import pytest

from evolution.sources.recording_format import (
    CLASS_NAMES_TEXT,
    FORMAT,
    LAYER_NAME,
    RESERVED,
    SETTINGS_FILE,
    belongs_to_time,
    is_layer,
)

PAGE = Path(__file__).parents[3] / "docs" / "your-own-activations.md"


def test_the_documentation_names_all_files():
    text = PAGE.read_text(encoding="utf-8")
    for name in {*(f"{name}.npy" for name in RESERVED), CLASS_NAMES_TEXT, SETTINGS_FILE}:
        assert re.search(rf"\b{re.escape(name)}", text), name
    assert f'{{"format": {FORMAT},' in text


@pytest.mark.parametrize(
    ("name", "layer", "in_time"),
    [
        ("conv1", True, True),
        ("predictions", False, True),
        ("classifier_bias", False, True),
        ("ids", False, True),
        ("labels", False, False),
        ("inputs", False, False),
    ],
)
def test_what_an_array_of_a_time_is(name, layer, in_time):
    assert (is_layer(name), belongs_to_time(name)) == (layer, in_time)


@pytest.mark.parametrize(("name", "fits"), [("layer1.0.conv", True), ("a..b", False), ("a-b", False), (".a", False)])
def test_names_of_layers_are_parts_of_paths(name, fits):
    assert bool(LAYER_NAME.fullmatch(name)) == fits
