"""What is noted of a training that ends by itself, cut and uncut."""

from itertools import pairwise

import pytest
import torch

from evolution.errors import UserError
from evolution.training.evaluation import Samples, predict
from evolution.training.noting import history_columns
from evolution.training.settings import Stop
from support.tiny_dataset import read_part
from support.tiny_training import start, train_epochs
from support.training_samples import write_training

pytestmark = pytest.mark.usefixtures("one_thread")

# 40 images in batches of 8 are five steps an epoch.
SETTINGS = {"model": "mlp", "batch_size": 8, "learning_rate": 3e-5}


def accuracies(tmp_path, dataset, epochs):
    """The accuracy on the training images after each epoch, of a training that goes on to the end."""
    begun = start(tmp_path, dataset, **SETTINGS)
    _, _, history, _ = train_epochs(tmp_path, dataset, 1, epochs, begun, **SETTINGS)
    return history["train_accuracy"]


def same_weights(one, other):
    return all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize("cut", [None, 1, 2])
def test_a_training_that_reaches_an_accuracy(tmp_path, dataset, cut):
    reached = accuracies(tmp_path / "whole", dataset, 6)
    threshold = max(reached[:4])
    end = next(epoch for epoch, accuracy in enumerate(reached, start=1) if accuracy >= threshold)
    assert 1 < end <= 4, "the test needs an end in the middle"
    settings = SETTINGS | {"stop": Stop(train_accuracy=threshold)}
    begun = start(tmp_path / "stop", dataset, **settings)
    if cut is not None and cut < end:
        begun, *_ = train_epochs(tmp_path, dataset, 1, cut, begun, **settings)
    path, checkpoint, history, timing = train_epochs(tmp_path, dataset, (cut or 0) + 1, 6, begun, **settings)
    assert checkpoint["ended"]["time"] == end and str(threshold)[:4] in checkpoint["ended"]["reason"]
    assert history["time"] == timing["time"] == list(range((cut or 0) + 1, end + 1))
    again = tmp_path / "again"
    whole = train_epochs(again, dataset, 1, 6, start(again, dataset, **SETTINGS), **SETTINGS)[1]
    assert same_weights(checkpoint["weights"][end], whole["weights"][end]) and max(checkpoint["weights"]) == end
    # What comes after it hands on that it has ended.
    _, later, rows, _ = train_epochs(tmp_path, dataset, 7, 9, path, **settings)
    assert later["ended"] == checkpoint["ended"] and later["weights"] == {}
    assert set(rows) == set(history) and not any(rows.values())


def test_the_last_weights_are_kept_whatever_else_is(tmp_path, dataset):
    settings = SETTINGS | {"stop": Stop(train_accuracy=0.01)}
    begun = start(tmp_path, dataset, **settings)
    _, checkpoint, history, _ = train_epochs(tmp_path, dataset, 1, 4, begun, about={"kept": [3]}, **settings)
    assert list(checkpoint["weights"]) == [1] == history["time"]


@pytest.mark.parametrize("unit", ["epoch", "step"])
def test_a_training_that_diverges_ends_at_the_last_finite_time(tmp_path, dataset, unit):
    # Each step multiplies the weights, and by and by the outputs overflow.
    settings = SETTINGS | {"optimizer": "sgd", "learning_rate": 1e3, "stop": Stop(diverged=True)}
    begun = start(tmp_path, dataset, **settings)
    about = {"unit": unit, "kept": range(1, 31) if unit == "step" else None}
    _, checkpoint, history, _ = train_epochs(
        tmp_path, dataset, 1, 30 if unit == "step" else 6, begun, about=about, **settings
    )
    ended = checkpoint["ended"]
    assert ended["diverged"] and ended["reason"].startswith(f"the training diverged: at {unit} ")
    assert ended["time"] == max([0, *history["time"]]) == max([0, *checkpoint["weights"]])
    with pytest.raises(UserError, match=r"The training diverged: .*training\.stop: \{diverged: true\}"):
        train_epochs(tmp_path, dataset, 1, 6, begun, **settings | {"stop": None})


