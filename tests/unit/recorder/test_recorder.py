"""A recorder in trainings of all kinds: the training stays as it was, and the recording is what it should be."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from activation_recorder import Recorder, RecorderError, log_steps
from support.recorded import Net, images, train

pytestmark = pytest.mark.usefixtures("one_thread")

ROOT = Path(__file__).parents[3]

X, Y = images(20)


@pytest.fixture
def record(tmp_path):
    """A function that makes a recorder of a model."""

    def make(model, *, at=(0, 1, 3, 5), inputs=X, labels=Y, path=tmp_path / "rec", **more):
        return Recorder(model, inputs, labels, path=path, at=at, **more)

    return make


def times(folder):
    return sorted(int(entry.name) for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def compile_part(model, backend):
    model.fc1 = torch.compile(model.fc1, backend=backend)
    return model


def compile_in_place(model, backend):
    model.compile(backend=backend)
    return model


@pytest.fixture(params=["plain", "autocast", "compiled", "compiled in place", "a part compiled", "accumulated"])
def way(request):
    torch._dynamo.reset()
    yield {
        "plain": {},
        "autocast": {"autocast": True},
        "compiled": {"wrap": lambda model: torch.compile(model, backend="eager")},
        "compiled in place": {"wrap": partial(compile_in_place, backend="eager")},
        "a part compiled": {"wrap": partial(compile_part, backend="eager")},
        "accumulated": {"accumulate": 2},
    }[request.param]
    torch._dynamo.reset()


def test_the_training_is_the_same_to_the_bit(record, way, tmp_path):
    without = train(**way)
    torch._dynamo.reset()
    with_recorder = train(record, **way)
    assert with_recorder == without
    assert times(tmp_path / "rec") == [0, 1, 3, 5]
    assert sorted(file.stem for file in (tmp_path / "rec" / "3").iterdir()) == [
        "classifier_bias",
        "classifier_inputs",
        "classifier_weight",
        "conv",
        "fc1",
        "fc2",
        "predictions",
    ]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_on_a_gpu_the_training_is_the_same_to_the_bit(record, way, tmp_path, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    without = train(**way, device="cuda")
    torch._dynamo.reset()
    assert train(record, **way, device="cuda") == without
    assert times(tmp_path / "rec") == [0, 1, 3, 5]


@pytest.mark.parametrize("compile_it", [torch.compile, compile_part, compile_in_place])
def test_nothing_is_compiled_once_more(record, compile_it):
    compiled = []

    def backend(graph, inputs):
        compiled.append(1)
        return graph.forward

    counts = []
    for recorder in (None, lambda model: record(model, at=range(20))):
        torch._dynamo.reset()
        compiled.clear()
        train(recorder, wrap=lambda model: compile_it(model, backend=backend), steps=10)
        counts.append(len(compiled))
    torch._dynamo.reset()
    assert counts[0] == counts[1] > 0


def test_each_way_records_the_same(record, way, tmp_path):
    """Autocast and torch.compile do not reach into the pass: the same weights give the same bytes."""
    torch.manual_seed(0)
    model = Net()
    if way.get("autocast"):
        with torch.autocast("cpu", torch.bfloat16):
            record(model, path=tmp_path / "one").step(0)
    else:
        record(way.get("wrap", lambda model: model)(model), path=tmp_path / "one").step(0)
    torch.manual_seed(0)
    record(Net(), path=tmp_path / "other").step(0)
    files = sorted((tmp_path / "one" / "0").iterdir())
    assert len(files) == 7
    for file in files:
        assert file.read_bytes() == (tmp_path / "other" / "0" / file.name).read_bytes(), file.name


def test_what_the_folder_says(record, tmp_path):
    record(Net(), ids=[f"n{i}" for i in range(20)], class_names=["a", "b", "c"]).step(0)
    folder = tmp_path / "rec"
    said = json.loads((folder / "recording.json").read_text())
    assert {"format": 1, "unit": "step", "compact": True, "pooling": {"maps": "flatten", "tokens": "mean"}}.items() <= (
        said.items()
    )
    assert said["layers"] == ["conv", "fc1", "fc2"] and said["begun"] == 0
    assert said["model"].startswith("Net, ") and len(said["samples"]) == 64
    np.testing.assert_array_equal(np.load(folder / "labels.npy"), Y)
    assert np.load(folder / "ids.npy").tolist()[:2] == ["n0", "n1"]
    assert np.load(folder / "class_names.npy").tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(np.load(folder / "inputs.npy"), X)


def test_a_step_that_is_called_twice_is_ignored_and_said(record, caplog, tmp_path):
    recorder = record(Net())
    recorder.step(0)
    before = (tmp_path / "rec" / "0" / "fc1.npy").stat().st_mtime_ns
    recorder.step(0)
    recorder.step(0)
    said = [entry.message for entry in caplog.records if entry.levelno == logging.WARNING]
    assert said == [
        "step 0 was recorded before, so this call of step is ignored. Call it once after each optimizer step, with the "
        "number of steps so far."
    ]
    assert (tmp_path / "rec" / "0" / "fc1.npy").stat().st_mtime_ns == before


def test_a_resumed_training_goes_on_and_keeps_what_is_there(record, tmp_path):
    first = record(Net())
    for step in range(4):
        first.step(step)
    before = (tmp_path / "rec" / "3" / "fc1.npy").read_bytes()
    resumed = record(Net())
    for step in range(3, 6):
        resumed.step(step)
    assert times(tmp_path / "rec") == [0, 1, 3, 5]
    assert (tmp_path / "rec" / "3" / "fc1.npy").read_bytes() == before


@pytest.mark.parametrize("first", [0, 3])
def test_a_second_training_is_refused(record, first, tmp_path):
    recorder = record(Net(), at=(3, 5))
    recorder.step(first)
    recorder.step(5)
    second = record(Net(), at=(3, 5))
    with pytest.raises(RecorderError, match=f"began at {first}. This training begins at {first}"):
        second.step(first)
    before = times(tmp_path / "rec")
    second.step(3)
    assert times(tmp_path / "rec") == before, "a recorder that was refused records nothing"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"model": Net(classes=4)}, "another model"),
        ({"inputs": X + 1}, "other samples"),
        ({"labels": (Y + 1) % 3}, "other samples"),
        ({"compact": False}, "another choice of compact"),
        ({"pooling": {"maps": "mean"}}, "another pooling"),
        ({"unit": "epoch"}, "another unit"),
        ({"layers": ["fc1"]}, "other layers: .*conv, fc1, fc2, and this recorder follows fc1"),
        ({"ids": np.arange(20) + 1}, "ids.npy differs"),
    ],
)
def test_another_recording_in_the_folder_is_refused_when_the_recorder_is_made(record, change, found, tmp_path):
    record(Net(), ids=np.arange(20)).step(0)
    change = {"model": Net(), "ids": np.arange(20)} | change
    with pytest.raises(RecorderError, match=found) as error:
        record(change.pop("model"), **change)
    assert str(tmp_path / "rec") in str(error.value) and "elete the folder" in str(error.value)


def test_a_layer_with_nan_is_recorded_and_said_once(record, caplog, tmp_path):
    model = Net()
    recorder = record(model)
    with torch.no_grad():
        model.fc1.bias[2] = torch.nan
    recorder.step(0)
    recorder.step(1)
    said = [entry.message for entry in caplog.records if entry.levelno == logging.WARNING]
    assert len(said) == 2 and said[0].startswith("layer fc1 has numbers that are not finite at step 0")
    assert np.isnan(np.load(tmp_path / "rec" / "1" / "fc1.npy")[:, 2]).all()
    assert np.isfinite(np.load(tmp_path / "rec" / "1" / "conv.npy")).all()


@pytest.mark.parametrize("compact", [True, False])
def test_a_full_disk_is_one_message_and_the_training_goes_on(record, caplog, tmp_path, monkeypatch, compact):
    """A file of the kernel's that takes nothing stands for a disk that is full."""
    import activation_recorder.snapshot as snapshot

    recorder = record(Net(), compact=compact)
    recorder.step(0)
    write, rows = snapshot.write_array, snapshot.NpyRows
    if compact:
        monkeypatch.setattr(snapshot, "write_array", lambda path, array: write("/dev/full", array))
    else:
        monkeypatch.setattr(snapshot, "NpyRows", lambda path, *shape: rows("/dev/full", *shape))
    for step in (1, 3):
        recorder.step(step)
    said = [entry.message for entry in caplog.records if entry.levelno == logging.WARNING]
    assert len(said) == 1 and "rec/1 cannot be written (No space left on device; " in said[0]
    monkeypatch.undo()
    recorder.step(5)
    assert times(tmp_path / "rec") == [0, 5]
    assert not [entry for entry in (tmp_path / "rec").iterdir() if "partial" in entry.name]


