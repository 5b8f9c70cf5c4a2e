"""Models of transformers, built from the content of a config.json: the truth is the package called by hand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from evolution.errors import ModelError
from evolution.models.build import build_model
from evolution.models.hooks import ForwardPasses, Inputs, find_layers, record_outputs
from evolution.models.module_tree import trace
from evolution.models.outputs import Pooling

pytestmark = pytest.mark.usefixtures("one_thread")

if os.environ.get("REQUIRE_ALL") == "1":
    import transformers
else:
    transformers = pytest.importorskip("transformers")

SHAPE, CLASSES = (1, 8, 8), 10
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
LABELS = {"id2label": {str(label): f"LABEL_{label}" for label in range(CLASSES)}}
LABELS["label2id"] = {name: int(label) for label, name in LABELS["id2label"].items()}
VIT = {"model_type": "vit", "architectures": ["ViTForImageClassification"], "image_size": 8, "patch_size": 2}
VIT |= {"num_channels": 1, **SMALL, **LABELS}
BERT = {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": 50, **SMALL, **LABELS}
RESNET = {"model_type": "resnet", "num_channels": 1, "embedding_size": 8, "hidden_sizes": [8, 8], "depths": [1, 1]}
RESNET |= {"layer_type": "basic", **LABELS}


def build(config, *, seed=5, **more):
    return build_model("transformers", kwargs={"config": config, **more}, shape=SHAPE, classes=CLASSES, seed=seed)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (VIT, "ViTForImageClassification"),
        (BERT, "BertForSequenceClassification"),
        (RESNET, "ResNetForImageClassification"),
        ({key: value for key, value in VIT.items() if key != "architectures"}, "ViTForImageClassification"),
        ({key: value for key, value in BERT.items() if key != "architectures"}, "BertForSequenceClassification"),
    ],
)
def test_a_model_is_the_packages_own(config, name):
    model = build(config)
    torch.manual_seed(5)
    made = transformers.CONFIG_MAPPING[config["model_type"]].from_dict(config)
    expected = getattr(transformers, name)(made).eval()
    assert type(model) is type(expected)
    torch.testing.assert_close(model.state_dict(), expected.state_dict(), rtol=0, atol=0)
    assert not torch.equal(next(build(config, seed=6).parameters()), next(model.parameters()))
    inputs = torch.arange(12).view(2, 6) if config["model_type"] == "bert" else torch.rand(2, *SHAPE)
    with torch.no_grad():
        found, wanted = model.eval()(inputs).logits, expected(inputs).logits
    assert found.shape == (2, CLASSES) and model.dtype == torch.float32
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_the_file_that_the_package_saves(tmp_path):
    build(VIT).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["dtype"] == "float32"
    for content in (str(tmp_path / "config.json"), config, config | {"dtype": "bfloat16"}):
        torch.testing.assert_close(build(content).state_dict(), build(VIT).state_dict(), rtol=0, atol=0)


def test_attention_is_the_one_that_is_the_same_everywhere():
    assert build(VIT).config._attn_implementation == "eager"
    assert build(VIT | {"attn_implementation": "sdpa"}).config._attn_implementation == "eager"


def test_the_modules_of_a_vision_transformer():
    rows = {row["name"]: row for row in trace(build(VIT), SHAPE, CLASSES)}
    # 16 patches and the token of the class.
    assert rows["vit"]["shape"] == (17, 16) and rows["vit"]["fault"] is None, "last_hidden_state"
    assert rows["vit.layers.0"]["shape"] == rows["vit.layers.1.attention"]["shape"] == (17, 16)
    assert rows["vit.layers.0.mlp.fc1"]["shape"] == (17, 32) and rows["classifier"]["shape"] == (CLASSES,)
    faults = {name.rpartition(".")[2]: row["fault"] for name, row in rows.items() if row["fault"]}
    assert faults == {"layers": "does not run as a sample passes", "dropout": "runs more than once"}


def test_what_its_layers_put_out():
    model, images = build(VIT).eval(), torch.rand(5, *SHAPE)
    found = record_outputs(
        model, images, layers=["vit", "vit.layers.0"], pooling=Pooling(tokens="cls"), classes=CLASSES, chunk=2
    )
    with torch.no_grad():
        expected = model(images, output_hidden_states=True)
        last = model.vit(images).last_hidden_state
    torch.testing.assert_close(torch.from_numpy(found.logits), expected.logits)
    torch.testing.assert_close(torch.from_numpy(found.layers["vit"]), last[:, 0])
    torch.testing.assert_close(torch.from_numpy(found.layers["vit.layers.0"]), expected.hidden_states[1][:, 0])
    torch.testing.assert_close(torch.from_numpy(found.classifier.inputs), last[:, 0])


def test_tensors_by_name():
    """Text comes as several tensors; the padding of the second sentence does not count."""
    model = build(BERT).eval()
    ids = torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0]])
    noted = {}
    with ForwardPasses(
        model, find_layers(model, ["bert.pooler"]), lambda name, inputs, output: noted.update({name: output})
    ) as recording:
        found = recording.run(Inputs({"input_ids": ids, "attention_mask": (ids > 0).long()}))
    with torch.no_grad():
        alone = model(ids[1:, :2])
    torch.testing.assert_close(found.logits[1:], alone.logits)
    assert noted["bert.pooler"].shape == (2, 16)


@pytest.mark.parametrize(
    ("config", "more", "said"),
    [
        (
            None,
            {},
            r"model\.kwargs: \{'config': None\} is not allowed; must be config alone, the path of a config\.json",
        ),
        (VIT, {"depth": 3}, r"'depth': 3\} is not allowed; must be config alone"),
        ({}, {}, r"config has the model_type None, which transformers \d.* does not have"),
        (VIT | {"model_type": "vitt"}, {}, r"the model_type 'vitt', which"),
        (
            VIT | {"architectures": ["MyNet"]},
            {},
            r"the architecture MyNet, which is no model of transformers .*file\.py",
        ),
        (VIT | {"architectures": ["ViTConfig"]}, {}, r"the architecture ViTConfig, which is no model"),
        (VIT | {"id2label": {"0": "a"}}, {}, r"has 1 labels \(num_labels, .*\), and the data ask for 10 outputs"),
        (VIT | {"hidden_act": "nothing"}, {}, r"config does not make a model: KeyError: "),
        (
            {"model_type": "clap"},
            {},
            r"has no architectures, and transformers has no classifier for the model_type clap",
        ),
        (
            "none.json",
            {},
            r"model\.kwargs\.config: 'none\.json' cannot be read \(No such file or directory\); must be a",
        ),
    ],
)
def test_configs_that_make_no_model(config, more, said):
    with pytest.raises(ModelError, match=said) as error:
        build(config, **more)
    assert "\n" not in str(error.value)


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ModelError, match=r"^model\.name: .*not installed; install it with .* -r requirements-extras"):
        build(VIT)


def test_nothing_is_looked_up_on_the_network():
    """Neither with a config that names weights nor before anything else has loaded the package."""
    program = (
        "import json, socket, sys\n"
        "def refuse(*given): raise AssertionError(given)\n"
        "socket.getaddrinfo = socket.socket.connect = refuse\n"
        "from evolution.models.build import build_model\n"
        "config = json.load(sys.stdin)\n"
        "build_model('transformers', kwargs={'config': config}, shape=(1, 8, 8), classes=10, seed=0)\n"
        "import huggingface_hub.constants\n"
        "assert huggingface_hub.constants.HF_HUB_OFFLINE\n"
    )
    scripts = Path(__file__).parents[3] / "workflow" / "scripts"
    subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(VIT | {"_name_or_path": "google/vit-base-patch16-224"}),
        text=True,
        check=True,
        env={**{k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"}, "PYTHONPATH": str(scripts)},
    )
