"""The summary, against values set by hand."""

import csv

import numpy as np
import pytest

from evolution.errors import UserError
from summary import summarise
from support.figures import METRICS, long_values, write_history, write_long

HEADER = ["Layer", "Epoch", "Silhouette", "ARI", "NMI", "Label silhouette", "k-NN accuracy"]


def summary_of(folder, values, layers, epochs=(0, 1, 4), run="mnist"):
    """Markdown lines and CSV rows."""
    summarise(
        metrics_table=write_long(folder / "m.parquet", values),
        history_table=write_history(folder / "h.parquet", epochs, ["a", "b"]),
        layers=layers,
        markdown_path=folder / "s.md",
        csv_path=folder / "s.csv",
        run=run,
    )
    with open(folder / "s.csv", newline="", encoding="utf-8") as stream:
        return (folder / "s.md").read_text(encoding="utf-8").splitlines(), list(csv.DictReader(stream))


def small():
    values = {("pixels", 0, metric): 0.1 for metric in METRICS}
    for index, layer in enumerate(["conv", "fc"]):
        values |= {(layer, 0, metric): 0.99 for metric in METRICS}
        values |= {(layer, 4, metric): 0.5 + 0.2 * index + 0.01 * number for number, metric in enumerate(METRICS)}
    return values | {("fc", 4, "silhouette"): np.nan, ("conv", 4, "label_silhouette"): -0.0004}


def test_the_last_epoch_is_compared_with_the_pixels(tmp_path):
    lines, rows = summary_of(tmp_path, small(), ["pixels", "conv", "fc"])
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert table[0] == HEADER
    assert table[2:] == [
        ["raw pixels", "–", "0.100", "0.100", "0.100", "0.100", "0.100"],  # noqa: RUF001
        ["conv", "4", "0.500", "0.510", "0.520", "0.000", "0.540"],
        ["fc", "4", "–", "0.710", "0.720", "0.730", "0.740"],  # noqa: RUF001
    ]
    assert "- Best layer by adjusted Rand index: **fc** (0.710; raw pixels 0.100)." in lines
    # The values of figures.write_history at epoch 4: 0.1 + 0.8 * 4 / 6 and 0.1 + 0.7 * 4 / 6.
    assert "- Accuracy at epoch 4: 0.633 on the training images, 0.567 on the evaluation images." in lines
    accuracies = {"train_accuracy": "0.633", "eval_accuracy": "0.567"}
    assert [{name: row[name] for name in accuracies} for row in rows] == [accuracies] * 3
    assert [[row["run"], row["layer"], row["epoch"]] for row in rows] == [
        ["mnist", "pixels", "0"],
        ["mnist", "conv", "4"],
        ["mnist", "fc", "4"],
    ]
    assert [rows[2][metric] for metric in METRICS] == ["", "0.710", "0.720", "0.730", "0.740"]


def test_the_table_is_aligned_and_fits_a_terminal(tmp_path):
    lines, _ = summary_of(tmp_path, small(), ["pixels", "conv", "fc"])
    table = [line for line in lines if line.startswith("|")]
    assert len({tuple(index for index, letter in enumerate(line) if letter == "|") for line in table}) == 1
    assert len(table[0]) <= 90


def test_without_pixels_and_without_any_rand_index(tmp_path):
    values = long_values(["fc"], [0], METRICS, pixels=False) | {("fc", 0, "adjusted_rand_index"): np.nan}
    lines, rows = summary_of(tmp_path, values, ["fc"], epochs=[0])
    assert [row["layer"] for row in rows] == ["fc"]
    assert any(line.startswith("- Best layer: none") for line in lines)


def test_the_first_of_equally_good_layers_is_best(tmp_path):
    values = {(layer, 0, metric): 0.5 for layer in ("b", "a") for metric in METRICS}
    lines, _ = summary_of(tmp_path, values, ["b", "a"], epochs=[0])
    assert any("**b** (0.500)" in line for line in lines)


def test_a_table_without_a_layer_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"m\.parquet.*layer fc at epoch 2"):
        summary_of(tmp_path, long_values(["conv"], [0, 2], METRICS), ["conv", "fc"])


def test_written_twice_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        summary_of(tmp_path / name, small(), ["conv", "fc"])
    for name in ("s.md", "s.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
