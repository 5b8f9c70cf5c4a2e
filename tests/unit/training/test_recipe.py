"""The loss of the labels, a recipe of the user's, and the messages for its faults."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from evolution.errors import UserError
from evolution.training.recipe import OwnRecipe, Supervised, class_weights, make_recipe
from support.tiny_training import SETTINGS, start, train_epochs

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = np.array([0, 0, 0, 0, 0, 1, 1, 2, 2, 2])

HEAD = """import torch
from torch import nn


"""

WORKS = """class Works(nn.Module):
    def __init__(self, model, classes, scale=1.0, seen=()):
        super().__init__()
        self.scale, self.classes, self.seen = scale, classes, seen
        self.drawn = torch.rand(3)
        self.head = nn.Linear(classes, classes)

    def loss(self, model, images, labels):
        return self.scale * nn.functional.cross_entropy(self.head(model(images)), labels)
"""


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(4, 3))


def batch():
    random = torch.Generator().manual_seed(1)
    return torch.randn(10, 1, 2, 2, generator=random), torch.from_numpy(LABELS)


def written(folder, text):
    """A recipe's file; what names a class in it, as `training.recipe` does."""
    path = folder / "recipe.py"
    path.write_text(HEAD + text, encoding="utf-8")
    return lambda name: f"{path}:{name}"


def made(recipe, kwargs=None, model=None, **changes):
    settings = replace(SETTINGS, recipe=recipe, recipe_kwargs=kwargs or {}, **changes)
    return make_recipe(settings, model or network(), classes=3, labels=LABELS, device=torch.device("cpu"))


def test_balanced_weights_are_those_of_scikit_learn():
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    found = class_weights("balanced", LABELS, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-7)
    # By hand: 10 images of 3 classes, of which class 1 has 2.
    assert found[1] == np.float32(10 / 6)


def test_weights_as_given():
    assert class_weights(None, LABELS, 3) is None
    np.testing.assert_array_equal(class_weights([0.5, 2, 0], LABELS, 3), np.array([0.5, 2, 0], np.float32))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            [1, 2],
            r"^training\.class_weights: \[1, 2\] has 2 numbers, and there are 3 classes; give one for each class$",
        ),
        ("balanced", r"^training\.class_weights: balanced needs training samples of each class, and class 1 has none$"),
    ],
)
def test_weights_that_do_not_fit_the_classes(given, message):
    with pytest.raises(UserError, match=message):
        class_weights(given, np.array([0, 0, 2]), 3)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, "balanced", [0.5, 2.0, 1.0]])
def test_the_loss_of_the_labels_is_torchs(smoothing, weights):
    recipe = made(None, label_smoothing=smoothing, class_weights=weights)
    assert isinstance(recipe, Supervised)
    if weights == "balanced":
        weights = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    weight = None if weights is None else torch.tensor(weights, dtype=torch.float32)
    truth = nn.CrossEntropyLoss(weight=weight, label_smoothing=smoothing)
    model, (images, labels) = network(), batch()
    torch.testing.assert_close(recipe.loss(model, images, labels), truth(model(images), labels))
    shares = torch.rand(10, 3).softmax(1)
    torch.testing.assert_close(recipe.loss(model, images, shares), truth(model(images), shares))


@pytest.mark.parametrize("weights", [None, [0.5, 2.0, 1.0]])
def test_means_of_batches_add_up_to_the_mean_over_all(weights):
    """As a step of several batches adds them, with the weight that each mean divides by."""
    recipe, model, (images, labels) = made(None, class_weights=weights), network(), batch()
    parts = [(images[:3], labels[:3]), (images[3:], labels[3:])]
    shares = [recipe.weight(of_part) for _, of_part in parts]
    summed = sum(recipe.loss(model, *part) * share for part, share in zip(parts, shares)) / sum(shares)
    torch.testing.assert_close(summed, recipe.loss(model, images, labels))


def test_a_recipe_is_made_with_the_network_the_classes_and_its_arguments(tmp_path):
    recipe = made(written(tmp_path, WORKS)("Works"), {"scale": 0.5})
    assert isinstance(recipe, OwnRecipe)
    assert (recipe.recipe.scale, recipe.recipe.classes) == (0.5, 3)
    model, (images, labels) = network(), batch()
    truth = 0.5 * nn.functional.cross_entropy(recipe.recipe.head(model(images)), labels)
    found = recipe.loss(model, images, labels)
    assert found.shape == () and torch.equal(found, truth)


