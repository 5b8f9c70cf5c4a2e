"""The recorder in trainings by Hugging Face's Trainer."""

import numpy as np
import pytest
import torch

from activation_recorder import RecorderError, TrainerRecorder

transformers = pytest.importorskip("transformers")
pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore")]

TOKENS = torch.randint(0, 30, (48, 7), generator=torch.Generator().manual_seed(0))
LABELS = TOKENS[:, 0] % 3
INPUTS = {"input_ids": TOKENS[:16], "attention_mask": torch.ones(16, 7, dtype=torch.long)}


def network():
    config = transformers.BertConfig(
        vocab_size=30,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=16,
        num_labels=3,
    )
    torch.manual_seed(4)
    return transformers.BertForSequenceClassification(config)


def train(folder, recorder=None, *, resume=None, steps=6, **more):
    """Losses, weights and the next random number of a training."""
    arguments = transformers.TrainingArguments(
        output_dir=str(folder / "out"),
        max_steps=steps,
        per_device_train_batch_size=8,
        logging_steps=1,
        save_steps=3,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        seed=5,
        **more,
    )
    items = [{"input_ids": tokens, "labels": label} for tokens, label in zip(TOKENS, LABELS)]
    model = network()
    trainer = transformers.Trainer(model, arguments, train_dataset=items, callbacks=[recorder] if recorder else [])
    trainer.train(resume_from_checkpoint=resume)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    norms = [entry["grad_norm"] for entry in trainer.state.log_history if "grad_norm" in entry]
    state = {name: value.numpy().tobytes() for name, value in model.state_dict().items()}
    return losses, norms, state, torch.rand(1).item(), float(np.random.rand())


def times(folder):
    return sorted(int(entry.name) for entry in folder.iterdir() if entry.is_dir())


@pytest.mark.parametrize("more", [{}, {"gradient_accumulation_steps": 2}, {"bf16": True}], ids=str)
def test_the_training_is_the_same_to_the_bit(more, tmp_path):
    recorder = TrainerRecorder(INPUTS, LABELS[:16], path=tmp_path / "rec", at=[0, 2, 5])
    assert train(tmp_path, recorder, **more) == train(tmp_path, **more)
    assert times(tmp_path / "rec") == [0, 2, 5]
    np.testing.assert_array_equal(np.load(tmp_path / "rec" / "inputs.npy"), TOKENS[:16])
    layers = {file.stem for file in (tmp_path / "rec" / "2").iterdir()}
    assert {"bert.encoder.layer.0", "classifier", "predictions", "classifier_inputs"} <= layers


def test_autocast_of_accelerate_does_not_reach_into_the_pass(tmp_path):
    for name, more in {"bf16": {"bf16": True}, "plain": {}}.items():
        train(tmp_path, TrainerRecorder(INPUTS, LABELS[:16], path=tmp_path / name, at=[0]), steps=1, **more)
    for file in (tmp_path / "plain" / "0").iterdir():
        assert file.read_bytes() == (tmp_path / "bf16" / "0" / file.name).read_bytes(), file.name


def test_a_training_that_goes_on_and_one_that_begins_again(tmp_path):
    def recorder():
        return TrainerRecorder(INPUTS, LABELS[:16], path=tmp_path / "rec", at=[0, 2, 5])

    train(tmp_path, recorder(), steps=3)
    assert times(tmp_path / "rec") == [0, 2]
    train(tmp_path, recorder(), resume=str(tmp_path / "out" / "checkpoint-3"))
    assert times(tmp_path / "rec") == [0, 2, 5]
    with pytest.raises(RecorderError, match="This training begins at 0, so it is another one"):
        train(tmp_path, recorder())


def test_epochs(tmp_path):
    recorder = TrainerRecorder(INPUTS, LABELS[:16], path=tmp_path / "rec", at=[0, 1, 2], unit="epoch")
    train(tmp_path, recorder, steps=12)
    assert times(tmp_path / "rec") == [0, 1, 2]


def test_part_of_an_epoch_is_no_epoch(tmp_path):
    """Six steps make an epoch."""

    def recorder(path):
        return TrainerRecorder(INPUTS, LABELS[:16], path=path, at=range(9), unit="epoch")

    train(tmp_path, recorder(tmp_path / "rec"), steps=3)
    assert times(tmp_path / "rec") == [0]
    checkpoint = str(tmp_path / "out" / "checkpoint-3")
    train(tmp_path, recorder(tmp_path / "rec"), resume=checkpoint, steps=12)
    assert times(tmp_path / "rec") == [0, 1, 2]
    train(tmp_path, recorder(tmp_path / "other"), resume=checkpoint, steps=12)
    assert times(tmp_path / "other") == [1, 2]
