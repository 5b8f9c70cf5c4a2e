"""A sweep of two networks under two seeds: the comparison, and the jobs that a change reruns."""

import csv
import re
import textwrap
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from support.planned_jobs import COMPARISON
from support.project import ROOT, TINY, Project, changed, job

SWEEP = changed(TINY, "training.epochs", 2) | {
    "layers": ["fc1", "fc2"],
    "plots": {"grid_times": [0, 2], "dpi": 50},
    "runs": {"s": {}},
    "seeds": [1, 2],
    "grid": {"model": [{"name": "tiny_cnn"}, {"name": "mlp"}]},
}
RUNS = [f"s-model-{model}-seed-{seed}" for model in ("tiny_cnn", "mlp") for seed in (1, 2)]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """The sweep's comparison, and what it needs."""
    project = Project(tmp_path_factory.mktemp("swept") / "checkout", SWEEP)
    project.output = project.run("comparison", "data")
    return project


@pytest.fixture
def planned(swept):
    """The sweep, to plan changes of; its config is set back."""
    yield swept
    swept.configure(SWEEP)


def table(project, name):
    return pq.read_table(project.folder / "results" / "comparison" / "tables" / f"{name}.parquet").to_pylist()


def test_runs_are_groups_and_see_the_same_images(swept):
    datasets = [np.load(swept.folder / "results" / run / "dataset.npz") for run in RUNS]
    for dataset in datasets[1:]:
        for name in dataset.files:
            np.testing.assert_array_equal(dataset[name], datasets[0][name])
    rows = table(swept, "metrics")
    assert {(row["run"], row["group"], row["seed"]) for row in rows} == {
        (run, run.split("-seed-")[0], int(run[-1])) for run in RUNS
    }
    assert {row["layer"] for row in rows} == {"raw_inputs", "fc1", "fc2"}
    # Each run's own numbers, and other weights under each seed.
    for run in RUNS:
        own = pq.read_table(swept.folder / "results" / run / "tables" / "metrics.parquet").to_pylist()
        # As text, in which NaN is what it is.
        assert str(own) == str([{key: row[key] for key in own[0]} for row in rows if row["run"] == run])
    last = {row["value"] for row in rows if (row["layer"], row["epoch"], row["metric"]) == ("fc1", 2, "silhouette")}
    assert len(last) == 4


def test_the_collapse_of_all_runs_is_in_one_table(swept):
    rows = table(swept, "collapse")
    for run in RUNS:
        own = pq.read_table(swept.folder / "results" / run / "tables" / "collapse.parquet").to_pylist()
        assert str(own) == str([{key: row[key] for key in own[0]} for row in rows if row["run"] == run])
    # The classifier's input of two networks, under two seeds each.
    assert len({row["value"] for row in rows if (row["epoch"], row["metric"]) == (2, "nc1")}) == 4


def test_figures_and_crossings_are_there(swept):
    folder = swept.folder / "results" / "comparison"
    for name in ("metric_curves", "accuracy_curves", "neural_collapse", "cka"):
        with Image.open(folder / "figures" / f"{name}.png") as image:
            assert min(image.size) > 100 and len(image.convert("RGB").getcolors(1 << 24)) > 50
    with open(folder / "crossing.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert sorted((row["layer"], row["run"]) for row in rows) == sorted(
        (name, run) for name in ("fc1", "fc2") for run in RUNS
    )
    assert (folder / "crossing.md").read_text(encoding="utf-8").strip() in swept.output


def test_the_alignment_of_runs_is_that_of_their_activations(swept):
    found = {
        (row["run"], row["layer"], row["other_run"], row["other_layer"]): row["cka"] for row in table(swept, "cka")
    }
    assert len(found) == 8 * 8

    def centred(run, layer):
        (rows,) = np.load(swept.folder / "results" / run / "activations" / "0002" / f"{layer}.npy").astype(float)
        return rows - rows.mean(0)

    first, second = (RUNS[0], "fc1"), (RUNS[3], "fc2")
    x, y = centred(*first), centred(*second)
    # Kornblith et al. (2019), in terms of features.
    expected = np.linalg.norm(x.T @ y) ** 2 / np.linalg.norm(x.T @ x) / np.linalg.norm(y.T @ y)
    assert found[(*first, *second)] == pytest.approx(expected, abs=1e-5)


