"""The summary, against values set by hand."""

import csv
import json

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from evolution.data.targets import Targets, load_targets
from evolution.errors import UserError
from evolution.figures.metric_titles import SENTENCE_NAMES
from evolution.io.arrays import save_npz
from evolution.io.tables import save_table
from evolution.io.warnings_file import load_warnings
from summary import highest_by_chance, summarise
from support.figures import METRICS, long_values, write_history, write_long
from support.samples import write_samples

HEADER = ["Layer", "Epoch", "Silhouette", "ARI", "NMI", "Label silhouette", "k-NN accuracy"]


def write_dataset(path, *, classes=2, each=50, warnings=()):
    """The part of dataset.npz that the summary reads."""
    labels = np.repeat(np.arange(classes), each)
    more = {"warnings": np.array(warnings)} if warnings else {}
    names = np.array([f"class {label}" for label in range(classes)])
    save_npz(path, train_labels=labels, eval_labels=labels, eval_indices=labels, class_names=names, **more)
    return str(path)


def write_predictions(path, *, warnings=()):
    """A table of predictions, whose rows the summary does not read."""
    save_table(path, {"time": [4]}, {"warnings": json.dumps(warnings)} if warnings else None)
    return str(path)


def write_curves(path, losses, train, evaluation):
    """A history of the trained times, after one of guessing."""
    rows = [(0, np.nan, train[0], evaluation[0]), *zip(range(1, len(losses) + 1), losses, train, evaluation)]
    names = ("train_loss", "train_accuracy", "eval_accuracy")
    long = [(row[0], name, value) for row in rows for name, value in zip(names, row[1:])]
    save_table(path, dict(zip(("time", "metric", "value"), map(list, zip(*long)))))
    return str(path)


def summary_of(folder, values, layers, times=(0, 1, 4), run="mnist", **more):
    """Markdown lines and CSV rows; `more` replaces arguments of `summarise`."""
    arguments = {
        "metrics_table": write_long(folder / "m.parquet", values),
        "history_table": write_history(folder / "h.parquet", times, ["a", "b"]),
        "dataset": write_dataset(folder / "d.npz"),
        "predictions": write_predictions(folder / "p.parquet"),
        "layers": layers,
        "markdown_path": folder / "s.md",
        "csv_path": folder / "s.csv",
        "warnings_path": folder / "w.json",
        "run": run,
    }
    summarise(**arguments | more)
    with open(folder / "s.csv", newline="", encoding="utf-8") as stream:
        return (folder / "s.md").read_text(encoding="utf-8").splitlines(), list(csv.DictReader(stream))


def small():
    values = {("raw_inputs", 0, metric): 0.1 for metric in METRICS}
    for index, layer in enumerate(["conv", "fc"]):
        values |= {(layer, 0, metric): 0.99 for metric in METRICS}
        values |= {(layer, 4, metric): 0.5 + 0.2 * index + 0.01 * number for number, metric in enumerate(METRICS)}
    return values | {("fc", 4, "silhouette"): np.nan, ("conv", 4, "label_silhouette"): -0.0004}


def test_the_last_epoch_is_compared_with_the_pixels(tmp_path):
    lines, rows = summary_of(tmp_path, small(), ["raw_inputs", "conv", "fc"])
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert table[0] == HEADER
    assert table[2:] == [
        ["raw pixels", "–", "0.100", "0.100", "0.100", "0.100", "0.100"],  # noqa: RUF001
        ["conv", "4", "0.500", "0.510", "0.520", "0.000", "0.540"],
        ["fc", "4", "–", "0.710", "0.720", "0.730", "0.740"],  # noqa: RUF001
    ]
    assert "- Best layer by adjusted Rand index: **fc** (0.710; raw pixels 0.100)." in lines
    # The values of figures.write_history at epoch 4: 0.1 + 0.8 * 4 / 6 and 0.1 + 0.7 * 4 / 6.
    assert "- Accuracy at epoch 4: 0.633 on the training samples, 0.567 on the evaluation samples." in lines
    accuracies = {"train_accuracy": "0.633", "eval_accuracy": "0.567"}
    assert [{name: row[name] for name in accuracies} for row in rows] == [accuracies] * 3
    assert [[row["run"], row["layer"], row["epoch"]] for row in rows] == [
        ["mnist", "raw_inputs", "0"],
        ["mnist", "conv", "4"],
        ["mnist", "fc", "4"],
    ]
    assert [rows[2][metric] for metric in METRICS] == ["", "0.710", "0.720", "0.730", "0.740"]


