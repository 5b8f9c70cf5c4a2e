"""Snapshots of a recording, against NumPy."""

import logging
from pathlib import Path

import numpy as np
import pytest

from evolution.activations import stored_rows as stored
from evolution.activations.classifier import classifier_rows
from evolution.activations.compaction import compact
from evolution.activations.recorded import (
    NotFiniteArrayError,
    RecordingSettings,
    arrays_digest,
    pooled_rows,
    take_recorded,
)
from evolution.activations.spectra import singular_values
from evolution.errors import UserError
from evolution.io.arrays import NpyWriter, load_notes
from evolution.models.last_layer import Classifier
from evolution.models.outputs import Pooling
from evolution.sources.recorded_time import array_files
from prepare_recording import prepare_recording
from support.recordings import CLASSES, SAMPLES, write_recording
from support.samples import write_samples

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def folder(tmp_path):
    return write_recording(tmp_path / "rec")


def take(
    folder, times=(0, 100), layers=("conv1", "fc1"), eval_size=1000, compacted=False, pooling=None, tolerance="auto"
):
    dataset = str(folder.parent / "dataset.npz")
    prepare_recording(path=str(folder), class_count=CLASSES, ids=None, eval_size=eval_size, seed=3, output=dataset)
    files = {time: {name: str(path) for name, path in array_files(folder / str(time)).items()} for time in times}
    outputs = {name: folder.parent / f"{name}.npy" for name in (*layers, "classifier")}
    writers = {name: NpyWriter(path, len(times)) for name, path in outputs.items()}
    taken = take_recorded(
        dataset=dataset,
        times=files,
        unit="step",
        settings=RecordingSettings(compacted=compacted, pooling=pooling or Pooling(), seed=3, tolerance=tolerance),
        activations={layer: writers[layer] for layer in layers},
        classifier=writers["classifier"],
    )
    for writer in writers.values():
        writer.__exit__(None, None, None)
    arrays = {name: np.load(path) for name, path in outputs.items()}
    with np.load(dataset) as archive:
        return taken, arrays, archive["eval_indices"], archive["eval_labels"]


def test_a_tolerance_counts_where_rows_are_compacted(folder, monkeypatch):
    monkeypatch.setattr(stored, "NARROW", 0)
    _, raw, _, _ = take(folder, layers=["conv1"], tolerance=0.8)
    _, within, _, _ = take(folder, layers=["conv1"], compacted=True, tolerance=0.8)
    assert within["conv1"].shape[2] < min(raw["conv1"].shape[1:])
    notes = load_notes(folder.parent / "conv1.npy")
    for rows, kept, singular in zip(raw["conv1"], within["conv1"], notes):
        np.testing.assert_array_equal(singular, singular_values(rows))
        expected = stored.stored_rows(rows, seed=3, tolerance=0.8).rows
        np.testing.assert_array_equal(kept[:, : expected.shape[1]], expected)
        assert not kept[:, expected.shape[1] :].any()


def test_rows_are_those_of_the_drawn_samples(folder):
    _, arrays, indices, _ = take(folder, eval_size=20)
    assert len(indices) == 20
    for number, time in enumerate((0, 100)):
        for layer in ("conv1", "fc1"):
            expected = np.load(folder / str(time) / f"{layer}.npy")[indices].reshape(20, -1)
            assert np.array_equal(arrays[layer][number], expected)


def test_wide_layers_are_compacted_as_those_of_a_model(folder):
    _, arrays, indices, _ = take(folder, eval_size=15, compacted=True)
    rows = np.load(folder / "100" / "conv1.npy")[indices].reshape(15, -1)
    assert rows.shape[1] > 15 and np.array_equal(arrays["conv1"][1], compact(rows))


@pytest.mark.parametrize(
    ("shape", "pooling", "expected"),
    [
        ((2, 3, 3), Pooling(maps="mean"), lambda a: a.mean((2, 3))),
        ((2, 3, 3), Pooling(maps="flatten"), lambda a: a.reshape(len(a), -1)),
        ((4, 6), Pooling(tokens="mean"), lambda a: a.mean(1)),
        ((4, 6), Pooling(tokens="cls"), lambda a: a[:, 0]),
        ((6,), Pooling(maps="mean"), lambda a: a),
        ((), Pooling(), lambda a: a[:, None]),
    ],
)
def test_pooling_is_that_of_a_model(shape, pooling, expected, tmp_path, monkeypatch):
    values = np.random.default_rng(0).normal(size=(20, *shape)).astype(np.float32)
    np.save(tmp_path / "a.npy", values)
    chosen = np.array([0, 3, 7, 19])
    whole = pooled_rows(str(tmp_path / "a.npy"), chosen, pooling)
    np.testing.assert_allclose(whole, expected(values[chosen]), rtol=1e-6, atol=1e-7)
    monkeypatch.setattr("evolution.activations.recorded.HELD_BYTES", 1)
    assert np.array_equal(pooled_rows(str(tmp_path / "a.npy"), chosen, pooling), whole), "sample by sample too"


