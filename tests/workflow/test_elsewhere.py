"""The workflow from a folder of the user's: it finds the default config and examples, and results lie where asked."""

import re
import shutil
import subprocess

import pytest
import yaml
from filelock import FileLock

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


def test_results_of_another_working_directory_are_left_alone(clone, tmp_path):
    """Its records are there: Snakemake would see no change here, and take what another seed made as its own."""
    config = TINY | {"results": str(tmp_path / "out")}
    first, second = Elsewhere(tmp_path / "first", clone), Elsewhere(tmp_path / "second", clone)
    for folder, seed in ((first, 3), (second, 4)):
        (folder.folder / "config.yaml").write_text(yaml.safe_dump(config | {"seed": seed}))
    first.run("data")
    made = (tmp_path / "out" / "tiny" / "dataset.npz").read_bytes()
    for command in (("--dry-run", "data"), ("--cores", "1", "data")):
        output = second.snakemake(*command, check=False)
        assert second.returncode and "Traceback" not in output
        assert f"{tmp_path}/out/ was made from another folder than this one" in output
    assert (tmp_path / "out" / "tiny" / "dataset.npz").read_bytes() == made
    # Moved along with its records, and from another clone's folder, it goes on, and sees a change.
    first.folder = (tmp_path / "first").rename(tmp_path / "moved")
    assert first.plan("data") == {}
    (first.folder / "config.yaml").write_text(yaml.safe_dump(config | {"seed": 4}))
    assert first.plan("data") == {"prepare_data run=tiny": 1}
    # The remedy where the records are gone, as the message states it.
    shutil.rmtree(first.folder / ".snakemake")
    (command,) = re.findall(r"rm .*/\.records_id", first.snakemake("--dry-run", "data", check=False))
    subprocess.run(command, shell=True, check=True)
    assert first.plan("data") == {}


def test_two_snakemakes_on_one_folder_of_results(clone, tmp_path):
    elsewhere = Elsewhere(tmp_path / "mine", clone)
    (elsewhere.folder / "config.yaml").write_text(yaml.safe_dump(TINY | {"results": "../out"}))
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / ".running.lock"):
        output = elsewhere.run("data", check=False)
    assert elsewhere.returncode and "Another Snakemake is at work on ../out/. Wait until it ends" in output
    assert not (tmp_path / "out" / "tiny").exists()
    elsewhere.run("data")
    # Results of before, without an id, belong to who goes on with them first.
    (tmp_path / "out" / ".records_id").unlink()
    assert elsewhere.plan("data") == {}
    (tmp_path / "out" / "tiny" / "dataset.npz").unlink()
    elsewhere.run("data")
    assert (tmp_path / "out" / ".records_id").is_file() and elsewhere.plan("data") == {}
