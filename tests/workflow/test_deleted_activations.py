"""The activations of a finished run can be deleted, as docs/clusters.md says."""

import shutil

from support.planned_jobs import SPANS, TRAINING, cells, pixel_cells, snapshot
from support.project import changed


def test_nothing_runs_again_for_activations_that_are_deleted(project):
    shutil.rmtree(project.path("activations"))
    assert project.plan() == {}


def test_a_change_then_takes_snapshots_again_and_trains_nothing(project):
    shutil.rmtree(project.path("activations"))
    project.configure(changed(project.config, "metrics.neighbors", 5))
    planned = project.plan()
    wanted = snapshot(*SPANS) + cells("measure", "embed") + pixel_cells("measure", "embed")
    assert wanted <= planned
    assert not planned & TRAINING
