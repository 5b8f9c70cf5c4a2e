"""Other people's weights: the outputs of the network that was saved against those of the network that is filled."""

import argparse
import json
import pathlib

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from evolution.errors import ModelError
from evolution.models.build import build_model
from evolution.sources.weights import NotFiniteError, fit_weights, read_weights

IMAGES = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 3)).eval()


SAVED = network(1)
STATE = SAVED.state_dict()


def prefixed(prefix, state=STATE):
    return {f"{prefix}{name}": value for name, value in state.items()}


def taken(tmp_path, content, key=None, strict=True, model=None):
    """The notes on loading what torch.save wrote, and whether the network is then the saved one."""
    path = tmp_path / "a.pt"
    if content is not None:
        torch.save(content, path)
    weights, model = read_weights(str(path), key=key), model or network()
    notes = fit_weights(model, weights, path=str(path), strict=strict)
    return notes, torch.equal(model.eval()(IMAGES), SAVED(IMAGES))


def test_batch_norms_count_may_be_of_another_kind(tmp_path):
    """As where all tensors were halved: no output depends on it. Weights of another kind are refused."""
    halved = {name: value.bfloat16() if "num_batches" in name else value for name, value in STATE.items()}
    assert taken(tmp_path, halved) == ([], True)
    with pytest.raises(ModelError, match=r"has 0\.weight as int64, and the model as float32"):
        taken(tmp_path, STATE | {"0.weight": STATE["0.weight"].long()})


OPTIMIZER = {"state": {0: {"exp_avg": torch.zeros(3), "step": 5}}, "param_groups": [{"lr": 0.1}]}


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (STATE, None),
        ({"model": STATE, "optimizer": OPTIMIZER, "epoch": 3}, None),
        ({"net": STATE, "optim": {"m": torch.zeros(3)}}, None),
        ({"trained": {"weights_of_net": STATE}}, None),
        ({"epoch": 1, "state_dict": prefixed("module.")}, "without 'module.'"),
        (prefixed("_orig_mod."), "without '_orig_mod.'"),
        ({"model": prefixed("_orig_mod.module.")}, "without '_orig_mod.module.'"),
        ({"0._orig_mod.weight": STATE["0.weight"]} | {k: v for k, v in STATE.items() if k != "0.weight"}, "_orig_mod."),
        ({"state_dict": prefixed("backbone.net.") | {"criterion.weight": torch.ones(3)}}, "Not in the model, and left"),
        (prefixed("module.") | {"n_averaged": torch.tensor(3)}, "n_averaged"),
        ({"model": STATE, "args": argparse.Namespace(lr=1, out=pathlib.Path("a")), "best": np.float64(0.5)}, None),
        ({name: value for name, value in STATE.items() if "num_batches" not in name}, None),
        # A few plain values among the tensors make them no less the model's.
        ({"model": STATE | {"version": 2, "extra": None}, "ema": network(2).state_dict()}, None),
        ({"semantic": STATE, "optim": {"m": torch.zeros(3)}, "momentum_buffer": {"m": torch.zeros(3)}}, None),
        (
            {k: v for k, v in prefixed("model.").items() if "num_batches" not in k}
            | prefixed("model_ema.module.", network(2).state_dict()),
            "Not in the model, and left: model_ema",
        ),
    ],
)
def test_what_is_found_without_being_told(tmp_path, content, note):
    notes, same = taken(tmp_path, content)
    assert same and (any(note in each for each in notes) if note else notes == [])


def test_names_that_lack_the_models_prefix(tmp_path):
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = network()

        def forward(self, images):
            return self.net(images)

    notes, same = taken(tmp_path, STATE, model=Wrapped())
    assert same and notes == ["9 names of the file are the model's with 'net.' in front."]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ({"model": network(2).state_dict(), "model_ema": STATE}, "model_ema"),
        ({"model": network(2).state_dict(), "ema": {"module": STATE}}, "ema.module"),
        (prefixed("student.", network(2).state_dict()) | prefixed("teacher."), "teacher"),
        ({"state_dict": prefixed("a.", network(2).state_dict()) | prefixed("b.")}, "state_dict.b"),
    ],
)
def test_what_a_key_chooses(tmp_path, content, key):
    assert taken(tmp_path, content, key)[1]


def test_a_moving_average_is_not_taken_unless_asked(tmp_path):
    assert taken(tmp_path, {"model_ema": network(2).state_dict(), "model": STATE})[1]