def test_a_model_that_fails_later_is_a_message_and_stays_as_it_was(record, caplog, tmp_path):
    model = Net()
    recorder = record(model)
    recorder.step(0)
    model.fc1.forward = lambda x: x.missing
    recorder.step(1)
    assert "step 1 is missing from" in caplog.text and "AttributeError" in caplog.text
    assert model.training and model.fc2.training and not model.fc1._forward_hooks
    del model.fc1.forward
    recorder.step(3)
    assert times(tmp_path / "rec") == [0, 3]


def test_gradients_between_forward_and_backward(record):
    """A step may be called while a graph waits for its backward pass."""
    model = Net()
    recorder = record(model)
    loss = model(X).square().mean()
    recorder.step(0)
    loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_within_modes_of_autograd(record, mode, tmp_path):
    model = Net()
    recorder = record(model)
    with mode():
        recorder.step(0)
        assert torch.is_inference_mode_enabled() == (mode is torch.inference_mode)
        assert torch.is_grad_enabled() == (mode is torch.enable_grad)
    assert times(tmp_path / "rec") == [0]
    model(X).sum().backward()


def test_a_step_where_nothing_is_due_does_nothing(record, monkeypatch):
    recorder = record(Net(), at=log_steps(until=4, then=100))
    recorder.step(0)
    monkeypatch.setattr(Recorder, "_record", None)
    for step in (3, 5, 99):
        recorder.step(step)


