"""Reading a config.json."""

import pytest

from evolution.errors import ModelError
from evolution.models.config_file import read_model_config


def test_who_wrote_it_does_not_count(tmp_path):
    (tmp_path / "config.json").write_text('{"a": 1, "_name_or_path": "x", "transformers_version": "5"}')
    assert read_model_config(str(tmp_path / "config.json")) == {"a": 1}


@pytest.mark.parametrize("text", [None, "{", "[1]"])
def test_what_is_no_config(tmp_path, text):
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    with pytest.raises(ModelError, match=r"^model\.kwargs\.config: .*config\.json"):
        read_model_config(str(tmp_path / "config.json"))
