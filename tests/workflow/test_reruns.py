"""Change one thing: Snakemake then plans the jobs that depend on it, and no others."""

import os
from collections import Counter

import pytest

from support.planned_jobs import (
    ALL_EMBEDDINGS,
    ALL_METRICS,
    DRAWN_AGAIN,
    FIGURES,
    METRIC_FIGURES,
    ONCE_A_RUN,
    OVER_LAYERS,
    SPANS,
    STATIC_FIGURES,
    TAKEN_AGAIN,
    TRAINED_AGAIN,
    WHOLE_RUN,
    cells,
    cka_layers,
    cka_times,
    collect,
    of_second,
    one,
    raw_inputs,
    settings,
    snapshot,
    train,
)
from support.project import TINY, Project, changed


def test_a_new_project_plans_the_whole_run(tmp_path):
    assert Project(tmp_path / "checkout").plan() == WHOLE_RUN


def test_nothing_changed(project):
    assert project.plan() == Counter()


def test_touching_every_code_file_and_the_config(project):
    for name in ("Snakefile", "config.yaml", "workflow", "profiles", "envs"):
        for path in [project.folder / name, *(project.folder / name).rglob("*")]:
            os.utime(path)
    assert project.plan() == Counter()


def test_a_fresh_clone_over_existing_results(project, tmp_path):
    clone = Project(tmp_path / "clone")
    for name in ("results", ".snakemake"):
        (project.folder / name).rename(clone.folder / name)
    assert clone.plan() == Counter()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"plots.grid_times": [0, 2, 4]}, one("plot_grid", "plot_confusion", "plot_cka")),
        ({"plots.animation.fps": 7}, one("plot_animation")),
        ({"plots.explorer.max_samples": 50}, one("explorer")),
        ({"plots.animation.dpi": 30}, one("plot_animation")),
        ({"plots.animation.tween": 2}, one("plot_animation")),
        ({"plots.animation.gif_megabytes": 1}, one("plot_animation")),
        (
            {"plots.palette": "tab10"},
            one("plot_training_curves", "plot_raw_inputs", "plot_grid", "plot_animation", "explorer"),
        ),
        (
            {"plots.colors": {3: "#d00"}},
            one("plot_training_curves", "plot_raw_inputs", "plot_grid", "plot_animation", "explorer"),
        ),
        ({"plots.font": "DejaVu Serif"}, one(*STATIC_FIGURES, "plot_animation")),
        # The same, and so nothing.
        ({"plots.colors": {}}, Counter()),
        (
            {"plots.dpi": 60},
            one(*STATIC_FIGURES),
        ),
        ({"plots.formats": ["png", "pdf"]}, one(*STATIC_FIGURES)),
        ({"metrics.clusters": 9}, ALL_METRICS),
        ({"metrics.n_init": 3}, ALL_METRICS),
        ({"metrics.neighbors": 5}, ALL_METRICS),
        ({"embedding.perplexity": 12}, ALL_EMBEDDINGS),
        ({"embedding.pca_components": 20}, ALL_EMBEDDINGS),
        ({"embedding.alignment": "none"}, ALL_EMBEDDINGS),
        ({"embedding.method": "pca"}, ALL_EMBEDDINGS),
        ({"embedding.neighbors": 9}, Counter()),
        (
            # The snapshot jobs write the other layers again too, with the same bytes: nothing reads them again.
            {"layers": ["conv2", "fc1", "fc2"]},
            snapshot(*SPANS)
            + cells("measure", "embed", layers=["fc2"])
            + cka_layers(*SPANS)
            + cka_times("fc2")
            + OVER_LAYERS
            + one("plot_confusion", "plot_samples"),
        ),
        ({"layers": ["fc1"]}, OVER_LAYERS + cka_layers(*SPANS)),
        ({"activations.raw_inputs": False}, OVER_LAYERS + cka_layers(*SPANS)),
        ({"metrics.cka": False}, Counter()),
        # Few samples are measured on the CPU, whatever it says.
        ({"metrics.device": "auto"}, Counter()),
        # The figure of their shape has fewer panels, and the table fewer rows.
        (
            {"metrics.measures": ["effective_rank"]},
            ALL_METRICS - collect("class_metrics") - one("plot_neural_collapse"),
        ),
        (
            # No training: every epoch's weights are kept. The layouts that follow start from the new one.
            {"snapshots.also": [1]},
            snapshot("0001")
            + cells("measure", spans=["0001"])
            + cells("embed", spans=["0001", "0002", "0004"])
            + cka_layers("0001")
            + ONCE_A_RUN
            + OVER_LAYERS
            + one("plot_samples"),
        ),
        (
            {"training.epochs": 6},
            train("0005-0006")
            + snapshot("0006")
            + cells("measure", "embed", spans=["0006"])
            + cka_layers("0006")
            + ONCE_A_RUN
            + collect("history")
            + one("plot_training_curves", "plot_samples")
            + OVER_LAYERS,
        ),
        (
            {"training.epochs": 2, "plots.grid_times": [0, 2]},
            collect("history")
            + ONCE_A_RUN
            + one("plot_training_curves", "plot_confusion", "plot_samples")
            + OVER_LAYERS,
        ),
        ({"training.learning_rate": 1e-3}, TRAINED_AGAIN),
        ({"training.threads": 2}, TRAINED_AGAIN),
        # The weights of other epochs go. Snakemake cannot know beforehand that the remaining ones will be the same.
        ({"training.keep_epochs": "snapshots"}, TRAINED_AGAIN),
        (
            {"model.name": "mlp", "layers": ["fc1", "fc2"]},
            TRAINED_AGAIN
            - cells("measure", "embed", layers=["conv2"])
            + cells("measure", "embed", layers=["fc2"])
            - cka_times("conv2")
            + cka_times("fc2")
            + one("contents"),
        ),
        ({"seed": 4}, DRAWN_AGAIN),
        ({"dataset.train_size": 290}, DRAWN_AGAIN),
        ({"dataset.image_size": 12}, DRAWN_AGAIN),
        ({"dataset.normalize": "none"}, DRAWN_AGAIN),
        ({"runs.tiny.dataset.normalize": {"mean": 0.5, "std": 0.5}}, DRAWN_AGAIN),
        ({"activations.compact": False}, TAKEN_AGAIN),
        # Of few samples 0 is what auto stands for.
        ({"activations.tolerance": 0}, Counter()),
        ({"activations.tolerance": 0.1}, TAKEN_AGAIN),
        ({"runs.second": {"seed": 4}}, of_second(WHOLE_RUN)),
        # The images that it has already.
        ({"dataset.seed": 3}, Counter()),
        ({"dataset.seed": 5}, DRAWN_AGAIN),
        # There is nothing to compare.
        ({"comparison.threshold": 0.5}, Counter()),
        ({"runs.tiny.training.learning_rate": 1e-3}, TRAINED_AGAIN),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) and not isinstance(value, Counter) else "",
)
def test_changing_keys(project, changes, expected):
    config = TINY
    for key, value in changes.items():
        config = changed(config, key, value)
    project.configure(config)
    assert project.plan() == expected