def test_steps_of_other_packages(record, tmp_path):
    recorder = record(Net(), at=[0, 1, 2, 3, 4])
    for step in (torch.tensor(0), *np.arange(1, 3), torch.tensor([3]), np.array(4)):
        recorder.step(step)
    assert times(tmp_path / "rec") == [0, 1, 2, 3, 4]
    for step in (0.5, "1", None):
        with pytest.raises(RecorderError, match="give a whole number"):
            record(Net(), path=tmp_path / "new").step(step)


@pytest.mark.parametrize("at", [log_steps(8), [0, 1, 2], range(3)], ids=["log_steps", "list", "range"])
@pytest.mark.parametrize("step", [1.0, 1.5, None, "2", [2], np.array([1, 2]), float("nan"), {}], ids=repr)
def test_no_number_ends_a_training_that_has_begun(record, at, step, caplog, tmp_path):
    recorder = record(Net(), at=at)
    recorder.step(0)
    recorder.step(step)
    recorder.step(step)
    recorder.step(2)
    said = [entry.message for entry in caplog.records if entry.levelno == logging.WARNING]
    assert len(said) == 1 and "is ignored: give a whole number" in said[0]
    assert times(tmp_path / "rec") == [0, 2]


def test_begin_records_nothing(record, tmp_path):
    first = record(Net(), at=range(9), unit="epoch")
    first.step(0)
    resumed = record(Net(), at=range(9), unit="epoch")
    resumed.begin(0.6)
    assert times(tmp_path / "rec") == [0]
    resumed.step(1)
    assert times(tmp_path / "rec") == [0, 1]
    for place in (None, "1", float("nan")):
        with pytest.raises(RecorderError, match="give a number"):
            record(Net(), path=tmp_path / "new").begin(place)


