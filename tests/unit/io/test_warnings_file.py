"""A run's warnings come back as they were saved, with the same bytes for the same content."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evolution.errors import UserError
from evolution.io.warnings_file import load_warnings, parse_warnings, save_warnings

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"
WARNINGS = ["All images of class 'été' are equal.", 'One "quoted".']


@pytest.mark.parametrize("warnings", [[], WARNINGS])
def test_warnings_come_back(tmp_path, warnings):
    for name in ("one.json", "other.json"):
        save_warnings(tmp_path / name, warnings)
    assert load_warnings(tmp_path / "one.json") == warnings
    assert json.loads((tmp_path / "one.json").read_text(encoding="utf-8")) == warnings
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "other.json").read_bytes()


def test_without_warnings_the_list_is_empty(tmp_path):
    save_warnings(tmp_path / "warnings.json", [])
    assert (tmp_path / "warnings.json").read_bytes() == b"[]\n"


@pytest.mark.parametrize("text", ["", "[", "{}", "null", '"a"', "[1]", '["a", null]'])
def test_anything_else_is_damaged(tmp_path, text):
    path = tmp_path / "warnings.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"warnings\.json is damaged"):
        load_warnings(path)
    with pytest.raises(UserError, match=r"0004\.parquet is damaged"):
        parse_warnings(text, "predictions/0004.parquet")


def test_a_file_that_is_missing(tmp_path):
    with pytest.raises(UserError, match=r"warnings\.json is damaged"):
        load_warnings(tmp_path / "warnings.json")


def test_planning_reads_them_without_numpy():
    code = "import sys; import evolution.io.warnings_file; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