def test_a_change_to_one_run_leaves_the_other(two_runs, tmp_path):
    project = two_runs.copy_to(tmp_path / "checkout")
    project.configure(changed(project.config, "runs.second.training.learning_rate", 2e-3))
    assert project.plan() == of_second(TRAINED_AGAIN)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("plot_grid", one("plot_grid")),
        ("explorer", one("explorer")),
        ("evolution/figures/metric_titles", one("plot_metric_curves", "explorer", "summary")),
        ("evolution/figures/style", one(*FIGURES[:-1])),
        ("measure", ALL_METRICS),
        ("evolution/measures/probe", ALL_METRICS),
        ("measure_collapse", settings("measure_collapse") + one("measure_collapse", "plot_neural_collapse")),
        ("cka_layers", settings("cka_layers") + cka_layers(*SPANS) + one("plot_cka")),
        ("embed", ALL_EMBEDDINGS),
        (
            "collect",
            collect("history", "metrics", "class_metrics", "embedding")
            + one(*FIGURES)
            - one("plot_raw_inputs", "plot_class_separation", "plot_confusion", "plot_samples", "plot_cka"),
        ),
        ("plot_samples", one("plot_samples")),
        ("train", TRAINED_AGAIN),
        ("prepare_data", DRAWN_AGAIN),
        ("snapshot", TAKEN_AGAIN - raw_inputs()),
    ],
)
def test_editing_a_script(project, script, expected):
    path = project.folder / "workflow" / "scripts" / f"{script}.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert project.plan() == expected