class Counts(Net):
    """Dropout that becomes weaker from pass to pass, whatever the mode; evaluation does not show it."""

    def __init__(self):
        super().__init__()
        self.stages = {"early": [SimpleNamespace(passes=np.zeros(1))]}
        self.noise = (np.random.RandomState(0), [torch.Generator().manual_seed(0)])
        self.norms, self.last = [nn.BatchNorm1d(16)], nn.Identity()

    def forward(self, x):
        stage = self.stages["early"][0]
        stage.passes += 1
        scale = self.noise[0].rand() * float(torch.rand(1, generator=self.noise[1][0]))
        self.norms[0](self.fc1(self.conv(x).flatten(1)).detach())
        shift = scale / float(stage.passes[0]) + self.norms[0].running_mean.mean() if self.training else 0
        return self.last(super().forward(x)) * (1 + shift)


def test_a_state_deep_in_a_model_is_put_back(record):
    def counts():
        torch.manual_seed(0)
        return Counts()

    assert train(lambda model: record(model, layers=["last"]), model=counts()) == train(model=counts())


def test_a_model_that_writes_to_its_inputs(record, tmp_path):
    class Writes(Net):
        def forward(self, x):
            return super().forward(x.mul_(2).sub_(1))

    recorder = record(Writes(), compact=False, batch_size=6)
    recorder.step(0)
    recorder.step(1)
    np.testing.assert_array_equal(np.load(tmp_path / "rec" / "inputs.npy"), X)
    for file in (tmp_path / "rec" / "0").iterdir():
        assert file.read_bytes() == (tmp_path / "rec" / "1" / file.name).read_bytes(), file.name
    record(Writes(), compact=False).step(3)


