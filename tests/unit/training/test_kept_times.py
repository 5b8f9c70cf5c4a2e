"""The notes on the times whose weights a checkpoint holds."""

import json

import pytest

from evolution.training.kept_times import KeptTimes, load_kept_times, save_kept_times


def test_a_note_comes_back(tmp_path):
    save_kept_times(tmp_path / "0001-0006.json", training="a", times=range(1, 7), asked={6, 2}, kept={6, 2})
    save_kept_times(tmp_path / "0000.json", training="a", times=range(0, 1), asked=[0], kept=[0])
    assert load_kept_times(tmp_path, training="a") == {
        "0000": KeptTimes("a", 0, 0, [0], [0]),
        "0001-0006": KeptTimes("a", 1, 6, [2, 6], [2, 6]),
    }


def test_a_later_note_on_the_same_span_replaces_it(tmp_path):
    for kept in ([2], [4]):
        save_kept_times(tmp_path / "0001-0006.json", training="a", times=range(1, 7), asked=kept, kept=kept)
    assert load_kept_times(tmp_path, training="a")["0001-0006"].kept == [4]
    assert [path.name for path in tmp_path.iterdir()] == ["0001-0006.json"]


def test_a_note_of_another_training_counts_for_nothing(tmp_path):
    save_kept_times(tmp_path / "0001.json", training="a", times=range(1, 2), asked=[1], kept=[1])
    save_kept_times(tmp_path / "0002.json", training="b", times=range(2, 3), asked=[2], kept=[2])
    assert list(load_kept_times(tmp_path, training="a")) == ["0001"]
    assert list(load_kept_times(tmp_path, training="b")) == ["0002"]
    assert load_kept_times(tmp_path, training="c") == {}


def test_there_may_be_no_notes(tmp_path):
    assert load_kept_times(tmp_path / "kept", training="a") == {}


WHOLE = {"training": "a", "first": 1, "last": 6, "asked": [2, 6], "kept": [2]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"null",
        b"[1, 2]",
        json.dumps({key: value for key, value in WHOLE.items() if key != "kept"}).encode(),
        json.dumps(WHOLE | {"more": 1}).encode(),
        json.dumps(WHOLE | {"training": "b"}).encode(),
        json.dumps(WHOLE).encode()[:-4],
    ],
)
def test_a_note_that_cannot_be_read_counts_for_nothing(tmp_path, content):
    (tmp_path / "0001-0006.json").write_bytes(content)
    save_kept_times(tmp_path / "0007.json", training="a", times=range(7, 8), asked=[7], kept=[7])
    assert list(load_kept_times(tmp_path, training="a")) == ["0007"]


def test_what_is_read_is_what_lies_there(tmp_path):
    (tmp_path / "0001-0006.json").write_text(json.dumps(WHOLE))
    (tmp_path / "a folder.json").mkdir()
    assert load_kept_times(tmp_path, training="a") == {"0001-0006": KeptTimes("a", 1, 6, [2, 6], [2])}