def test_the_table_is_aligned_and_fits_a_terminal(tmp_path):
    lines, _ = summary_of(tmp_path, small(), ["raw_inputs", "conv", "fc"])
    table = [line for line in lines if line.startswith("|")]
    assert len({tuple(index for index, letter in enumerate(line) if letter == "|") for line in table}) == 1
    assert len(table[0]) <= 90


def test_without_raw_inputs_and_without_any_rand_index(tmp_path):
    values = long_values(["fc"], [0], METRICS, raw_inputs=False) | {("fc", 0, "adjusted_rand_index"): np.nan}
    lines, rows = summary_of(tmp_path, values, ["fc"], times=[0])
    assert [row["layer"] for row in rows] == ["fc"]
    assert any(line.startswith("- Best layer: none") for line in lines)


def test_the_first_of_equally_good_layers_is_best(tmp_path):
    values = {(layer, 0, metric): 0.5 for layer in ("b", "a") for metric in METRICS}
    lines, _ = summary_of(tmp_path, values, ["b", "a"], times=[0])
    assert any("**b** (0.500)" in line for line in lines)


def test_a_table_without_a_layer_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"m\.parquet.*layer fc at 2"):
        summary_of(tmp_path, long_values(["conv"], [0, 2], METRICS), ["conv", "fc"])