def test_afterwards_the_comparison_is_up_to_date(swept):
    assert swept.plan("comparison") == Counter()


def test_a_seed_added_runs_that_seed_and_the_comparison(planned):
    planned.configure(changed(SWEEP, "seeds", [1, 2, 3]))
    plan = planned.plan("comparison")
    assert plan & COMPARISON == COMPARISON
    others = plan - COMPARISON
    assert {re.search(r"run=(\S+)", name)[1] for name in others} == {"s-model-tiny_cnn-seed-3", "s-model-mlp-seed-3"}
    for run in ("s-model-tiny_cnn-seed-3", "s-model-mlp-seed-3"):
        assert others[job("train", run=run, span="0001-0002")] == 1
        assert others[job("measure", run=run, span="0002", layer="fc2")] == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"plots.dpi": 60},
            ["plot_compared_metrics", "plot_compared_accuracy", "plot_compared_collapse", "plot_compared_cka"],
        ),
        (
            {"plots.palette": "tab10"},
            ["plot_compared_metrics", "plot_compared_accuracy", "plot_compared_collapse"],
        ),
        ({"comparison.threshold": 0.5}, ["plot_compared_metrics", "compare_crossings"]),
        ({"comparison.cka_time": 0}, ["compare_activations", "plot_compared_cka"]),
        ({"skip": RUNS[1:2]}, [name.split()[0] for name in COMPARISON]),
        ({"embedding.perplexity": 12}, []),
    ],
    ids=str,
)
def test_a_change_runs_what_reads_it(planned, changes, expected):
    config = SWEEP
    for key, value in changes.items():
        config = changed(config, key, value)
    planned.configure(config)
    assert planned.plan("comparison") == Counter(map(job, expected))


def test_without_its_measure_neural_collapse_is_not_compared(planned):
    planned.configure(changed(SWEEP, "metrics.measures", ["linear_probe"]))
    plan = planned.plan("comparison")
    again = ["compare_tables", "compare_crossings", "plot_compared_metrics", "plot_compared_accuracy"]
    assert plan & COMPARISON == Counter(again)
    assert not [name for name in plan if name.startswith("measure_collapse")]


def test_one_run_has_nothing_to_compare(tmp_path):
    project = Project(tmp_path / "checkout")
    output = project.snakemake("--dry-run", "comparison", check=False)
    assert project.returncode != 0
    assert "There is one run, and nothing to compare it with" in output
    assert "Traceback (most recent call last)" not in output


def test_the_pages_example_is_planned(tmp_path):
    page = (ROOT / "docs" / "a-sweep.md").read_text(encoding="utf-8")
    block = re.search(r"^    # my_sweep\.yaml\n((?:    .*\n)+)", page, flags=re.M)[1]
    project = Project(tmp_path / "checkout")
    # As it is written: the order of the grid's keys is that in the runs' names.
    (project.folder / "my_sweep.yaml").write_text(textwrap.dedent(block), encoding="utf-8")
    plan = project.plan("--configfile", "my_sweep.yaml")
    runs = {found[1] for name in plan if (found := re.search(r"run=(\S+)", name))}
    assert len(runs) == 12 and "digits-learning_rate-0.01-dropout-0.3-seed-2" in runs
    assert plan & COMPARISON == COMPARISON
    (skipped,) = re.findall(r"`skip: \[(.*?)\]`", page)
    assert skipped in runs


def test_every_rule_of_the_comparison_is_tested(swept):
    rules = swept.snakemake("--list-rules").split()
    assert {name for name in rules if "compare" in name} == set(COMPARISON)