def test_what_a_recipe_draws_as_it_is_made_follows_from_the_seed(tmp_path):
    named = written(tmp_path, WORKS)
    drawn = []
    for seed in (3, 3, 4):
        torch.rand(seed)
        drawn.append(made(named("Works"), seed=seed).recipe.drawn)
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])


def test_a_recipe_that_changes_its_arguments_changes_nothing_else(tmp_path):
    kwargs = {"seen": [1]}
    made(written(tmp_path, WORKS)("Works"), kwargs).recipe.seen.append(2)
    assert kwargs == {"seen": [1]}


def test_own_parameters_are_those_that_are_not_the_networks(tmp_path):
    text = WORKS.replace("self.drawn", "self.net, self.drawn").replace("torch.rand(3)", "model, torch.rand(3)")
    model = network()
    recipe = made(written(tmp_path, text)("Works"), model=model)
    assert list(map(id, recipe.parameters(model))) == list(map(id, recipe.recipe.head.parameters()))
    assert {"head.weight", "head.bias", "net.1.weight", "net.1.bias"} == set(recipe.state())


def test_a_recipe_that_is_no_module(tmp_path):
    text = """class Small:
    def __init__(self, model, classes):
        self.steps = 0

    def loss(self, model, images, labels):
        return nn.functional.cross_entropy(model(images), labels).reshape(1)
"""
    recipe, model, (images, labels) = made(written(tmp_path, text)("Small")), network(), batch()
    assert recipe.loss(model, images, labels).shape == ()
    assert recipe.parameters(model) == [] and recipe.state() == {} and recipe.optimizer(model, 0.1, 0.0) is None
    recipe.after_step(model)
    recipe.restore({})


def test_a_function_that_returns_a_recipe(tmp_path):
    text = WORKS + "\n\ndef halved(model, classes):\n    return Works(model, classes, scale=0.5)\n"
    assert made(written(tmp_path, text)("halved")).recipe.scale == 0.5


CANNOT_BE_MADE = [
    ("", "Missing", r"{file} has no Missing; its classes are none$"),
    (WORKS, "Workz", r"{file} has no Workz; its classes are Works$"),
    ("Works = 3", "Works", r"{file}:Works is a int; it must be a class, or a function that returns a recipe$"),
    (
        "import nothing_of_this_name",
        "Works",
        r"{file} cannot be imported: ModuleNotFoundError: .* \(recipe\.py, line 5\)",
    ),
    ("x = undefined", "Works", r"{file}:Works cannot be imported: NameError: .* \(recipe\.py, line 5\)$"),
    (
        "class Works:\n    def __init__(self, model):\n        pass\n",
        "Works",
        r"{file}:Works cannot be made: TypeError: .* takes 2 positional arguments but 3 were given\. It is called with "
        r"the model, the number of classes, and training\.recipe_kwargs {{}}$",
    ),
    (
        "class Works:\n    def __init__(self, model, classes):\n        self.head = nn.Linear(model.width, 3)\n",
        "Works",
        r"{file}:Works cannot be made: AttributeError: .* no attribute 'width' \(recipe\.py, line 7\)\. It is",
    ),
    (
        "class Works:\n    def __init__(self, model, classes):\n        pass\n",
        "Works",
        r"{file}:Works: Works \(recipe\.py, line 5\) has no method loss\(model, images, labels\)$",
    ),
]


@pytest.mark.parametrize(("text", "name", "message"), CANNOT_BE_MADE)
def test_recipes_that_cannot_be_made(tmp_path, text, name, message):
    named = written(tmp_path, text)
    with pytest.raises(UserError, match="^training\\.recipe: " + message.format(file=tmp_path / "recipe.py")):
        made(named(name))


def test_a_file_and_a_package_that_are_not_there(tmp_path):
    with pytest.raises(UserError, match=r"^training\.recipe: there is no file .*none\.py; paths count from their"):
        made(f"{tmp_path / 'none.py'}:Works")
    with pytest.raises(UserError, match=r"^training\.recipe: there is no module no_package\b"):
        made("no_package.recipes:Works")


def test_an_argument_that_the_class_does_not_have(tmp_path):
    message = r"^training\.recipe: .*unexpected keyword argument 'depth'.*training\.recipe_kwargs {'depth': 3}$"
    with pytest.raises(UserError, match=message):
        made(written(tmp_path, WORKS)("Works"), {"depth": 3})


def with_method(signature, *lines):
    """A recipe with a method, whose def is line 9 of the file."""
    made = "class Works:\n    def __init__(self, model, classes):\n        pass\n\n"
    return made + f"    def {signature}:\n" + "".join(f"        {line}\n" for line in lines)