def test_written_twice_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        summary_of(tmp_path / name, small(), ["conv", "fc"])
    for name in ("s.md", "s.csv", "w.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("lacks", ["train_labels", "train_loss"])
def test_a_training_elsewhere_whose_log_has_accuracies(tmp_path, lacks):
    """Its images, or its losses, are not known: that it is at chance is said all the same."""
    labels = np.repeat(np.arange(2), 50)
    known = {} if lacks == "train_labels" else {"train_labels": labels}
    known |= {"eval_labels": labels, "eval_indices": labels, "class_names": np.array(["a", "b"])}
    save_npz(tmp_path / "own.npz", **known)
    loss = np.nan if lacks == "train_loss" else 0.1
    history = write_curves(tmp_path / "log.parquet", [loss] * 4, [0.9] * 4, [0.5] * 4)
    lines, _ = summary_of(tmp_path, small(), ["fc"], dataset=str(tmp_path / "own.npz"), history_table=history)
    assert any("which is chance" in line for line in lines)


def test_without_warnings_nothing_is_said_of_them(tmp_path):
    lines, _ = summary_of(tmp_path, small(), ["raw_inputs", "conv", "fc"])
    # The heading, and the table right below it.
    assert lines[0] == "# mnist: how the layers cluster at epoch 4"
    assert lines[1] == "" and lines[2].startswith("| Layer")
    assert not any("Warning" in line for line in lines)
    assert (tmp_path / "w.json").read_bytes() == b"[]\n"


def test_warnings_of_images_network_and_training_stand_below_the_heading(tmp_path):
    lines, _ = summary_of(
        tmp_path,
        small(),
        ["raw_inputs", "conv", "fc"],
        dataset=write_dataset(tmp_path / "own.npz", warnings=["Images: été.", "Said twice."]),
        predictions=write_predictions(tmp_path / "own_p.parquet", warnings=["Said twice.", "The network is odd."]),
        history_table=write_curves(tmp_path / "own_h.parquet", [0.7, 0.7, 0.7], [0.5] * 3, [0.5] * 3),
    )
    warnings = load_warnings(tmp_path / "w.json")
    assert warnings[:3] == ["Images: été.", "Said twice.", "The network is odd."]
    assert len(warnings) == 4 and warnings[3].startswith("The training loss never fell")
    assert lines[:3] == ["# mnist: how the layers cluster at epoch 3", "", "**Warnings**"]
    assert lines[3] == "" and lines[4:8] == [f"- {warning}" for warning in warnings] and lines[8] == ""
    assert lines[9].startswith("| Layer")


@pytest.mark.parametrize(("knn", "words"), [(0.5, "probably shuffled"), (0.9, "do fit these samples")])
def test_the_raw_pixels_tell_labels_from_training(tmp_path, knn, words):
    curves = {"losses": [0.7, 0.3, 0.1], "train": [0.6, 0.9, 1.0], "evaluation": [0.5, 0.49, 0.51]}
    more = {
        "dataset": write_dataset(tmp_path / "own.npz", each=200),
        "history_table": write_curves(tmp_path / "own_h.parquet", **curves),
    }
    values = small() | {("raw_inputs", 0, "knn_accuracy"): knn}
    summary_of(tmp_path, values, ["raw_inputs", "conv", "fc"], **more)
    (warning,) = load_warnings(tmp_path / "w.json")
    assert words in warning
    # Without raw_inputs it cannot be told.
    without = {key: value for key, value in values.items() if key[0] != "raw_inputs"}
    summary_of(tmp_path, without, ["conv", "fc"], **more)
    (warning,) = load_warnings(tmp_path / "w.json")
    assert "Either the labels are shuffled" in warning


def test_the_accuracy_at_epoch_0_where_the_network_began_with_weights(tmp_path):
    lines, rows = summary_of(tmp_path, small(), ["conv", "fc"], weights="given.pt")
    # The values of figures.write_history at epoch 0.
    said = "0.100 on the training samples, 0.100 on the evaluation samples."
    said = f"- Accuracy at epoch 0, with the weights of given.pt: {said}"
    (index,) = [number for number, line in enumerate(lines) if line == said]
    assert lines[index + 1].startswith("- Accuracy at epoch 4: ")
    without, same_rows = summary_of(tmp_path, small(), ["conv", "fc"])
    assert without == lines[:index] + lines[index + 1 :] and rows == same_rows


def test_a_history_without_what_is_needed_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"h\.parquet is damaged .*no epoch 0"):
        summary_of(tmp_path, small(), ["conv", "fc"], times=(1, 4), weights="given.pt")
    history = {"time": [0, 0], "metric": ["train_loss", "train_accuracy"], "value": [0.1] * 2}
    save_table(tmp_path / "short.parquet", history)
    with pytest.raises(UserError, match=r"short\.parquet is damaged .*no eval_accuracy"):
        summary_of(tmp_path, small(), ["conv", "fc"], history_table=str(tmp_path / "short.parquet"))


def test_warnings_that_are_no_sentences_are_refused(tmp_path):
    save_table(tmp_path / "odd.parquet", {"time": [4]}, {"warnings": "no JSON"})
    with pytest.raises(UserError, match=r"odd\.parquet is damaged"):
        summary_of(tmp_path, small(), ["conv", "fc"], predictions=str(tmp_path / "odd.parquet"))


def test_a_training_elsewhere_in_steps(tmp_path):
    """Its accuracy on the training images is not known, and its last step need not be the last one of its log."""
    metrics = tmp_path / "steps.parquet"
    values = {("fc", step, metric): 0.5 for step in (100, 200) for metric in METRICS}
    layers, steps, names = zip(*values)
    save_table(metrics, {"layer": layers, "time": steps, "metric": names, "value": list(values.values())}, unit="step")
    history = tmp_path / "history.parquet"
    rows = [(100, "eval_accuracy", 0.25), (200, "eval_accuracy", 0.75), (250, "train_loss", 1.0)]
    columns = dict(zip(("time", "metric", "value"), zip(*rows)))
    save_table(history, columns, {"warnings": json.dumps(["Same weights."])}, unit="step")
    lines, rows = summary_of(tmp_path, small(), ["fc"], metrics_table=str(metrics), history_table=str(history))
    assert lines[0] == "# mnist: how the layers cluster at step 200"
    assert "- Accuracy at step 200: 0.750 on the evaluation samples." in lines and "- Same weights." in lines
    assert [(row["step"], row["eval_accuracy"], row["train_accuracy"]) for row in rows] == [("200", "0.750", "")]


