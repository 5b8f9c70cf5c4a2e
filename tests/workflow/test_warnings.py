"""Warnings of a run: written, printed once at the end, and the first thing that its page says."""

import html
import json
import re
import shutil

import numpy as np
import pyarrow.parquet as pq

from support.planned_jobs import one
from support.project import TINY, changed


def test_a_run_without_slips_has_no_warnings(finished):
    assert json.loads(finished.path("warnings.json").read_text(encoding="utf-8")) == []
    assert "Warning" not in finished.path("summary.md").read_text(encoding="utf-8")


def test_a_learning_rate_that_moves_nothing(project):
    project.configure(changed(TINY, "training.learning_rate", 1e-9))
    output = project.run("results/tiny/about.html")
    (warning,) = json.loads(project.path("warnings.json").read_text(encoding="utf-8"))
    assert warning.startswith("The training loss never fell") and "training.learning_rate" in warning
    assert output.count(warning) == 1
    lines = project.path("summary.md").read_text(encoding="utf-8").splitlines()
    assert lines[2:5] == ["**Warnings**", "", f"- {warning}"]
    page = project.path("about.html").read_text(encoding="utf-8")
    assert re.findall("<h2>(.*)</h2>", page)[0] == "Warnings"
    assert [html.unescape(item) for item in re.findall("<li>(.*)</li>", page)] == [warning]
    assert warning in project.path("logs/summary.log").read_text(encoding="utf-8")


def test_a_warning_that_changes_no_number_reaches_the_summary(project):
    """As where a check is new: what the snapshots are measured by stays, and so do all tables."""
    path = project.path("predictions/0004.parquet")
    table = pq.read_table(path)
    warnings = ["The model ends in softmax.", "Evaluation differs between two passes."]
    pq.write_table(table.replace_schema_metadata({"warnings": json.dumps(warnings)}), path)
    assert project.plan("results/tiny/summary.md") == one("summary")
    output = project.run("results/tiny/summary.md")
    assert json.loads(project.path("warnings.json").read_text(encoding="utf-8")) == warnings
    assert "**Warnings**\n\n" + "".join(f"- {warning}\n" for warning in warnings) in output
    # Only the last span's: a network may be odd before it is trained.
    path = project.path("predictions/0002.parquet")
    pq.write_table(pq.read_table(path).replace_schema_metadata({"warnings": '["Odd."]'}), path)
    assert project.plan("results/tiny/summary.md") == {}


def test_many_runs_that_print_no_summaries(project):
    runs = [f"run{number}" for number in range(9)]
    results = project.folder / "results"
    for run in runs:
        shutil.copytree(results / "tiny", results / run)
    # All but the last are there. Their warnings were written by hand.
    for run, warnings in {"run1": ["Class 'cat' is odd."], "run5": ["Class 'cat' is odd.", "Another."]}.items():
        (results / run / "warnings.json").write_text(json.dumps(warnings), encoding="utf-8")
    for name in ("summary.md", "summary.csv", "warnings.json"):
        (results / runs[-1] / name).unlink()
    project.configure(changed(TINY, "runs", {run: {} for run in runs}))
    output = project.run(*(f"results/{run}/summary.md" for run in runs))
    assert "The summaries of 9 runs: results/run0/summary.md, ..." in output
    assert [line for line in output.splitlines() if line.startswith("Warning")] == [
        "Warning (run1, run5): Class 'cat' is odd.",
        "Warning (run5): Another.",
    ]
    assert "how the layers cluster" not in output


def test_warnings_of_images_are_printed_at_the_end_without_a_summary(project):
    images, labels = np.random.default_rng(0).integers(0, 256, (200, 8, 8), np.uint8), np.arange(200) % 2
    images[:100] = images[:2].repeat(50, axis=0)
    np.savez(project.folder / "own.npz", images=images, labels=labels)
    dataset = {"name": "npz:own.npz", "train_size": 100, "eval_size": 100}
    project.configure(changed(changed(TINY, "dataset", dataset), "metrics", {"clusters": 2}))
    # After the line of the last job, which is the target's.
    end = re.split(r"\d/\d  data \(.+\)\n", project.run("data"))[1]
    assert "Warning (tiny): The 100 training images are only" in end


def test_a_figure_of_a_former_format_is_named_at_the_end(project):
    project.configure(changed(TINY, "plots.formats", ["pdf"]))
    folder = "results/tiny/figures"
    output = project.run(f"{folder}/metric_curves.pdf")
    assert f"{folder} also has figures of formats that plots.formats does not name (metric_curves.png)." in output
    project.path("figures/metric_curves.png").unlink()
    assert "also has figures" not in project.run(f"{folder}/metric_curves.pdf", "-f")