def with_loss(*lines):
    return with_method("loss(self, model, images, labels)", *lines)


DOES_NOT_DEPEND = r"the loss \(recipe\.py, line 9\) does not depend on any parameter that is trained$"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["return 3.0"], r"loss \(recipe\.py, line 9\) returned float; it must return one number, a floating point"),
        (["return None"], r"loss \(recipe\.py, line 9\) returned NoneType; it must return one number"),
        (["return model(images)"], r"loss \(recipe\.py, line 9\) returned a tensor of float32, of shape \(10, 3\); it"),
        (["return labels.sum()"], r"loss \(recipe\.py, line 9\) returned a tensor of int64, of shape \(\); it must"),
        (["return images.mean()"], DOES_NOT_DEPEND),
        (["return model(images).mean().detach()"], DOES_NOT_DEPEND),
        (["x = model(images)", "return x @ x"], r"loss failed: RuntimeError: .* \(recipe\.py, line 11\)$"),
        (
            ["return self.head(images)"],
            r"loss failed: AttributeError: .* has no attribute 'head' \(recipe\.py, line 10\)$",
        ),
        (["raise KeyError('depth')"], r"loss failed: KeyError: 'depth' \(recipe\.py, line 10\)$"),
    ],
)
def test_a_loss_that_cannot_be_used(tmp_path, lines, message):
    recipe = made(written(tmp_path, with_loss(*lines))("Works"))
    with pytest.raises(UserError, match=r"^training\.recipe: .*recipe\.py:Works: " + message):
        recipe.loss(network(), *batch())


@pytest.mark.parametrize(
    ("method", "line", "message"),
    [
        ("optimizer", "return 3", r"optimizer \(recipe\.py, line 9\) returned int; it must return a torch\.optim\.Opt"),
        ("optimizer", "return torch.optim.SGD([], lr=1)", r"optimizer failed: ValueError: .*\(recipe\.py, line 10\)$"),
        ("after_step", "1 / 0", r"after_step failed: ZeroDivisionError: division by zero \(recipe\.py, line 10\)$"),
        ("state_dict", "return [1]", r"state_dict \(recipe\.py, line 9\) returned list; it must return a dict$"),
        ("load_state_dict", "1 / 0", r"load_state_dict failed: ZeroDivisionError: .*\(recipe\.py, line 10\)$"),
    ],
)
def test_other_methods_that_fail(tmp_path, method, line, message):
    text = with_method(f"{method}(self, *given)", line) + "\n    def loss(self):\n        pass\n"
    recipe = made(written(tmp_path, text)("Works"))
    calls = {
        "optimizer": lambda: recipe.optimizer(network(), 0.1, 0.0),
        "after_step": lambda: recipe.after_step(network()),
        "state_dict": recipe.state,
        "load_state_dict": lambda: recipe.restore({"steps": 1}),
    }
    with pytest.raises(UserError, match=r"^training\.recipe: .*recipe\.py:Works: " + message):
        calls[method]()


@pytest.mark.parametrize("error", ["MemoryError()", 'RuntimeError("DefaultCPUAllocator: can\'t allocate memory")'])
def test_a_lack_of_memory_is_no_fault_of_the_recipe(tmp_path, error):
    recipe = made(written(tmp_path, with_loss(f"raise {error}"))("Works"))
    with pytest.raises((MemoryError, RuntimeError)):
        recipe.loss(network(), *batch())


def test_one_image_in_a_batch_norm_keeps_its_message(tmp_path, dataset):
    """3 batches of 13 images leave one over."""
    text = with_loss("return nn.functional.cross_entropy(model(images), labels)")
    (tmp_path / "net.py").write_text(
        HEAD
        + (
            "class Net(nn.Sequential):\n"
            "    def __init__(self, shape, classes):\n"
            "        super().__init__(nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Linear(8, classes))\n"
        )
    )
    changes = {"model": f"{tmp_path / 'net.py'}:Net", "recipe": written(tmp_path, text)("Works"), "batch_size": 13}
    begun = start(tmp_path, dataset, **changes)
    with pytest.raises(UserError, match=r"^training\.batch_size: 13 leaves a batch of a single sample"):
        train_epochs(tmp_path, dataset, 1, 1, begun, **changes)


def test_a_fault_of_the_loss_is_known_before_any_step(tmp_path, dataset):
    """The job of time 0 computes a loss."""
    recipe = written(tmp_path, with_loss("return model(images)"))("Works")
    with pytest.raises(UserError, match=r"^training\.recipe: .* returned a tensor of float32, of shape \(40, 4\)"):
        start(tmp_path, dataset, recipe=recipe)