def test_a_training_elsewhere_that_is_at_chance(tmp_path):
    history = tmp_path / "history.parquet"
    rows = [(epoch, "eval_accuracy", 0.5) for epoch in (1, 2, 3)]
    save_table(history, dict(zip(("time", "metric", "value"), zip(*rows))))
    values = {("fc", epoch, metric): 0.5 for epoch in (1, 2, 3) for metric in METRICS}
    lines, _ = summary_of(tmp_path, values, ["fc"], history_table=str(history))
    (warning,) = [line for line in lines if "is chance" in line]
    assert "dataset.normalize" in warning and "checkpoints.key" in warning


def test_a_recording_without_predictions(tmp_path):
    history = tmp_path / "history.parquet"
    rows = [(step, "eval_accuracy", np.nan) for step in (0, 100)]
    save_table(history, dict(zip(("time", "metric", "value"), zip(*rows))), unit="step")
    values = {("fc", step, metric): 0.5 for step in (0, 100) for metric in METRICS}
    lines, rows = summary_of(tmp_path, values, ["fc"], history_table=str(history))
    assert "- Accuracy: not known, as nothing says what the network predicts." in lines
    assert not [line for line in lines if "chance" in line] and rows[0]["eval_accuracy"] == ""


def test_accuracies_of_a_training_whose_samples_are_not_known(tmp_path):
    labels = np.repeat([0, 1], 50)
    save_npz(tmp_path / "own.npz", eval_labels=labels, eval_indices=labels, class_names=np.array(["a", "b"]))
    history = write_curves(tmp_path / "c.parquet", [0.7, 0.7, 0.7], [0.5] * 4, [0.9] * 4)
    values = {("fc", epoch, metric): 0.5 for epoch in (0, 3) for metric in METRICS}
    lines, _ = summary_of(tmp_path, values, ["fc"], history_table=history, dataset=str(tmp_path / "own.npz"))
    assert "- Accuracy at epoch 3: 0.500 on the training samples, 0.900 on the evaluation samples." in lines


# The metrics of layers whose samples have another target, and how the network's score is called.
OTHER_METRICS = {
    "number": (("silhouette", "knn_r2", "linear_probe_r2"), "r2"),
    "labels": (("silhouette", "knn_average_precision", "linear_probe_average_precision"), "average_precision"),
    "none": (("silhouette", "effective_rank", "intrinsic_dimension"), None),
}
BY_ATTRIBUTES = ("adjusted_rand_index:writer", "label_silhouette:writer", "knn_accuracy:writer", "knn_r2:age")


def summary_of_target(folder, target, kind="table", by=(), values=None):
    """Markdown lines and CSV rows of a run of samples with this target, two layers at times 0 and 4."""
    metrics, score = OTHER_METRICS.get(target, (METRICS, "accuracy"))
    table = long_values(["conv", "fc"], [0, 4], (*metrics, *by)) | (values or {})
    curves = [] if score is None else [(f"train_{score}", 0.5), (f"eval_{score}", 0.25)]
    rows = [(time, "train_loss", 1.5) for time in (0, 4)]
    rows += [(time, name, value + time / 8) for time in (0, 4) for name, value in curves]
    save_table(folder / "own_h.parquet", dict(zip(("time", "metric", "value"), zip(*rows))))
    return summary_of(
        folder,
        table,
        ["raw_inputs", "conv", "fc"],
        dataset=write_samples(folder / "own.npz", kind=kind, target=target),
        history_table=str(folder / "own_h.parquet"),
    )


