"""What was taken of stored times."""

from evolution.sources.records import load_records, save_record
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