def test_the_working_directory_may_change(record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recorder = record(Net(), path="rec")
    recorder.step(0)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    recorder.step(1)
    assert times(tmp_path / "rec") == [0, 1]


def test_a_folder_that_was_deleted_is_said(record, caplog, tmp_path):
    recorder = record(Net())
    recorder.step(0)
    shutil.rmtree(tmp_path / "rec")
    recorder.step(1)
    recorder.step(3)
    assert caplog.text.count("was deleted, or this is a copy of the recorder in another process") == 1
    assert not (tmp_path / "rec").exists()


def test_another_kind_of_failure_is_said_too(record, caplog):
    model = Net()
    recorder = record(model, at=range(9))
    recorder.step(0)
    for step, error in enumerate([MemoryError, MemoryError, KeyError, KeyError], start=1):
        model.fc1.forward = lambda x, error=error: (_ for _ in ()).throw(error("no"))
        recorder.step(step)
    said = [entry.message for entry in caplog.records if entry.levelno == logging.WARNING]
    assert ["MemoryError" in message for message in said] == [True, False]


def test_an_interrupt_ends_the_training_and_leaves_no_trace(record, tmp_path):
    model = Net()
    recorder = record(model)
    recorder.step(0)
    model.fc1.forward = lambda x: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        recorder.step(1)
    assert times(tmp_path / "rec") == [0] and model.training
    assert not [entry for entry in (tmp_path / "rec").iterdir() if "partial" in entry.name]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", [torch.jit.script, lambda part: torch.jit.trace(part.eval(), torch.randn(4, 16))])
def test_a_scripted_part_is_left_alone(record, make, tmp_path):
    def model():
        torch.manual_seed(0)
        part = nn.Sequential(nn.Linear(16, 16), nn.BatchNorm1d(16))
        return nn.Sequential(nn.Flatten(), nn.Linear(36, 16), make(part), nn.Linear(16, 3))

    assert train(record, model=model()) == train(model=model())
    assert {"1.npy", "3.npy"} <= {file.name for file in (tmp_path / "rec" / "3").iterdir()}
    with pytest.raises(RecorderError, match=r"2 was made by torch\.jit"):
        record(model(), layers=["2"], path=tmp_path / "new")


def test_rows_that_are_too_long_for_float32_are_no_divergence(record, caplog):
    record(nn.Sequential(nn.Flatten(), nn.Linear(36, 3)), inputs=X.sign() * 3e38, layers=["0"]).step(0)
    assert "layer 0 has samples at step 0 whose numbers are too large together" in caplog.text
    assert "diverged" not in caplog.text


def test_dicts_and_logits_by_name(tmp_path, record):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.head = nn.Linear(4, 5), nn.Linear(5, 3)

        def forward(self, first, second, labels=None):
            assert labels is None
            return {"logits": self.head(self.one(first) + second), "other": first}

    inputs = {"first": torch.randn(20, 4), "second": torch.randn(20, 5), "labels": Y}
    record(Two(), inputs=inputs, labels=None).step(0)
    np.testing.assert_array_equal(np.load(tmp_path / "rec" / "labels.npy"), Y)
    assert np.load(tmp_path / "rec" / "0" / "predictions.npy").shape == (20, 3)
    assert np.load(tmp_path / "rec" / "0" / "classifier_inputs.npy").shape == (20, 5)
    assert not (tmp_path / "rec" / "inputs.npy").exists()


class OfTokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(9, 4), nn.Linear(4, 3)

    def forward(self, input_ids, attention_mask):
        kept = self.embed(input_ids) * attention_mask[:, :, None]
        return self.head(kept.sum(1))


TOKENS = {
    "input_ids": torch.arange(100).reshape(20, 5) % 8 + 1,
    "attention_mask": torch.ones(20, 5, dtype=torch.int64).index_fill(1, torch.tensor([4]), 0),
}


def test_tokens_are_kept_with_their_mask(record, tmp_path):
    record(OfTokens(), inputs=TOKENS, layers=["embed"], pooling={"tokens": 3}, compact=False).step(0)
    folder = tmp_path / "rec"
    np.testing.assert_array_equal(np.load(folder / "inputs.npy"), TOKENS["input_ids"])
    np.testing.assert_array_equal(np.load(folder / "attention_mask.npy"), TOKENS["attention_mask"] != 0)
    assert np.load(folder / "0" / "embed.npy").shape == (20, 4)
    assert json.loads((folder / "recording.json").read_text())["pooling"]["tokens"] == 3


def test_a_position_at_which_a_sample_has_padding_is_refused(record):
    with pytest.raises(RecorderError, match=r"tokens=4 is not allowed, as sample 0 has 4 tokens that are no padding"):
        record(OfTokens(), inputs=TOKENS, pooling={"tokens": 4})


def test_a_model_without_logits_has_no_predictions(record, tmp_path, caplog):
    record(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Conv2d(2, 1, 3))).step(0)
    assert sorted(file.name for file in (tmp_path / "rec" / "0").iterdir()) == ["0.npy", "1.npy"]
    record(nn.Sequential(nn.Flatten(), nn.Linear(36, 1)), path=tmp_path / "one").step(0)
    assert "gives 1 numbers for a sample, and labels go up to 2: predictions are not recorded" in caplog.text
    assert [file.name for file in (tmp_path / "one" / "0").iterdir()] == ["1.npy"]


def test_half_precision_weights(record, tmp_path):
    record(Net().to(torch.bfloat16)).step(0)
    assert np.load(tmp_path / "rec" / "0" / "fc1.npy").dtype == np.float32