@pytest.mark.parametrize("maps", ["flatten", "mean"])
def test_layers_of_signals_are_maps_along_time(maps, tmp_path):
    dataset = write_samples(tmp_path / "dataset.npz", kind="signals", target="classes", count=20)
    with np.load(dataset) as archive:
        arrays = dict(archive)
    np.savez(dataset, **arrays | {"eval_indices": np.arange(20)})
    values = np.random.default_rng(0).normal(size=(20, 3, 8)).astype(np.float32)
    np.save(tmp_path / "conv.npy", values)
    with NpyWriter(tmp_path / "rows.npy", 1) as rows, NpyWriter(tmp_path / "classifier.npy", 1) as classifier:
        take_recorded(
            dataset=dataset,
            times={0: {"conv": str(tmp_path / "conv.npy")}},
            unit="step",
            settings=RecordingSettings(compacted=False, pooling=Pooling(maps=maps), seed=3),
            activations={"conv": rows},
            classifier=classifier,
        )
    expected = values.mean(2) if maps == "mean" else values.reshape(20, -1)
    np.testing.assert_allclose(np.load(tmp_path / "rows.npy")[0], expected, rtol=1e-6, atol=1e-7)


def test_outputs_give_loss_accuracy_and_confidence(folder):
    taken, _, _, labels = take(folder)
    outputs = np.load(folder / "100" / "predictions.npy").astype(float)
    shares = np.exp(outputs - outputs.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    last = taken.evaluation[1]
    assert last["eval_accuracy"] == (outputs.argmax(1) == labels).mean()
    assert np.isclose(last["eval_loss"], -np.log(shares[np.arange(SAMPLES), labels]).mean())
    assert np.array_equal(taken.predictions["predicted"][SAMPLES:], outputs.argmax(1))
    np.testing.assert_allclose(taken.predictions["confidence"][SAMPLES:], shares.max(1), rtol=1e-5)


def test_classes_give_the_accuracy_alone(folder):
    for time in (0, 100):
        outputs = np.load(folder / str(time) / "predictions.npy")
        np.save(folder / str(time) / "predictions.npy", outputs.argmax(1).astype(np.int16))
    taken, _, _, labels = take(folder)
    assert "eval_loss" not in taken.evaluation[0] and np.isnan(taken.predictions["confidence"]).all()
    assert taken.evaluation[1]["eval_accuracy"] == (outputs.argmax(1) == labels).mean()
    np.save(folder / "0" / "predictions.npy", np.full(SAMPLES, 9))
    with pytest.raises(UserError, match=r"0/predictions\.npy has classes from 9 to 9, and there are 5 classes"):
        take(folder)


def test_without_predictions_nothing_is_known_of_them(folder):
    for time in (0, 100):
        (folder / str(time) / "predictions.npy").unlink()
    taken, arrays, _, _ = take(folder)
    assert set(taken.predictions["predicted"]) == {-1} and np.isnan(taken.evaluation[0]["eval_accuracy"])
    assert arrays["classifier"].shape == (2, SAMPLES + CLASSES, 1) and np.isnan(arrays["classifier"]).all()


def test_the_classifier_is_that_of_a_model(folder):
    weight, bias = np.random.default_rng(1).normal(size=(CLASSES, 6)).astype(np.float32), np.zeros(CLASSES, np.float32)
    for time in (0, 100):
        inputs = np.load(folder / str(time) / "fc1.npy")
        for name, array in (("inputs", inputs), ("weight", weight), ("bias", bias)):
            np.save(folder / str(time) / f"classifier_{name}.npy", array)
        np.save(folder / str(time) / "predictions.npy", inputs @ weight.T)
    _, arrays, indices, _ = take(folder, eval_size=30, compacted=True)
    expected = classifier_rows(
        Classifier(inputs[indices], weight, bias), outputs=inputs[indices] @ weight.T, classes=CLASSES, compacted=True
    )
    assert np.array_equal(arrays["classifier"][1], expected)
    raw = take(folder, eval_size=30)[1]["classifier"][1]
    assert np.array_equal(raw, np.concatenate([inputs[indices], weight])), "what it is given, then its weights"


@pytest.mark.parametrize(("name", "value"), [("fc1", np.nan), ("predictions", np.inf), ("predictions", np.nan)])
def test_what_is_not_finite_is_named_with_its_time(folder, name, value):
    array = np.load(folder / "100" / f"{name}.npy")
    array[7, 0] = value
    np.save(folder / "100" / f"{name}.npy", array)
    with pytest.raises(NotFiniteArrayError) as error:
        take(folder)
    message = str(error.value)
    assert f"100/{name}.npy: " in message and "at step 100 holds values that are not finite" in message
    assert (error.value.name, error.value.time) == (name, 100)


def test_probabilities_of_labels_that_are_not_finite_are_named_too(folder):
    held = np.random.default_rng(0).random((SAMPLES, CLASSES)) < 0.5
    np.save(folder / "labels.npy", held)
    for time in (0, 100):
        shares = np.full(held.shape, 0.5, np.float32)
        shares[5, 1] = np.nan if time else 0.5
        np.save(folder / str(time) / "predictions.npy", shares)
    with pytest.raises(NotFiniteArrayError, match=r"100/predictions\.npy: predictions at step 100 holds values"):
        take(folder)


def test_other_types_are_said_in_the_log(folder, caplog):
    np.save(folder / "100" / "fc1.npy", np.load(folder / "100" / "fc1.npy").astype(np.float16))
    with caplog.at_level(logging.INFO, "evolution"):
        take(folder)
    assert "fc1.npy: float16, taken as float32" in caplog.text
    assert "conv1.npy: (60, 2, 3, 3), taken as (samples, channels, and maps of the others)" in caplog.text


def test_the_digest_is_of_all_arrays_whichever_are_followed(folder):
    files = {name: str(path) for name, path in array_files(folder / "100").items()}
    before = arrays_digest(files)
    assert take(folder, layers=("fc1",))[0].digests[100] == take(folder)[0].digests[100] == before
    np.save(folder / "100" / "conv1.npy", np.zeros((SAMPLES, 2, 3, 3), np.float32))
    assert arrays_digest(files) != before


@pytest.fixture
def texts(tmp_path):
    """A recording of tokens: its dataset.npz, the arrays of a time, and which tokens are no padding."""
    dataset = write_samples(tmp_path / "dataset.npz", kind="tokens", target="labels", count=30)
    with np.load(dataset) as archive:
        arrays = dict(archive)
    # All samples of the recording are followed.
    np.savez(dataset, **arrays | {"eval_indices": np.arange(30)})
    random = np.random.default_rng(0)
    values = {
        "block": random.normal(size=(30, 12, 4)).astype(np.float32),
        "pooled": random.normal(size=(30, 6, 4)).astype(np.float32),
        "predictions": random.normal(size=(30, 3)).astype(np.float32),
    }
    files = {}
    for name, array in values.items():
        files[name] = str(tmp_path / f"{name}.npy")
        np.save(files[name], array)
    return dataset, files, values, arrays["inputs_0"] != 0


def take_texts(texts, tokens):
    dataset, files, _, _ = texts
    folder = Path(dataset).parent / "taken"
    outputs = {name: str(folder / f"{name}.npy") for name in ("block", "pooled", "classifier")}
    folder.mkdir(exist_ok=True)
    writers = {name: NpyWriter(path, 1) for name, path in outputs.items()}
    taken = take_recorded(
        dataset=dataset,
        times={3: files},
        unit="epoch",
        settings=RecordingSettings(compacted=False, pooling=Pooling(tokens=tokens), seed=3),
        activations={name: writers[name] for name in ("block", "pooled")},
        classifier=writers["classifier"],
    )
    for writer in writers.values():
        writer.__exit__(None, None, None)
    return taken, {name: np.load(path)[0] for name, path in outputs.items()}


def test_tokens_of_a_recording_are_pooled_without_their_padding(texts, monkeypatch):
    _, _, values, kept = texts
    taken, found = take_texts(texts, "mean")
    expected = [rows[there].mean(0) for rows, there in zip(values["block"], kept)]
    np.testing.assert_allclose(found["block"], expected, atol=1e-6)
    np.testing.assert_allclose(found["pooled"], values["pooled"].mean(1), atol=1e-6)
    assert taken.predictions["predicted"].shape == (30, 3) and np.isnan(found["classifier"]).all()
    assert set(taken.evaluation[0]) == {"time", "eval_loss", "eval_average_precision", "class_average_precision"}
    monkeypatch.setattr("evolution.activations.recorded.HELD_BYTES", 1)
    assert np.array_equal(take_texts(texts, "mean")[1]["block"], found["block"]), "sample by sample too"
    _, found = take_texts(texts, "last")
    last = [rows[there][-1] for rows, there in zip(values["block"], kept)]
    np.testing.assert_array_equal(found["block"], last)
    np.testing.assert_array_equal(found["pooled"], values["pooled"][:, -1])


def test_a_position_that_a_sample_or_a_layer_lacks(texts):
    _, found = take_texts(texts, 2)
    np.testing.assert_array_equal(found["block"], texts[2]["block"][:, 2])
    with pytest.raises(UserError, match=r"activations\.pooling\.tokens: 5 is not allowed, as sample 0 has 4 tokens"):
        take_texts(texts, 5)
    with pytest.raises(UserError, match=r"a\.npy has no token at position 7: it puts out 6 tokens"):
        np.save(Path(texts[0]).parent / "a.npy", texts[2]["pooled"])
        pooled_rows(str(Path(texts[0]).parent / "a.npy"), np.arange(30), Pooling(tokens=7))