def test_a_training_that_diverges_in_the_first_steps_of_a_span(tmp_path, dataset):
    """Its last time lies in the span before, whose checkpoint has the weights."""
    begun = start(tmp_path, dataset, **SETTINGS)
    path, before, *_ = train_epochs(tmp_path, dataset, 1, 2, begun, **SETTINGS | {"stop": Stop(diverged=True)})
    settings = SETTINGS | {"optimizer": "sgd", "learning_rate": 1e30, "stop": Stop(diverged=True)}
    state = torch.load(path, weights_only=True)
    state["state"]["optimizer"]["state"] = {}
    (tmp_path / "other").mkdir()
    groups = train_epochs(tmp_path / "other", dataset, 0, 0, **settings)[1]["state"]["optimizer"]["param_groups"]
    state["state"]["optimizer"]["param_groups"] = groups
    torch.save(state, path)
    _, checkpoint, history, _ = train_epochs(tmp_path, dataset, 3, 4, path, **settings)
    assert checkpoint["ended"]["time"] == 2 and 2 in before["weights"]
    assert checkpoint["weights"] == {} and history["time"] == []


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_patience_counts_across_a_cut(tmp_path, dataset, cut):
    # At this rate nothing becomes better after some epoch.
    settings = SETTINGS | {"learning_rate": 1e-9, "stop": Stop(patience=3)}
    ends = []
    for cuts in ([1, 9], [1, cut + 1, 9]):
        folder = tmp_path / str(len(cuts))
        path = start(folder, dataset, **settings)
        for first, after in pairwise(cuts):
            path, checkpoint, *_ = train_epochs(folder, dataset, first, after - 1, path, **settings)
        ends.append(checkpoint["ended"])
    assert ends[0] == ends[1] and ends[0]["time"] >= 4


def test_accuracies_are_of_the_followed_network(tmp_path, dataset):
    from evolution.models.build import build_model
    from evolution.training.settings import Averaging

    settings = SETTINGS | {"average": Averaging(0.9)}
    begun = start(tmp_path, dataset, **settings)
    _, checkpoint, history, _ = train_epochs(tmp_path, dataset, 1, 3, begun, **settings)
    images, labels = (torch.from_numpy(array) for array in read_part(dataset, "train"))
    samples = Samples(images.float(), labels)
    for epoch, accuracy in zip((1, 2, 3), history["train_accuracy"]):
        model = build_model("mlp", kwargs={}, shape=tuple(images.shape[1:]), classes=4, seed=0)
        model.load_state_dict(checkpoint["weights"][epoch])
        assert accuracy == (predict(model, samples.images) == samples.labels).double().mean().item()
    assert not same_weights(checkpoint["weights"][3], checkpoint["state"]["model"])


@pytest.mark.parametrize(
    ("target", "columns"),
    [
        ("classes", ("train_accuracy", "eval_accuracy", "class_accuracy")),
        ("number", ("train_r2", "eval_r2")),
        ("labels", ("train_average_precision", "eval_average_precision", "class_average_precision")),
        ("none", ()),
    ],
)
def test_columns_of_a_history(target, columns):
    assert history_columns(target) == ("time", "train_loss", *columns)


def test_patience_counts_the_score_of_a_number(tmp_path, caplog):
    caplog.set_level("INFO", "evolution")
    path = write_training(tmp_path / "dataset.npz", kind="table", target="number")
    settings = SETTINGS | {"learning_rate": 3e-2, "stop": Stop(patience=2)}
    begun = start(tmp_path, path, **settings)
    _, checkpoint, history, _ = train_epochs(tmp_path, path, 1, 30, begun, **settings)
    end, scores = checkpoint["ended"]["time"], history["eval_r2"]
    assert end == len(scores) < 30 and max(scores[:-2]) >= max(scores[-2:])
    said = f"the R² on the evaluation samples has not been above {max(scores):.4f} for 2 epochs"
    assert checkpoint["ended"]["reason"] == said
    assert f"train R² {history['train_r2'][0]:.4f}, eval R² {scores[0]:.4f}, " in caplog.text
