"""The workflow from a folder of the user's: it finds the default config and examples, and results lie where asked."""

import shutil

import pytest
import yaml

from support.project import ROOT, TINY, Project


class Elsewhere(Project):
    """A folder without the workflow's code, which is run by --snakefile."""

    def __init__(self, folder, clone):
        self.folder, self.clone = folder, clone
        folder.mkdir()

    def command(self, *arguments):
        return [*super().command(), "--snakefile", str(self.clone.folder / "Snakefile"), *arguments]


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("clone"), TINY)
    shutil.copytree(ROOT / "examples", project.folder / "examples")
    return project


@pytest.fixture
def elsewhere(tmp_path, clone):
    return Elsewhere(tmp_path / "mine", clone)


def runs_in(plan):
    return {word for name in plan for word in name.split() if word.startswith("run=")}


def test_the_default_config_is_the_workflows_and_then_that_of_the_folder(elsewhere):
    assert runs_in(elsewhere.plan("training")) == {"run=tiny"}
    (elsewhere.folder / "config.yaml").write_text(yaml.safe_dump(TINY | {"runs": {"own": {}}}))
    assert runs_in(elsewhere.plan("training")) == {"run=own"}


def test_examples_and_presets_name_their_files_from_where_they_lie(elsewhere, clone):
    example = str(clone.folder / "examples" / "residual.yaml")
    assert runs_in(elsewhere.plan("training", "--configfile", example)) == {"run=residual", "run=tiny"}
    assert not (elsewhere.folder / "examples").exists()
    preset = str(clone.folder / "workflow" / "presets" / "quick.yaml")
    assert runs_in(elsewhere.plan("training", "--configfile", preset)) == {"run=quick"}


def test_results_lie_where_the_config_says(clone, tmp_path):
    """And planning reads them there: a training that may end by itself is planned by what it wrote."""
    config = TINY | {"training": TINY["training"] | {"stop": {"train_accuracy": 0.2}}, "results": str(tmp_path / "out")}
    elsewhere = Elsewhere(tmp_path / "mine", clone)
    (elsewhere.folder / "config.yaml").write_text(yaml.safe_dump(config))
    elsewhere.run("training", "snapshots")
    assert sorted(path.name for path in elsewhere.folder.iterdir()) == [".snakemake", "config.yaml"]
    tiny = tmp_path / "out" / "tiny"
    assert (tiny / "training_end.json").is_file() and (tiny / "checkpoints" / "0001-0002.pt").is_file()
    assert (tiny / "benchmarks" / "train" / "0000.tsv").is_file()
    assert elsewhere.plan("training", "snapshots") == {}