def test_two_that_are_the_same_are_not_two(tmp_path):
    assert taken(tmp_path, prefixed("student.") | prefixed("teacher."))[1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"a": STATE, "b": STATE}, "holds weights under a, b; say which"),
        ({"model": STATE, "net": network(2).state_dict()}, "holds weights under model, net; say which"),
        ({"modelEMA": STATE}, "which by the name are an average"),
        (prefixed("s.", network(2).state_dict()) | prefixed("t."), r"more than once: under 's\.' and under 't\.'"),
        ({"optimizer": {"m": torch.zeros(3)}}, r"holds no weights: it has optimizer \(dict\)"),
        (3, "holds no weights: it is a int"),
        (
            SAVED,
            r"holds torch\.nn\.modules\.container\.Sequential, which is not read.*two lines of Python:\n .*\n .*save",
        ),
        (
            {k: v for k, v in STATE.items() if k != "3.bias"},
            r"1 of the model's 9 names are missing.*model's 3\.bias \(3,\)",
        ),
        (STATE | {"4.weight": torch.zeros(2)}, r"1 of the file's 10 names are not the model's.*4\.weight \(2,\)"),
        (
            nn.Linear(3, 4).state_dict(),
            r"the file's \(the whole file\) weight \(4, 3\).*the model's 0\.weight \(4, 1, 3, 3\)",
        ),
        (STATE | {"3.weight": torch.zeros(5, 144)}, r"3\.weight is \(5, 144\) and the model's \(3, 144\)"),
    ],
)
def test_what_does_not_fit(tmp_path, content, said):
    with pytest.raises(ModelError, match=rf"(?s)a\.pt.*{said}"):
        taken(tmp_path, content)


def test_what_fits_may_be_enough(tmp_path):
    part = {name: value for name, value in STATE.items() if not name.startswith("3.")} | {"4.bias": torch.zeros(1)}
    model = network(7)
    notes, same = taken(tmp_path, part, strict=False, model=model)
    assert not same and torch.equal(model[0].weight, SAVED[0].weight)
    assert torch.equal(model[3].weight, network(7)[3].weight)
    assert notes == [
        "Not in the file, and left at their initial values: 3.weight, 3.bias.",
        "Not in the model, and left: 4.bias.",
    ]
    with pytest.raises(ModelError, match="8 of the model's 9 names are missing"):
        taken(tmp_path, {"x.y": torch.zeros(3)}, strict=False)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(tmp_path, value):
    broken = {name: tensor.clone() for name, tensor in STATE.items()}
    broken["3.bias"][1] = value
    with pytest.raises(NotFiniteError, match=r"not finite.* in 3\.bias"):
        taken(tmp_path, broken)


class Settings:
    """What training code may keep in a checkpoint, and torch does not read."""


@pytest.mark.parametrize("entry", ["model_state_dict", "net", "whole", "bare"])
def test_the_advice_converts_and_loses_nothing(tmp_path, entry):
    path = tmp_path / "a.pt"
    content = {"whole": network(1), "bare": {**STATE, "settings": Settings()}}
    torch.save(content.get(entry, {entry: STATE, "settings": Settings(), "epoch": 3}), path)
    before = path.read_bytes()
    with pytest.raises(ModelError, match="two lines of Python") as refused:
        read_weights(str(path))
    (tmp_path / "converted").mkdir()
    exec("\n".join(line.strip() for line in str(refused.value).splitlines()[-2:]), {"torch": torch})
    assert path.read_bytes() == before
    model = network()
    fit_weights(model, read_weights(str(tmp_path / "converted" / "a.pt")), path="a.pt")
    assert torch.equal(model.eval()(IMAGES), SAVED(IMAGES))


def test_half_precision(tmp_path):
    half = {name: value.half() if value.is_floating_point() else value for name, value in STATE.items()}
    model = network()
    taken(tmp_path, half, model=model)
    assert model[3].weight.dtype == torch.float32
    torch.testing.assert_close(model(IMAGES), SAVED(IMAGES), rtol=1e-2, atol=1e-2)


def test_extra_state(tmp_path):
    class Counting(nn.Linear):
        seen = 0

        def get_extra_state(self):
            return {"seen": self.seen}

        def set_extra_state(self, state):
            self.seen = state["seen"]

    saved, model = Counting(2, 2), Counting(2, 2)
    saved.seen = 5
    torch.save({"model": prefixed("module.", saved.state_dict())}, tmp_path / "a.pt")
    fit_weights(model, read_weights(str(tmp_path / "a.pt")), path="a.pt")
    assert model.seen == 5 and torch.equal(model.weight, saved.weight)


def test_weights_that_are_one_in_the_model_and_two_in_the_file(tmp_path):
    model = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)})
    model["b"].weight = model["a"].weight
    state = {name: value + index for index, (name, value) in enumerate(model.state_dict().items())}
    torch.save(state, tmp_path / "a.pt")
    with pytest.raises(ModelError, match=r"different weights for a\.weight and b\.weight, which are one in the model"):
        fit_weights(model, read_weights(str(tmp_path / "a.pt")), path="a.pt")


def test_tied_weights(tmp_path):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.head = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
            self.head.weight = self.embedding.weight

    saved, model = Tied(), Tied()
    save_file({"embedding.weight": saved.embedding.weight.detach()}, tmp_path / "a.safetensors")
    fit_weights(model, read_weights(str(tmp_path / "a.safetensors")), path="a")
    assert torch.equal(model.head.weight, saved.head.weight)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty and no checkpoint"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a pointer to a file of Git LFS"),
        (b"<!DOCTYPE html><html>", "is a web page and no checkpoint"),
        (b"weights", r"a\.pt cannot be read: it is damaged"),
    ],
)
def test_files_that_are_no_checkpoint(tmp_path, content, said):
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(ModelError, match=said) as raised:
        taken(tmp_path, None)
    assert "weights_only" not in str(raised.value)


