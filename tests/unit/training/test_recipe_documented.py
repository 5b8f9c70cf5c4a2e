"""The recipes of docs/your-own-recipe.md, as they stand there, next to plain computations of what they say."""

import math
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from evolution.models.build import build_model
from evolution.models.model_file import load_function
from evolution.training.recipe import make_recipe
from support.docs_examples import shown_file, write_shown
from support.tiny_training import SETTINGS, assert_same_bits_when_cut, start, train_epochs
from support.training_samples import write_training

pytestmark = pytest.mark.usefixtures("one_thread")

PAGE = "your-own-recipe.md"


def double_loop(projected, labels, temperature):
    """Equation 2 of Khosla et al. (2020) as it is written there, over the mean of the views."""
    count, total = len(labels), 0.0
    for i in range(count):
        others = [a for a in range(count) if a != i]
        denominator = sum(math.exp(projected[i] @ projected[a] / temperature) for a in others)
        positives = [p for p in others if labels[p] == labels[i]]
        logs = [math.log(math.exp(projected[i] @ projected[p] / temperature) / denominator) for p in positives]
        total += -sum(logs) / len(positives)
    return total / count


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_the_contrastive_loss_is_that_of_a_double_loop(tmp_path, temperature):
    contrastive = load_function(write_shown(tmp_path, PAGE, "supcon.py"), "contrastive")
    random = np.random.default_rng(0)
    labels = np.array([0, 1, 2, 1, 0, 1, 2, 0, 1])
    projected = random.normal(size=(9, 5))
    projected /= np.linalg.norm(projected, axis=1, keepdims=True)
    tensor = torch.tensor(projected, requires_grad=True)
    found = contrastive(tensor, torch.from_numpy(labels), temperature)
    np.testing.assert_allclose(found.item(), double_loop(projected, labels, temperature), rtol=1e-12)
    # The gradient, too: by a difference along a direction.
    found.backward()
    direction, step = random.normal(size=projected.shape), 1e-5
    ahead, behind = (double_loop(projected + sign * step * direction, labels, temperature) for sign in (1, -1))
    np.testing.assert_allclose((tensor.grad.numpy() * direction).sum(), (ahead - behind) / (2 * step), rtol=1e-6)


def test_views_of_one_class_that_are_all_equal_have_the_least_loss(tmp_path):
    """Three classes of four equal views each, at right angles: a share is 1 / (3 + 8 exp(-1 / temperature))."""
    contrastive = load_function(write_shown(tmp_path, PAGE, "supcon.py"), "contrastive")
    labels = torch.arange(12) % 3
    found = contrastive(torch.eye(3, dtype=torch.float64)[labels], labels, 0.5)
    assert found.item() == pytest.approx(math.log(3 + 8 * math.exp(-2)))


@pytest.fixture
def contrastive(tmp_path):
    """A function of a model's name and the name of its classifier: the network, and the recipe of the page for it."""

    def make(name, classifier):
        model = build_model(name, kwargs={}, shape=(1, 8, 8), classes=4, seed=1)
        path = write_shown(tmp_path, PAGE, "supcon.py")
        kwargs = {"classifier": classifier}
        settings = replace(SETTINGS, recipe=f"{path}:SupervisedContrastive", recipe_kwargs=kwargs)
        labels = np.arange(16) % 4
        return model, make_recipe(settings, model, classes=4, labels=labels, device=torch.device("cpu"))

    return make


@pytest.mark.parametrize(("name", "classifier"), [("tiny_cnn", "fc2"), ("small_cnn", "fc2"), ("mlp", "fc3")])
def test_the_labels_train_the_classifier_alone(contrastive, name, classifier):
    """Its gradient is the cross entropy's, and that of everything else is the contrastive loss's."""
    model, recipe = contrastive(name, classifier)
    own, last = recipe.recipe, model.get_submodule(classifier)
    images, labels = torch.randn(16, 1, 8, 8), torch.arange(16) % 4
    model.eval()
    begun = torch.random.get_rng_state()
    recipe.loss(model, images, labels).backward()
    found = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    model.zero_grad()
    # The same views again, step by step.
    torch.random.set_rng_state(begun)
    seen, twice = {}, labels.repeat(2)
    last.register_forward_hook(lambda module, inputs, output: seen.update(features=inputs[0], logits=output))
    model(torch.cat([own.view(images), own.view(images)]))
    apart = sys.modules[type(own).__module__].contrastive
    apart(nn.functional.normalize(own.project(seen["features"]), dim=1), twice, 0.1).backward(retain_graph=True)
    expected = {
        name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None
    }
    parameters = {f"{classifier}.{each}": parameter for each, parameter in last.named_parameters()}
    assert expected.keys() == found.keys() - parameters.keys()
    gradients = torch.autograd.grad(nn.functional.cross_entropy(seen["logits"], twice), list(parameters.values()))
    torch.testing.assert_close(found, expected | dict(zip(parameters, gradients)))
    assert not last._forward_pre_hooks


