"""What was taken of checkpoints."""

from evolution.sources.records import Checkpoint, load_records, save_record

CHECKPOINTS = [Checkpoint(10, "a/10.pt", "0123", 1), Checkpoint(20, "a/20.pt", "4567")]


def test_records_come_back(tmp_path):
    save_record(tmp_path / "step_000010-000020.json", pattern="a/*.pt", unit="step", checkpoints=CHECKPOINTS)
    assert load_records(tmp_path, pattern="a/*.pt") == {"step_000010-000020": ("step", CHECKPOINTS)}


def test_records_of_other_checkpoints_and_what_cannot_be_read_are_left_out(tmp_path):
    save_record(tmp_path / "0010.json", pattern="b/*.pt", unit="epoch", checkpoints=CHECKPOINTS)
    (tmp_path / "0020.json").write_text("{")
    (tmp_path / "0030.json").write_text('{"path": "a", "unit": "epoch", "checkpoints": [{"time": 1}]}')
    assert load_records(tmp_path, pattern="a") == {} == load_records(tmp_path / "none", pattern="a")
