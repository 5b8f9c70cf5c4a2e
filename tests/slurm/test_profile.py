"""The SLURM profile, as far as it can be tested without a SLURM."""

import re

import pytest
import yaml

from support.project import ROOT, Project

DEFAULT_EXPERIMENT = yaml.safe_load((ROOT / "config.yaml").read_text())


@pytest.fixture
def project(tmp_path) -> Project:
    return Project(tmp_path / "checkout", DEFAULT_EXPERIMENT)


def submissions(announced: list[dict]) -> int:
    """How many submissions a dry run announces: groups, and jobs outside of groups that are not local."""
    groups = [note for note in announced if "group" in note]
    single = [note for note in announced if "rule" in note and not note["in_group"] and not note["target"]]
    return len(groups) + len([note for note in single if note["rule"] not in local_rules()])


def local_rules() -> set[str]:
    """The rules whose jobs run where Snakemake does."""
    blocks = [
        re.split(r"^ *rule (\w+):$", path.read_text(), flags=re.M)[1:]
        for path in (ROOT / "workflow" / "rules").glob("*.smk")
    ]
    named = [pair for block in blocks for pair in zip(block[::2], block[1::2], strict=True)]
    return {rule for rule, text in named if re.search(r"^ *localrule: True$", text, flags=re.M)}


def test_default_experiment_is_at_most_40_submissions(project):
    announced = project.announced("--workflow-profile", "slurm")
    assert 10 < submissions(announced) <= 40


def test_without_spans_it_is_hundreds(project):
    """So the count means something: a job to measure and one to embed each of 5 layers in each of 52 snapshots."""
    announced = project.announced("--workflow-profile", "slurm", "--config", "snapshots_per_job=1")
    assert submissions(announced) > 2 * 5 * 52


def test_what_the_default_profile_sets_is_set():
    """A workflow profile replaces the default one, and so has to repeat it."""
    default, slurm = (
        yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text()) for name in ("default", "slurm")
    )
    assert default.items() <= slurm.items()