def tables_in(lines):
    """The tables of the Markdown, as lists of rows of cells."""
    tables = [[]]
    for line in lines:
        if line.startswith("|"):
            tables[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        elif tables[-1]:
            tables.append([])
    return [[table[0], *table[2:]] for table in tables if table]


@pytest.mark.parametrize(
    ("target", "columns", "said"),
    [
        (
            "number",
            ["Silhouette", "k-NN R²", "Probe R²"],
            [
                "- Best layer by R² of the nearest neighbours: **fc** (0.670; standardised columns 0.110).",
                "- The network's R² at epoch 4: 1.000 on the training samples, 0.750 on the evaluation samples.",
            ],
        ),
        (
            "labels",
            ["Silhouette", "k-NN AP", "Probe AP"],
            [
                "- Best layer by average precision of the nearest neighbours: **fc** (0.670; "
                "standardised columns 0.110).",
                "- The network's average precision at epoch 4: 1.000 on the training samples, 0.750 on the "
                "evaluation samples.",
            ],
        ),
        (
            "none",
            ["Silhouette", "Effective rank", "Intrinsic dimension"],
            ["- Best layer by silhouette of the k-means clusters: **fc** (0.660; standardised columns 0.100)."],
        ),
    ],
)
def test_samples_of_another_target(tmp_path, target, columns, said):
    lines, rows = summary_of_target(tmp_path, target)
    (table,) = tables_in(lines)
    assert table[0] == ["Layer", "Epoch", *columns]
    assert [row[0] for row in table[1:]] == ["standardised columns", "conv", "fc"]
    assert [line for line in lines if line.startswith("- ")] == said
    assert lines[0] == "# mnist: how the layers cluster at epoch 4"
    # Nothing of what is not there.
    text = "\n".join(lines)
    assert ("(probe)" in text) == (target != "none") and "{" not in text
    assert target != "none" or "Effective rank and intrinsic dimension: in how many" in text
    assert "ARI" not in text and "class" not in text and "NaN" not in text and "Warnings" not in text
    metrics, score = OTHER_METRICS[target]
    scores = [] if score is None else [f"train_{score}", f"eval_{score}"]
    assert list(rows[0]) == ["run", "layer", "epoch", *metrics, *scores]
    assert [row["layer"] for row in rows] == ["raw_inputs", "conv", "fc"]
    assert not scores or rows[2][scores[1]] == "0.750"


@pytest.mark.parametrize(
    ("kind", "called"),
    [("images", "raw pixels"), ("tokens", "TF-IDF of tokens"), ("signals", "raw signal"), ("other", "raw inputs")],
)
def test_the_baseline_is_called_by_what_the_samples_are(tmp_path, kind, called):
    lines, _ = summary_of_target(tmp_path, "none", kind=kind)
    assert tables_in(lines)[0][1][0] == called
    assert any(f"; {called} 0.100)" in line for line in lines)


def test_measures_that_are_off_have_no_column(tmp_path):
    metrics = ("silhouette", "knn_r2")
    rows = [(4, "train_r2", np.nan), (4, "eval_r2", np.nan)]
    save_table(tmp_path / "own_h.parquet", dict(zip(("time", "metric", "value"), zip(*rows))))
    lines, _ = summary_of(
        tmp_path,
        long_values(["fc"], [4], metrics, raw_inputs=False),
        ["fc"],
        dataset=write_samples(tmp_path / "own.npz", target="number"),
        history_table=str(tmp_path / "own_h.parquet"),
    )
    assert tables_in(lines)[0][0] == ["Layer", "Epoch", "Silhouette", "k-NN R²"]
    assert "- The network's R²: not known, as nothing says what the network predicts." in lines
    assert "nearest neighbours (k-NN) explain" in " ".join(lines)


@pytest.mark.parametrize("target", ["classes", "number", "labels", "none"])
def test_a_table_for_each_attribute(tmp_path, target):
    lines, rows = summary_of_target(tmp_path, target, by=BY_ATTRIBUTES)
    of_target, of_words, of_numbers = tables_in(lines)
    assert len(of_target[0]) == 2 + len(OTHER_METRICS.get(target, (METRICS,))[0])
    assert of_words[0] == ["Layer", "Epoch", "ARI", "Label silhouette", "k-NN accuracy"]
    assert of_numbers[0] == ["Layer", "Epoch", "k-NN R²"]
    positions = [lines.index(f"**Measured by {name}**") for name in ("writer", "age")]
    assert positions == sorted(positions)
    values = {name: float(rows[2][name]) for name in BY_ATTRIBUTES}
    assert of_words[3] == ["fc", "4", *(f"{values[name]:.3f}" for name in BY_ATTRIBUTES[:3])]
    assert of_numbers[3] == ["fc", "4", f"{values['knn_r2:age']:.3f}"]
    best = f"- Best layer by adjusted Rand index against writer: **fc** ({values[BY_ATTRIBUTES[0]]:.3f}; "
    assert any(line.startswith(best) for line in lines)
    assert any(line.startswith("- Best layer by R² of the nearest neighbours against age: **fc**") for line in lines)
    text = "\n".join(lines)
    assert text.count("Of an attribute in words") == text.count("Of an attribute in numbers") == 1


@pytest.mark.parametrize(
    ("target", "metric", "value", "above"),
    [
        ("classes", "adjusted_rand_index", 3 * 2**0.5 / 60, False),
        ("classes", "adjusted_rand_index", 3 * 2**0.5 / 60 + 0.001, True),
        ("number", "knn_r2", -0.07, False),
        ("number", "knn_r2", 0.01, True),
        ("labels", "knn_average_precision", None, False),
        ("labels", "knn_average_precision", 0.9, True),
        ("number", "knn_r2:age", -0.07, False),
        ("number", "adjusted_rand_index:writer", 0.003, False),
    ],
)
def test_a_layer_at_chance_is_not_the_best(tmp_path, target, metric, value, above):
    if value is None:
        held = load_targets(write_samples(tmp_path / "same.npz", kind="table", target="labels")).values
        value = float(held.mean())
    lows = {(layer, 4, metric): low for layer, low in (("conv", value - 0.05), ("fc", value))}
    lines, _ = summary_of_target(tmp_path, target, by=BY_ATTRIBUTES, values=lows)
    measure, _, attribute = metric.partition(":")
    by = f" against {attribute}" if attribute else ""
    (line,) = (line for line in lines if line.startswith(f"- Best layer by {SENTENCE_NAMES[measure]}{by}:"))
    assert ("no layer is above chance (the highest is fc's" in line) != above
    assert ("**fc**" in line) == above


def test_the_level_of_random_clusters():
    """Against scikit-learn on random groups: three standard deviations are hardly ever passed."""
    random = np.random.default_rng(0)
    level = highest_by_chance("adjusted_rand_index", Targets("table", "classes", np.zeros(100, int), ("a",), 100))
    found = [adjusted_rand_score(*random.integers(0, 10, (2, 100))) for _ in range(400)]
    assert level == pytest.approx(3 * np.std(found), rel=0.15)
    assert np.mean(np.array(found) > level) < 0.02


def test_the_level_of_random_clusters_counts_the_samples_that_were_measured():
    """Most words are those of one sample, which are left out."""
    words = np.array(["oak", "elm"] * 10 + [""] * 5 + [f"tree {number}" for number in range(75)])
    targets = Targets("table", "classes", np.zeros(100, int), ("a",), 100, attributes={"tree": words})
    assert highest_by_chance("adjusted_rand_index", targets, "tree") == pytest.approx(3 * 2**0.5 / 20)


def test_an_attribute_that_nothing_could_be_measured_against(tmp_path):
    nothing = {
        (layer, time, "knn_r2:age"): np.nan
        for layer, time in [("raw_inputs", 0), *((x, t) for x in ("conv", "fc") for t in (0, 4))]
    }
    lines, rows = summary_of_target(tmp_path, "number", by=BY_ATTRIBUTES, values=nothing)
    (warning,) = load_warnings(tmp_path / "w.json")
    assert warning.startswith("Nothing could be measured against the attribute age of metrics.measure_by")
    assert "- Best layer: none, as no layer has an R² of the nearest neighbours against age." in lines
    assert rows[2]["knn_r2:age"] == ""
