"""The example of docs/your-own-recipe.md on a few digits; and the jobs that an edit of its file reruns."""

from collections import Counter

import pytest
import yaml

from evolution.io.checkpoints import load_checkpoint
from evolution.io.tables import load_table
from support.docs_examples import shown_file, write_shown
from support.project import TINY, Project, changed, job

PAGE = "your-own-recipe.md"
EXAMPLE = yaml.safe_load(shown_file(PAGE, "supcon.yaml"))
RUNS = tuple(EXAMPLE["runs"])
SPANS = ("0000", "0001-0004", "0005-0008")
TARGETS = (
    "results/contrastive/tables/metrics.parquet",
    *(f"results/{run}/figures/training_curves.png" for run in RUNS),
)
# The page's config, with half of its images and epochs, one layer and no maps.
CONFIG = changed(TINY, "training.epochs", 8) | {key: EXAMPLE[key] for key in ("model", "snapshots", "runs")}
CONFIG["training"] |= {"recipe": EXAMPLE["training"]["recipe"], "learning_rate": 2e-3, "epochs_per_job": 4}
CONFIG["dataset"] = CONFIG["dataset"] | {"train_size": 500}
CONFIG |= {"layers": ["fc1"], "metrics": {"n_init": 2, "measures": [], "cka": False}, "plots": {"dpi": 50}}
CONFIG["activations"] = {"raw_inputs": False}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Both runs up to their curves, and one up to its metrics."""
    project = Project(tmp_path_factory.mktemp("recipe") / "checkout", CONFIG)
    write_shown(project.folder, PAGE, "supcon.py")
    project.output = project.run(*TARGETS)
    return project


def results(project, run):
    return project.folder / "results" / run


def history(project, run):
    """The rows of all spans, from time 0."""
    return [
        row for span in SPANS for row in load_table(results(project, run) / "history" / f"{span}.parquet").to_pylist()
    ]


def test_the_pages_config_is_a_config(both):
    """As it stands there, it plans two trainings and their comparison."""
    write_shown(both.folder, PAGE, "supcon.yaml")
    plan = both.plan("--configfile", "supcon.yaml")
    assert plan[job("train", run="contrastive", span="0001-0020")] == plan[job("train", run="labels", span="0000")] == 1
    assert plan["compare_tables"] == 1


def test_both_networks_learn_the_digits(both):
    """From chance to most of them; the contrastive loss is larger, as it is one of two that add up."""
    for run, least in zip(RUNS, (0.6, 0.85)):
        rows = history(both, run)
        assert [row["epoch"] for row in rows] == list(range(9))
        assert rows[0]["eval_accuracy"] < 0.3 and rows[-1]["eval_accuracy"] > least
        assert rows[-1]["train_loss"] < rows[1]["train_loss"]
    first = {run: history(both, run)[1]["train_loss"] for run in RUNS}
    assert first["contrastive"] > first["labels"] + 1


def test_the_contrastive_loss_draws_the_classes_together(both):
    """Of the layer before the classifier, whose silhouette of the labels is then higher than before training."""
    table = load_table(results(both, "contrastive") / "tables" / "metrics.parquet").to_pylist()
    found = {
        row["epoch"]: row["value"] for row in table if (row["layer"], row["metric"]) == ("fc1", "label_silhouette")
    }
    assert found[8] > found[0] + 0.1


def test_the_checkpoints_hold_the_recipe(both):
    begun, end = (
        load_checkpoint(str(results(both, "contrastive") / "checkpoints" / f"{span}.pt")) for span in SPANS[::2]
    )
    assert set(end["state"]["recipe"]) == {f"project.{layer}.{kind}" for layer in (0, 2) for kind in ("weight", "bias")}
    assert "unresumable" not in end
    moved = end["state"]["recipe"]["project.2.weight"] - begun["state"]["recipe"]["project.2.weight"]
    assert moved.abs().max() > 0
    labels = load_checkpoint(str(results(both, "labels") / "checkpoints" / f"{SPANS[-1]}.pt"))
    assert "recipe" not in labels["state"]
    # Both trainings begin with the same network.
    other = load_checkpoint(str(results(both, "labels") / "checkpoints" / "0000.pt"))["weights"][0]
    assert all((begun["weights"][0][name] == value).all() for name, value in other.items())


def trained(run):
    return Counter(job("train", run=run, span=span) for span in SPANS)


def of_rule(plan, rule):
    return Counter({name: count for name, count in plan.items() if name.split()[0] == rule})


def test_editing_the_recipe_trains_its_runs_again(both):
    """And no other run; touching the file runs nothing."""
    path = both.folder / "supcon.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("degrees=15", "degrees=10"), encoding="utf-8")
    plan = both.plan(*TARGETS)
    assert of_rule(plan, "train") == trained("contrastive")
    assert not any("run=labels" in name for name in plan)
    path.write_text(text, encoding="utf-8")
    assert both.plan(*TARGETS) == Counter(), "as it was"


def test_so_do_its_arguments_and_a_file_that_it_imports(both):
    both.configure(changed(CONFIG, "training.recipe_kwargs", {"temperature": 0.2}))
    assert of_rule(both.plan(*TARGETS), "train") == trained("contrastive")
    both.configure(CONFIG)
    path = both.folder / "supcon.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("import torch\n", "import parts_of_supcon\nimport torch\n", 1), encoding="utf-8")
    (both.folder / "parts_of_supcon.py").write_text("width = 3\n", encoding="utf-8")
    begun = "results/contrastive/checkpoints/0000.pt"
    copy = both.copy_to(both.folder.parent / "copy")
    copy.run(begun)
    assert copy.plan(begun) == Counter()
    (copy.folder / "parts_of_supcon.py").write_text("width = 4\n", encoding="utf-8")
    assert copy.plan(begun) == Counter([job("train", run="contrastive", span="0000")])
    path.write_text(text, encoding="utf-8")


def test_a_recipe_that_is_not_python_stops_before_any_job(both):
    (both.folder / "broken.py").write_text("class Works\n", encoding="utf-8")
    both.configure(changed(CONFIG, "training.recipe", "broken.py:Works"))
    output = both.run(*TARGETS, check=False)
    both.configure(CONFIG)
    assert both.returncode != 0 and "Traceback" not in output and "Building DAG" not in output
    assert "training.recipe: broken.py is not Python: " in output


def test_a_recipe_that_keeps_something_outside_its_state(tmp_path):
    """Its training ends after the first job that makes steps, with the reason; uncut it ends as any other."""
    text = shown_file(PAGE, "supcon.py").replace(
        "        views = ", "        self.steps = getattr(self, 'steps', 0) + 1\n        views = ", 1
    )
    project = Project(tmp_path / "checkout", changed(CONFIG, "runs", {"contrastive": {}}))
    (project.folder / "supcon.py").write_text(text, encoding="utf-8")
    output = project.run("results/contrastive/checkpoints/0005-0008.pt", check=False)
    assert project.returncode != 0 and "Traceback" not in output
    log = (results(project, "contrastive") / "logs" / "train" / "0005-0008.log").read_text(encoding="utf-8")
    said = "Error: training.recipe: supcon.py:SupervisedContrastive keeps steps from one step to the next"
    assert said in log and "training.epochs_per_job and steps_per_job to null" in log and "Traceback" not in log
    project.configure(changed(project.config, "training.epochs_per_job", None))
    project.run("results/contrastive/checkpoints/0001-0008.pt")
    assert "unresumable" in load_checkpoint(str(results(project, "contrastive") / "checkpoints" / "0001-0008.pt"))
