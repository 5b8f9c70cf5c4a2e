"""The settings file of a stage: it tells every setting and every source file apart."""

import json
import os

from settings import SCRIPTS, fingerprint


def test_modules_of_one_name_in_different_packages_are_told_apart(tmp_path):
    """Packages at any depth: `a/figures/style.py` and `b/figures/style.py` end in the same two parts."""
    paths = [tmp_path / package / "figures" / "style.py" for package in ("a", "b")]
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True)
        path.write_text(f"VALUE = {number}\n", encoding="utf-8")
    before = fingerprint(settings={}, sources=list(map(str, paths)), root=tmp_path)
    assert list(json.loads(before)["code"]) == ["a/figures/style.py", "b/figures/style.py"]
    for path in paths:
        content = path.read_bytes()
        path.write_bytes(content + b"# edited\n")
        assert fingerprint(settings={}, sources=list(map(str, paths)), root=tmp_path) != before
        path.write_bytes(content)
    assert fingerprint(settings={}, sources=list(map(str, paths)), root=tmp_path) == before


def test_the_fingerprint_does_not_say_where_the_project_lies(monkeypatch):
    script = SCRIPTS / "settings.py"
    monkeypatch.chdir(SCRIPTS.parent)
    texts = {fingerprint(settings={"clusters": 10}, sources=[path]) for path in (str(script), os.path.relpath(script))}
    (text,) = texts
    assert list(json.loads(text)["code"]) == ["settings.py"]
    assert json.loads(text)["settings"] == {"clusters": 10}
