"""What was taken of stored times."""

from evolution.sources.records import load_recording, load_records, save_record
from evolution.sources.stored_times import StoredTime

TIMES = [StoredTime(10, "a/10.pt", "0123", 1), StoredTime(20, "a/20.pt", "4567")]


def test_records_come_back(tmp_path):
    save_record(tmp_path / "step_000010-000020.json", pattern="a/*.pt", unit="step", times=TIMES)
    assert load_records(tmp_path, pattern="a/*.pt") == {"step_000010-000020": ("step", TIMES)}


def test_records_of_other_checkpoints_and_what_cannot_be_read_are_left_out(tmp_path):
    save_record(tmp_path / "0010.json", pattern="b/*.pt", unit="epoch", times=TIMES)
    (tmp_path / "0020.json").write_text("{")
    (tmp_path / "0030.json").write_text('{"path": "a", "unit": "epoch", "times": [{"time": 1}]}')
    assert load_records(tmp_path, pattern="a") == {} == load_records(tmp_path / "none", pattern="a")


def test_what_a_recording_was_is_read_off_the_latest_record_that_says_so(tmp_path):
    for span, count in (("0000", 10), ("0001", 20)):
        save_record(tmp_path / f"{span}.json", pattern="rec", unit="epoch", times=TIMES, recording={"count": count})
    # A record of an earlier form.
    (tmp_path / "0002.json").write_text('{"path": "rec", "unit": "epoch", "recording": {"samples": 30}}')
    assert load_recording(tmp_path, pattern="rec") == {"count": 20}
    assert load_recording(tmp_path, pattern="other") == {}
