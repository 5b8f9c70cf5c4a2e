"""Training on each kind of input and of target, against loops that are written out, cut and uncut."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, r2_score
from torch.nn import functional

from evolution.data.targets import load_targets
from evolution.errors import UserError
from evolution.models.build import build_model
from support.tiny_training import assert_same_bits_when_cut, start, train_epochs
from support.training_samples import MODELS, write_training

pytestmark = pytest.mark.usefixtures("one_thread")

LOSSES = {
    "classes": functional.cross_entropy,
    "number": lambda outputs, labels: ((outputs[:, 0] - labels) ** 2).mean(),
    "labels": lambda outputs, labels: (
        -(labels * functional.logsigmoid(outputs) + (1 - labels) * functional.logsigmoid(-outputs)).mean()
    ),
}
OUTPUTS = {"classes": 3, "number": 1, "labels": 3}


@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("target", OUTPUTS)
@pytest.mark.parametrize("kind", MODELS)
def test_training_cut_in_two_gives_the_same_bits(tmp_path, kind, target, batch_size):
    path = write_training(tmp_path / "dataset.npz", kind=kind, target=target)
    assert_same_bits_when_cut(tmp_path, path, model=MODELS[kind], batch_size=batch_size)


def learned(path, target):
    """Training and evaluation samples, and labels in units that the network learns; read apart from the library."""
    with np.load(path) as archive:
        inputs = [torch.from_numpy(archive[name]) for name in ("train_inputs", "inputs_0")]
        labels = [archive[f"{part}_labels"] for part in ("train", "eval")]
        if target == "number":
            mean, std = archive["target_scale"]
            labels = [np.float32((values - mean) / std) for values in labels]
        if target == "labels":
            labels = [np.float32(values) for values in labels]
    return inputs, [torch.from_numpy(values) for values in labels]


@pytest.mark.parametrize("target", OUTPUTS)
@pytest.mark.parametrize("kind", MODELS)
def test_full_batch_training_equals_a_plain_loop(tmp_path, kind, target):
    path = write_training(tmp_path / "dataset.npz", kind=kind, target=target)
    settings = {"model": MODELS[kind], "model_kwargs": {"dropout": 0.0}, "optimizer": "sgd", "learning_rate": 0.05}
    begun, first, *_ = train_epochs(tmp_path, path, 0, 0, **settings)
    _, checkpoint, history, _ = train_epochs(tmp_path, path, 1, 5, begun, **settings)
    (images, _), (labels, _) = learned(path, target)
    vocabulary = 14 if kind == "tokens" else None
    about = {"kwargs": {"dropout": 0.0}, "shape": tuple(images.shape[1:]), "vocabulary": vocabulary}
    model = build_model(MODELS[kind], classes=OUTPUTS[target], seed=3, **about)
    model.load_state_dict(first["weights"][0])
    optimizer = torch.optim.SGD(model.parameters(), 0.05, weight_decay=1e-2)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = LOSSES[target](model.train()(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert history["train_loss"] == pytest.approx(losses, rel=1e-4)
    assert losses[-1] < losses[0]
    for name, value in model.state_dict().items():
        torch.testing.assert_close(checkpoint["weights"][5][name], value, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("target", ["number", "labels"])
@pytest.mark.parametrize("kind", MODELS)
def test_scores_are_those_of_scikit_learn(tmp_path, kind, target):
    path = write_training(tmp_path / "dataset.npz", kind=kind, target=target)
    settings = {"model": MODELS[kind], "learning_rate": 3e-3}
    _, checkpoint, history, _ = train_epochs(tmp_path, path, 1, 25, start(tmp_path, path, **settings), **settings)
    inputs, labels = learned(path, target)
    vocabulary = 14 if kind == "tokens" else None
    about = {"kwargs": {}, "shape": tuple(inputs[0].shape[1:]), "vocabulary": vocabulary, "seed": 3}
    model = build_model(MODELS[kind], classes=OUTPUTS[target], **about)
    model.load_state_dict(checkpoint["weights"][25])
    for part, samples, values in zip(("train", "eval"), inputs, labels):
        with torch.no_grad():
            outputs = model.eval()(samples).numpy()
        if target == "number":
            found, expected = history[f"{part}_r2"][-1], r2_score(values, outputs[:, 0])
        else:
            found, expected = history[f"{part}_average_precision"][-1], average_precision_score(values, outputs)
        assert found == pytest.approx(expected, abs=1e-5)
    scores = history["train_r2" if target == "number" else "train_average_precision"]
    assert scores[-1] > scores[0], "it has learned"


RECIPE = """
import torch
from torch import nn


class Reconstruct(nn.Module):
    # No labels: each sample's first output is its own sum.

    def __init__(self, model, classes):
        super().__init__()
        self.seen = []

    def loss(self, model, images, labels):
        assert labels.dtype == torch.int64 and (labels == -1).all()
        return ((model(images)[:, 0] - images.sum(1)) ** 2).mean()
"""


def test_samples_without_labels_are_learned_by_a_recipe_alone(tmp_path):
    path = write_training(tmp_path / "dataset.npz", kind="table", target="none")
    with np.load(path) as archive:
        arrays = dict(archive)
    np.savez(path, **arrays | {"class_names": np.array(["a", "b"])})
    assert load_targets(path).names == ("a", "b")
    with pytest.raises(UserError, match=r"training\.recipe: the samples have no labels to learn; give a recipe"):
        start(tmp_path, path, model="mlp")
    (tmp_path / "recipe.py").write_text(RECIPE)
    settings = {"model": "mlp", "recipe": f"{tmp_path}/recipe.py:Reconstruct", "learning_rate": 1e-3}
    _, _, history, _ = train_epochs(tmp_path, path, 1, 12, start(tmp_path, path, **settings), **settings)
    assert set(history) == {"time", "train_loss"}
    assert history["train_loss"][-1] < history["train_loss"][0] / 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"label_smoothing": 0.1}, r"training\.label_smoothing: 0\.1 is for classes, and the samples have none"),
        ({"class_weights": "balanced"}, r"training\.class_weights: balanced is for classes"),
        ({"augmentation": ["RandomHorizontalFlip"]}, r"training\.augmentation: the samples are no images"),
    ],
)
def test_what_is_for_images_with_classes_alone(tmp_path, changes, said):
    path = write_training(tmp_path / "dataset.npz", kind="signals", target="number")
    with pytest.raises(UserError, match=said):
        start(tmp_path, path, model="signal_cnn", **changes)


def test_images_with_a_number_are_augmented_and_not_mixed(tmp_path, dataset):
    with np.load(dataset) as archive:
        arrays = dict(archive)
    ages = {f"{part}_labels": arrays[f"{part}_labels"] * 9.5 for part in ("train", "eval")}
    path = str(tmp_path / "ages.npz")
    np.savez(path, **arrays | ages | {"target": "number", "class_names": np.array([], str), "target_scale": [15.0, 10]})
    settings = {"model": "tiny_cnn", "augmentation": ["RandomHorizontalFlip"]}
    _, _, history, _ = train_epochs(tmp_path, path, 1, 15, start(tmp_path, path, **settings), **settings)
    assert history["eval_r2"][-1] > 0.8
    with pytest.raises(UserError, match=r"training\.augmentation: MixUp mixes classes, and the samples have none"):
        start(tmp_path, path, model="tiny_cnn", augmentation=["MixUp"])
