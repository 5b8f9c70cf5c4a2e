"""The recorder in trainings by Lightning."""

import warnings

import pytest
import torch
from torch import nn

from activation_recorder import LightningRecorder, RecorderError
from support.recorded import Net, images

pl = pytest.importorskip("pytorch_lightning")
pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"),
]

X, Y = images(20)


class Lit(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net, self.losses = Net(), []

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, _):
        loss = nn.functional.cross_entropy(self(batch[0]), batch[1])
        self.losses.append(loss.item())
        return loss

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), 0.01)


def fit(folder, recorder=None, *, epochs=2, resume=None, **more):
    """Losses, weights and the next random number of a training, and its trainer."""
    pl.seed_everything(3, verbose=False)
    module = Lit()
    data = torch.utils.data.TensorDataset(*images(32, seed=2))
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        callbacks=[recorder] if recorder else [],
        logger=False,
        default_root_dir=folder,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        **more,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(module, torch.utils.data.DataLoader(data, 8, shuffle=True), ckpt_path=resume)
    state = {name: value.numpy().tobytes() for name, value in module.state_dict().items()}
    return (module.losses, state, torch.rand(1).item()), trainer


def times(folder):
    return sorted(int(entry.name) for entry in folder.iterdir() if entry.is_dir())


@pytest.mark.parametrize("more", [{}, {"accumulate_grad_batches": 2}, {"precision": "bf16-mixed"}], ids=str)
def test_the_training_is_the_same_to_the_bit(more, tmp_path):
    recorder = LightningRecorder(X, Y, path=tmp_path / "rec", at=range(0, 100, 2))
    assert fit(tmp_path, recorder, **more)[0] == fit(tmp_path, **more)[0]
    assert times(tmp_path / "rec") == ([0, 2, 4] if "accumulate_grad_batches" in more else [0, 2, 4, 6, 8])
    # The one child that holds all weights is replaced by its own.
    assert (tmp_path / "rec" / "2" / "net.conv.npy").is_file()


def test_epochs_and_the_network_within(tmp_path):
    fit(tmp_path, LightningRecorder(X, Y, path=tmp_path / "rec", at=[0, 1, 2], unit="epoch", network="net"))
    assert times(tmp_path / "rec") == [0, 1, 2]
    assert (tmp_path / "rec" / "2" / "conv.npy").is_file()


def test_a_fit_that_goes_on_and_one_that_begins_again(tmp_path):
    def recorder():
        return LightningRecorder(X, Y, path=tmp_path / "rec", at=range(0, 100, 3))

    _, trainer = fit(tmp_path, recorder(), epochs=1)
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    assert times(tmp_path / "rec") == [0, 3]
    fit(tmp_path, recorder(), epochs=2, resume=tmp_path / "last.ckpt")
    assert times(tmp_path / "rec") == [0, 3, 6]
    with pytest.raises(RecorderError, match="This training begins at 0, so it is another one"):
        fit(tmp_path, recorder())


def test_part_of_an_epoch_is_no_epoch(tmp_path):
    """Four batches make an epoch."""

    def recorder():
        return LightningRecorder(X, Y, path=tmp_path / "rec", at=range(9), unit="epoch")

    _, trainer = fit(tmp_path, recorder(), epochs=None, max_steps=6)
    assert times(tmp_path / "rec") == [0, 1]
    trainer.save_checkpoint(tmp_path / "part.ckpt")
    save = SaveAt(2, tmp_path / "in epoch 0.ckpt")
    fit(tmp_path, save, epochs=1)
    fit(tmp_path, recorder(), epochs=3, resume=save.path)
    assert times(tmp_path / "rec") == [0, 1, 2, 3]


class SaveAt(pl.Callback):
    def __init__(self, step, path):
        self.step, self.path = step, path

    def on_train_batch_end(self, trainer, *_):
        if trainer.global_step == self.step:
            trainer.save_checkpoint(self.path)


def test_a_module_without_forward(tmp_path):
    class NoForward(Lit):
        forward = pl.LightningModule.forward

    recorder = LightningRecorder(X, Y, path=tmp_path / "rec", at=[0])
    with pytest.raises(RecorderError, match=r"NoForward has no forward, .* Give network=.* it has net"):
        recorder.on_train_start(None, NoForward())


def test_a_network_that_is_not_there(tmp_path):
    with pytest.raises(RecorderError, match="network='nett' is not in Lit, which has net"):
        fit(tmp_path, LightningRecorder(X, Y, path=tmp_path / "rec", at=[0], network="nett"))