def test_two_views_of_an_image_differ(contrastive):
    """And so do the draws of two images."""
    _, recipe = contrastive("tiny_cnn", "fc2")
    images = torch.randn(1, 1, 8, 8).repeat(4, 1, 1, 1)
    views = torch.cat([recipe.recipe.view(images), recipe.recipe.view(images)])
    assert views.shape == (8, 1, 8, 8)
    assert len({view.numpy().tobytes() for view in views}) == 8


@pytest.mark.parametrize("batch_size", [None, 16])
def test_contrastive_learning_cut_in_two_gives_the_same_bits(tmp_path, dataset, batch_size):
    recipe = f"{write_shown(tmp_path, PAGE, 'supcon.py')}:SupervisedContrastive"
    assert_same_bits_when_cut(tmp_path, dataset, recipe=recipe, batch_size=batch_size)


@pytest.fixture
def distillation(tmp_path):
    """The recipe of the page and its arguments, with a teacher of random weights, and the teacher."""
    from torchvision.models import resnet18

    torch.manual_seed(0)
    teacher = resnet18(num_classes=4).eval()
    # The digits of the tests are grey, and small.
    teacher.conv1 = nn.Conv2d(1, 64, 3, padding=1, bias=False)
    torch.save(teacher.state_dict(), tmp_path / "teacher.pt")
    path = write_shown(tmp_path, PAGE, "distillation.py")
    grey = path.read_text(encoding="utf-8").replace(
        "        self.teacher.load",
        "        self.teacher.conv1 = nn.Conv2d(1, 64, 3, padding=1, bias=False)\n        self.teacher.load",
    )
    path.write_text(grey, encoding="utf-8")
    return {"recipe": f"{path}:Distillation", "recipe_kwargs": {"teacher": str(tmp_path / "teacher.pt")}}, teacher


def test_distillation_is_the_divergence_from_the_teacher(distillation):
    """Up to the teacher's own entropy, which no step changes: the gradients are those of Hinton et al.'s."""
    changes, teacher = distillation
    model = build_model("tiny_cnn", kwargs={}, shape=(1, 8, 8), classes=4, seed=1)
    device = torch.device("cpu")
    recipe = make_recipe(replace(SETTINGS, **changes), model, classes=4, labels=np.arange(8) % 4, device=device)
    images = torch.randn(8, 1, 8, 8)
    recipe.loss(model, images, torch.arange(8) % 4).backward()
    found = model.fc2.weight.grad.clone()
    model.zero_grad()
    with torch.no_grad():
        target = (teacher(images) / 4).log_softmax(1)
    own = (model(images) / 4).log_softmax(1)
    divergence = nn.functional.kl_div(own, target, log_target=True, reduction="batchmean")
    (16 * divergence).backward()
    torch.testing.assert_close(found, model.fc2.weight.grad)


def test_distillation_cut_in_two_gives_the_same_bits(tmp_path, dataset, distillation):
    assert_same_bits_when_cut(tmp_path, dataset, batch_size=16, **distillation[0])


def test_an_autoencoder_of_samples_without_labels(tmp_path):
    """It learns: its loss falls below that of the mean of the samples, their variance of 1."""
    settings = yaml.safe_load(shown_file(PAGE, "autoencoder.yaml"))
    dataset = write_training(tmp_path / "dataset.npz", kind="table", target="none")
    with np.load(dataset) as archive:
        inputs = archive["train_inputs"]
    changes = {
        "model": settings["model"]["name"],
        "model_kwargs": settings["model"]["kwargs"],
        "recipe": f"{write_shown(tmp_path, PAGE, 'autoencoder.py')}:Autoencoder",
        "recipe_kwargs": settings["training"]["recipe_kwargs"] | {"size": inputs.shape[1]},
    }
    _, _, history, _ = train_epochs(tmp_path, dataset, 1, 30, start(tmp_path, dataset, **changes), **changes)
    assert history["train_loss"][-1] < 0.7 * np.mean(inputs**2)
    assert history["train_loss"][-1] < history["train_loss"][0]