def test_editing_a_part_of_the_page(project):
    path = project.folder / "workflow" / "scripts" / "evolution" / "explorer" / "page.css"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert project.plan() == one("explorer")


def test_changes_that_come_together_with_a_new_layer(project):
    """The new layer makes the snapshot jobs run. The other change must not be hidden by them."""
    config = changed(changed(TINY, "layers", ["conv2", "fc1", "fc2"]), "metrics.neighbors", 5)
    figures = OVER_LAYERS + one("plot_confusion", "plot_samples") + cka_layers(*SPANS) + cka_times("fc2")
    project.configure(config)
    plan = project.plan()
    assert (
        plan
        == (snapshot(*SPANS) + cells("embed", layers=["fc2"]) + cells("measure", layers=["fc2"]) + ALL_METRICS)
        | figures
    )
    project.configure(changed(config, "metrics.neighbors", TINY.get("neighbors", 10)))
    path = project.folder / "workflow" / "scripts" / "embed.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert (
        project.plan()
        == (snapshot(*SPANS) + cells("embed", layers=["fc2"]) + cells("measure", layers=["fc2"]) + ALL_EMBEDDINGS)
        | figures
    )


def test_deleting_a_metrics_file(project):
    project.path("metrics/0002/fc1.parquet").unlink()
    assert project.plan() == (
        cells("measure", spans=["0002"], layers=["fc1"]) + collect("metrics", "class_metrics") + one(*METRIC_FIGURES)
    )


def test_cores_and_profile_change_nothing(project):
    assert project.plan("--cores", "1") == Counter()
    assert project.plan("--cores", "16", "--resources", "gpu=1") == Counter()
    slurm = ("--workflow-profile", "profiles/slurm", "--executor", "local")
    assert project.plan(*slurm, "--config", "snapshots_per_job=1") == Counter()


def test_more_snapshots_a_job_keeps_single_epochs(project):
    """Epoch 0 is always a span of its own; epochs 2 and 4 become one span, and are computed under its name."""
    project.configure(changed(TINY, "snapshots_per_job", 2))
    spans = ["0002-0004"]
    figures = OVER_LAYERS + one("plot_confusion", "plot_samples")
    jobs = snapshot(*spans) + cells("measure", "embed", spans=spans) + cka_layers(*spans) + ONCE_A_RUN
    assert project.plan() == jobs + figures


def test_a_layer_added_and_run_leaves_nothing_to_do(project):
    """The plan leaves out nothing that is needed: afterwards all is up to date, and old cells are untouched."""
    old = {name: content for name, content in project.artifacts().items() if "/metrics/" in name}
    times = {name: (project.folder / "results" / name).stat().st_mtime_ns for name in old}
    activations = project.path("activations/0002/fc1.npy").read_bytes()
    project.configure(changed(TINY, "layers", ["conv2", "fc1", "fc2"]))
    project.run()
    assert project.plan() == Counter()
    assert project.path("activations/0002/fc1.npy").read_bytes() == activations
    assert {name: (project.folder / "results" / name).stat().st_mtime_ns for name in old} == times


def test_the_command_line_counts_as_a_file_does(project):
    """Also values that lie deeper than one key, which Snakemake hands on as text."""
    asked = project.plan("training", "--config", "training={epochs: 6, learning_rate: 1e-3}")
    project.configure(changed(changed(TINY, "training.epochs", 6), "training.learning_rate", 1e-3))
    assert asked == project.plan("training") and asked["train run=tiny span=0005-0006"] == 1


def test_a_training_in_the_place_of_another_is_named(project):
    words = "Trained again, in place of what results/ holds: tiny. Another time"
    assert words not in project.run("training")
    assert words in project.snakemake("--dry-run", "training", "--config", "seed=5")
    assert words in project.run("training", "--config", "seed=5")
    assert words not in project.snakemake("--dry-run", "training", "--config", "seed=5")


def test_until_train_names_the_target(project):
    """Snakemake ends well after the first job of the chain, or with nothing to do, as here."""
    words = "give the target `training` in its place."
    assert words in project.run("--until", "train")
    assert words in project.snakemake("--dry-run", "--until", "train")
    assert words not in project.snakemake("--dry-run", "training")
