"""A checkpoint that does not hold the whole network, and those that do."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from evolution.errors import ModelError
from evolution.models.networks import SmallCNN
from evolution.training.learner import Learner, Task
from evolution.training.restoring import check_evaluation, stored_and_read, training_step_difference
from support.stateful_models import write_stateful
from support.tiny_training import SETTINGS, assert_same_bits_when_cut, start, train_epochs

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def named(tmp_path):
    return write_stateful(tmp_path)


@pytest.mark.parametrize(
    "model",
    ["Plain", "GateInBuffer", "GateInExtraState", "Dropout", "BatchNorm", "LogSoftmax", "Softmax", "TwoHeads"],
)
def test_a_model_whose_state_is_stored_trains_the_same_when_cut(tmp_path, dataset, named, model):
    assert_same_bits_when_cut(tmp_path, dataset, model=named(model))


@pytest.mark.parametrize("model", ["InMapping", "InTuple"])
def test_a_model_that_puts_out_more_than_logits_trains_as_one_that_does_not(tmp_path, dataset, named, model):
    ends = []
    for name in ("Plain", model):
        begun = start(tmp_path / name, dataset, model=named(name))
        ends.append(train_epochs(tmp_path / name, dataset, 1, 2, begun, model=named(name))[1:3])
    for (checkpoint, history), (other, other_history) in [ends]:
        assert "unresumable" not in other
        torch.testing.assert_close(other["weights"], checkpoint["weights"], rtol=0, atol=0)
        assert str(other_history) == str(history)


@pytest.mark.parametrize("model", ["GateOutside", "GateInUnstoredBuffer"])
def test_state_that_evaluation_depends_on(tmp_path, dataset, named, model):
    begun = start(tmp_path, dataset, model=named(model))
    with pytest.raises(
        ModelError, match=r"^model\.name: a checkpoint does not hold .*register_buffer.*get_extra_state"
    ):
        train_epochs(tmp_path, dataset, 1, 2, begun, model=named(model))


@pytest.mark.parametrize("model", ["CounterOutside", "GeneratorOutside"])
def test_state_that_only_training_depends_on(tmp_path, dataset, named, model):
    """No training goes on from such a checkpoint; one that ends there is whole."""
    begun = start(tmp_path, dataset, model=named(model))
    end, checkpoint, *_ = train_epochs(tmp_path, dataset, 1, 2, begun, model=named(model))
    assert list(checkpoint["weights"]) == [1, 2]
    with pytest.raises(
        ModelError, match=r"^model\.name: .* not be the same training: .*epochs_per_job and steps_per_job to null"
    ):
        train_epochs(tmp_path, dataset, 3, 4, end, model=named(model))


def test_a_model_that_trains_in_batches_of_a_multiple_of_its_own(tmp_path, dataset, named):
    """Of 20 images, and not of as many as are compared."""
    begun = start(tmp_path, dataset, model=named("GroupsOfFive"), batch_size=20)
    _, checkpoint, *_ = train_epochs(tmp_path, dataset, 1, 2, begun, model=named("GroupsOfFive"), batch_size=20)
    assert set(checkpoint) == {"weights", "state", "time", "progress", "last_noted"}


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("DropoutAlwaysOn", r"F\.dropout\(x, p, training=self\.training\)"),
        ("CountsEvaluations", "a second pass over the same samples gives other outputs"),
        ("BatchNormWithoutStatistics", r"norm has no running statistics\. Build it with track_running_stats=True"),
        ("CentredOverNeighbours", "depends on the other samples of its batch"),
        ("CentredOverTheBatch", "depends on the other samples of its batch: something in it looks at the whole batch"),
    ],
)
def test_evaluations_that_a_snapshot_cannot_show_stop_before_any_training(tmp_path, dataset, named, model, said):
    with pytest.raises(ModelError, match=f"^model\\.name: .*{said}"):
        start(tmp_path, dataset, model=named(model))


def test_state_that_is_not_read_without_running_code(tmp_path, dataset, named):
    with pytest.raises(ModelError, match=r"^model\.name: .* It holds _extra_state; get_extra_state may return tensors"):
        start(tmp_path, dataset, model=named("ExtraStateThatIsCode"))


def test_a_stored_state_is_read_as_it_was():
    state = {"weight": torch.arange(6.0).reshape(2, 3), "_extra_state": {"steps": 3, "names": ["a", None], "x": 0.5}}
    found = stored_and_read(state, "model", "model.name")
    assert torch.equal(found.pop("weight"), state.pop("weight")) and found == state


def moved(model, name, amount):
    """A copy of a network, one of its values moved."""
    other = SmallCNN((1, 8, 8), 4)
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        other.state_dict()[name].view(-1)[0] += amount
    return other


def learners(*networks):
    """Each network ready for a step of training."""
    task = Task(
        shape=(1, 8, 8),
        classes=4,
        labels=np.arange(40) % 4,
        mean=np.zeros(1, np.float32),
        std=np.ones(1, np.float32),
        steps=None,
        device=torch.device("cpu"),
    )
    return [Learner(network, replace(SETTINGS, model="small_cnn"), task) for network in networks]


@pytest.fixture
def network():
    torch.manual_seed(0)
    images = torch.from_numpy(np.random.default_rng(0).normal(size=(40, 1, 8, 8)).astype(np.float32))
    return SmallCNN((1, 8, 8), 4), images


def test_networks_of_equal_weights_are_the_same(network):
    model, images = network
    other = moved(model, "fc2.bias", 0)
    check_evaluation(trained=model, restored=other, images=images)
    assert training_step_difference(*learners(model, other), images, torch.arange(40) % 4, 1) is None


def test_a_small_difference_of_one_weight_is_found(network):
    model, images = network
    other = moved(model, "fc2.bias", 1e-3)
    with pytest.raises(ModelError, match=r"predicts another class for \d+ of 40 samples, .* differ by up to 0\.001"):
        check_evaluation(trained=model, restored=other, images=images)
    found = training_step_difference(
        *learners(model, moved(model, "conv2.weight", 0.1)), images, torch.arange(40) % 4, 1
    )
    assert "would not be the same training" in found


def test_the_step_leaves_parameters_as_they_are(network):
    model, images = network
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    other = moved(model, "fc2.bias", 0)
    assert training_step_difference(*learners(model, other), images, torch.arange(40) % 4, 1) is None
    assert all(torch.equal(before[name], parameter) for name, parameter in model.named_parameters())


def test_a_gradient_that_only_one_network_has(network):
    """Such as of a layer that a counter outside the state has frozen, or has not."""
    model, images = network
    for frozen, other in ((0, 1), (1, 0)):
        networks = [moved(model, "fc2.bias", 0), moved(model, "fc2.bias", 0)]
        networks[frozen].conv1.requires_grad_(False)
        found = training_step_difference(*learners(networks[other], networks[frozen]), images, torch.arange(40) % 4, 1)
        assert "and their gradients differ" in found


def test_a_training_that_knows_its_images_is_compared_as_any(network):
    """The loss is nearly 0, and only rounding is left of it."""
    model, images = network
    labels = torch.arange(40) % 4
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(300):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    assert loss < 1e-3
    # The sums over another order of the channels round otherwise.
    other = moved(model, "fc2.bias", 0).to(memory_format=torch.channels_last)
    assert training_step_difference(*learners(model, other), images, labels, 1) is None


def test_numbers_that_are_not_finite_in_one_network_alone(network):
    model, images = network
    with pytest.raises(ModelError, match="a checkpoint does not hold the whole network"):
        check_evaluation(trained=model, restored=moved(model, "fc2.bias", np.nan), images=images)


@pytest.mark.parametrize("factor", [1e12, 1e25, float("nan")])
def test_a_network_that_diverges_is_restored_as_any(network, factor):
    """Its next loss stops the training, with a message on the learning rate."""
    model, images = network
    with torch.no_grad():
        model.fc2.weight.mul_(factor)
    other = moved(model, "fc2.bias", 0)
    check_evaluation(trained=model, restored=other, images=images)
    assert training_step_difference(*learners(model, other), images, torch.arange(40) % 4, 1) is None