def test_damaged_files(tmp_path):
    torch.save(STATE, tmp_path / "a.pt")
    save_file(STATE, tmp_path / "a.safetensors")
    for name in ("a.pt", "a.safetensors"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(ModelError, match=rf"{name} cannot be read"):
            read_weights(str(tmp_path / name))
    with pytest.raises(ModelError, match="none is gone"):
        read_weights(str(tmp_path / "none"))


def test_lightnings_checkpoint(tmp_path):
    import pytorch_lightning as lightning

    class Lit(lightning.LightningModule):
        def __init__(self, lr=0.1):
            super().__init__()
            self.save_hyperparameters()
            self.model, self.loss = network(3), nn.CrossEntropyLoss(weight=torch.ones(3))

        def training_step(self, batch, index):
            return self.loss(self.model(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), self.hparams.lr)

    data = torch.utils.data.TensorDataset(torch.rand(8, 1, 8, 8), torch.arange(8) % 3)
    trainer = lightning.Trainer(
        max_steps=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False
    )
    module = Lit()
    trainer.fit(module, torch.utils.data.DataLoader(data, batch_size=4))
    trainer.save_checkpoint(tmp_path / "a.ckpt")
    model = network()
    notes = fit_weights(model, read_weights(str(tmp_path / "a.ckpt")), path="a.ckpt")
    assert torch.equal(model.eval()(IMAGES), module.model.eval()(IMAGES))
    assert notes == [
        "9 names of the file are the model's without 'model.'.",
        "Not in the model, and left: loss.weight.",
    ]


def test_lightnings_averages_are_taken_where_they_are_asked_for(tmp_path):
    """Its callback writes the average as state_dict, and the trained weights under a name of their own."""
    import pytorch_lightning as lightning
    from pytorch_lightning.callbacks import EMAWeightAveraging

    class Lit(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = network(3)

        def training_step(self, batch, index):
            return nn.functional.cross_entropy(self.model(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.5)

    trained = []

    class Keep(lightning.Callback):
        def on_train_batch_end(self, trainer, module, *more):
            trained.append({name: value.clone() for name, value in module.model.state_dict().items()})

    data = torch.utils.data.TensorDataset(torch.rand(8, 1, 8, 8), torch.arange(8) % 3)
    saved = lightning.callbacks.ModelCheckpoint(tmp_path, every_n_train_steps=4, save_top_k=-1)
    trainer = lightning.Trainer(
        max_steps=4, accelerator="cpu", logger=False, enable_progress_bar=False,
        callbacks=[EMAWeightAveraging(decay=0.5), Keep(), saved],
    )  # fmt: skip
    trainer.fit(Lit(), torch.utils.data.DataLoader(data, batch_size=4))
    (path,) = tmp_path.glob("*.ckpt")
    model = network()
    fit_weights(model, read_weights(str(path)), path=str(path))
    torch.testing.assert_close(model.state_dict(), trained[3], rtol=0, atol=0)
    fit_weights(model, read_weights(str(path), key="state_dict"), path=str(path))
    assert not torch.equal(model[0].weight, trained[3]["0.weight"]), "the average"


def test_folders_of_hugging_faces_trainer(tmp_path):
    """Its library stores some weights under other names than the model has."""
    import transformers

    config = transformers.ViTConfig(
        image_size=8, patch_size=4, num_channels=1, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, num_labels=3,
    )  # fmt: skip
    saved = transformers.ViTForImageClassification(config).eval()
    for size in ("1GB", "10KB"):
        folder = tmp_path / f"checkpoint-{size}"
        saved.save_pretrained(folder, max_shard_size=size)
        content = json.loads((folder / "config.json").read_text())
        model = build_model("transformers", kwargs={"config": content}, shape=(1, 8, 8), classes=3, seed=5).eval()
        fit_weights(model, read_weights(str(folder)), path=str(folder))
        with torch.no_grad():
            torch.testing.assert_close(model(IMAGES).logits, saved(IMAGES).logits, rtol=1e-5, atol=1e-6)
    assert (tmp_path / "checkpoint-10KB" / "model.safetensors.index.json").is_file()


@pytest.mark.parametrize("files", [1, 2])
def test_folders_with_weights_that_torch_saved(tmp_path, files):
    """Trainers of earlier versions wrote pytorch_model.bin, large models in several files with an index."""
    folder = tmp_path / "checkpoint-5"
    folder.mkdir()
    if files == 1:
        torch.save(STATE, folder / "pytorch_model.bin")
    else:
        place = {name: f"pytorch_model-0000{1 + index % 2}-of-00002.bin" for index, name in enumerate(STATE)}
        for file in set(place.values()):
            torch.save({name: STATE[name] for name in STATE if place[name] == file}, folder / file)
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": place}))
    model = network()
    assert fit_weights(model, read_weights(str(folder)), path=str(folder)) == []
    assert torch.equal(model.eval()(IMAGES), SAVED(IMAGES))