def program(*arguments):
    """Start a program of support/recorded_program.py."""
    paths = [ROOT / "recorder" / "src", ROOT / "tests"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    file = ROOT / "tests" / "support" / "recorded_program.py"
    return subprocess.Popen([sys.executable, str(file), *map(str, arguments)], env=environment)


def test_of_two_processes_one_writes_and_both_train_as_without(tmp_path):
    for recorded in ("bare", "recorded"):
        processes = [program("two", rank, tmp_path, recorded) for rank in (0, 1)]
        assert [process.wait(120) for process in processes] == [0, 0]
    for rank in (0, 1):
        bare, recorded = (json.loads((tmp_path / f"{way}.{rank}.json").read_text()) for way in ("bare", "recorded"))
        assert bare[:-1] == recorded[:-1]
        assert recorded[-1] == ([] if rank else ["conv", "fc1", "fc2"]), "what it follows"
    assert times(tmp_path / "rec") == [0, 2, 5]


def test_processes_that_are_joined_after_the_recorder_was_made(tmp_path, record, monkeypatch):
    recorder = record(Net())
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    recorder.step(0)
    recorder.step(1)
    assert not (tmp_path / "rec").exists()
    # A fault in the arguments ends all processes, not only the first.
    with pytest.raises(RecorderError, match="labels have the shape"):
        record(Net(), labels=Y[:3])


def test_kill_9_in_mid_write_loses_that_snapshot_alone(tmp_path, record):
    assert program("killed", tmp_path / "rec", 0).wait(120) == -signal.SIGKILL
    assert times(tmp_path / "rec") == [0, 1, 2]
    partial = [entry for entry in (tmp_path / "rec").iterdir() if entry.name.startswith(".3.partial")]
    assert len(partial) == 1 and len(list(partial[0].iterdir())) > 1
    whole = {file: file.read_bytes() for file in (tmp_path / "rec").rglob("[0-2]/*.npy")}
    # The training goes on from a checkpoint of step 1.
    train(lambda model: record(model, at=range(10)), first=1, steps=4)
    assert times(tmp_path / "rec") == [0, 1, 2, 3, 4, 5]
    assert {file: file.read_bytes() for file in whole} == whole
    assert not [entry for entry in (tmp_path / "rec").iterdir() if "partial" in entry.name]
    for file in (tmp_path / "rec").rglob("*.npy"):
        np.load(file, allow_pickle=False)


def test_the_script_of_the_docs_runs_as_it_stands(tmp_path, monkeypatch):
    text = (ROOT / "docs" / "recorder.md").read_text(encoding="utf-8")
    (tmp_path / "script.py").write_text(text.split("```python\n")[1].split("```")[0])
    environment = os.environ | {"PYTHONPATH": str(ROOT / "recorder" / "src")}
    subprocess.run([sys.executable, "script.py"], cwd=tmp_path, env=environment, check=True)
    folder = tmp_path / "recordings" / "mine"
    assert times(folder) == [0, 1, 2, 4, 8, 16, 32, 64, 100, 150, 200]
    labels, first, last = (
        np.load(folder / name) for name in ("labels.npy", "0/predictions.npy", "200/predictions.npy")
    )
    assert (first.argmax(1) == labels).mean() < 0.6 < 0.9 < (last.argmax(1) == labels).mean()


@pytest.mark.parametrize("target", ["number", "labels", "none"])
def test_samples_of_other_targets_are_recorded_as_the_workflow_reads_them(record, tmp_path, target, caplog):
    from evolution.data.recorded_samples import load_recorded_samples
    from evolution.sources.recording_listing import list_recording
    from support.recordings import CHOOSE

    labels = {"number": np.linspace(0, 1, 20), "labels": np.arange(40).reshape(20, 2) % 3 == 0, "none": None}[target]
    network = nn.Sequential(nn.Flatten(), nn.Linear(X[0].numel(), 4), nn.Linear(4, {"number": 1}.get(target, 2)))
    recorder = record(
        network, labels=labels, layers=["1"], attributes={"age": range(20)}, texts=[f"t{n}" for n in range(20)]
    )
    recorder.step(0)
    _, found = list_recording({"path": str(tmp_path / "rec"), "unit": "step", "choose": CHOOSE})
    facts = found.facts({"kind": "auto", "target": "auto"})
    assert (facts.target, facts.attributes, found.predictions) == (target, ("age",), "outputs")
    samples = load_recorded_samples(
        str(tmp_path / "rec"), count=20, class_count=found.class_count, ids=None, most=20, seed=0, target=target
    )
    assert labels is None or np.array_equal(samples.targets.values, labels)
    assert samples.texts[3] == "t3" and samples.targets.attributes["age"].tolist() == list(range(20))
    assert ("There are no labels" in caplog.text) == (target == "none")
    assert not (tmp_path / "rec" / "0" / "classifier_bias.npy").exists()
