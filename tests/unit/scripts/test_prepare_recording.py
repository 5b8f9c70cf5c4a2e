"""The samples of a recording as dataset.npz, and what the baseline is given of them."""

from pathlib import Path

import numpy as np

from evolution.data.network_input import load_evaluation
from evolution.sources.array_file import ids_digest
from prepare_recording import prepare_recording
from raw_inputs import raw_input_activations
from support.recordings import SAMPLES, write_recording


def prepare(folder, **more):
    output = folder.parent / "dataset.npz"
    ids = ids_digest(np.load(folder / "ids.npy").tolist())
    prepare_recording(
        **{"path": str(folder), "class_count": None, "ids": ids, "eval_size": 1000, "seed": 3, "output": output} | more
    )
    with np.load(output) as archive:
        return dict(archive), str(output)


def test_what_is_written(tmp_path):
    folder = write_recording(tmp_path / "rec")
    found, path = prepare(folder)
    assert found["eval_images"].dtype == np.uint8 and found["eval_images"].shape == (SAMPLES, 1, 5, 5)
    assert found["eval_ids"].tolist() == [f"s{number}" for number in range(SAMPLES)]
    assert found["class_names"].tolist() == list("01234")
    inputs, targets, outputs = load_evaluation(path)
    assert list(inputs) == [""] and outputs == 5 and np.array_equal(targets.values, found["eval_labels"])
    assert (targets.kind, targets.target) == ("images", "classes")
    rows = raw_input_activations(dataset=path, compacted=False, seed=3).rows
    assert np.array_equal(rows, np.load(folder / "inputs.npy").reshape(SAMPLES, -1))
    assert prepare(folder)[0].keys() == found.keys()


def test_without_inputs_the_ids_are_shown(tmp_path):
    found, path = prepare(write_recording(tmp_path / "rec", inputs=False))
    assert found["eval_images"].shape == (SAMPLES, 1, 64, 64)
    assert found["input_names"].size == 0 and "inputs_0" not in found
    assert load_evaluation(path)[0] == {}


def test_images_with_the_channels_last_are_shown_too(tmp_path):
    folder = write_recording(tmp_path / "rec")
    np.save(folder / "inputs.npy", np.random.default_rng(0).random((SAMPLES, 6, 7, 3), np.float32))
    assert prepare(folder)[0]["eval_images"].shape == (SAMPLES, 3, 6, 7)


def test_the_same_bytes_each_time(tmp_path):
    folder = write_recording(tmp_path / "rec")
    first, again = (Path(prepare(folder, eval_size=20)[1]).read_bytes() for _ in range(2))
    assert first == again
