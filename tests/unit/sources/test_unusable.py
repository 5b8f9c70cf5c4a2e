"""Stored times that a job found unusable."""

from evolution.sources.unusable import note_unusable, unusable_fingerprints


def test_notes_come_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert unusable_fingerprints() == {}
    note_unusable("0123", None, "NaN")
    note_unusable("size 5 time 7", None, "NaN")
    note_unusable("4567", "ema", "NaN")
    assert unusable_fingerprints() == {None: {"0123", "size 5 time 7"}, "ema": {"4567"}}
