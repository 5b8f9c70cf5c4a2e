"""Finished small runs, each made once for all tests and all of their processes, and copies of one to change."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from support.project import Project, changed


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Project]) -> Project:
    """A project that the first process to ask for it makes, while others that ask wait; it is not to be changed.

    Parameters
    ----------
    tmp_path_factory : pytest's
    name : str
        Of its folder.
    make : callable
        Makes the project in the folder that it is given, runs it, and leaves what was printed in `output`.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        # The folder that the workers' own folders lie in.
        folder = folder.parent
    folder = folder / name
    output = folder.with_suffix(".output")
    with FileLock(folder.with_suffix(".lock")):
        if not output.exists():
            output.write_text(make(folder).output, encoding="utf-8")
    project = Project.over(folder)
    project.output = output.read_text(encoding="utf-8")
    return project


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """The tiny run, whole. Read only: tests that change anything take `project`."""

    def make(folder):
        project = Project(folder)
        project.output = project.run()
        return project

    return made_once(tmp_path_factory, "finished", make)


@pytest.fixture(scope="session")
def two_runs(finished, tmp_path_factory) -> Project:
    """The tiny run and a second one, whole, with their comparison. Read only: tests that change anything copy it."""

    def make(folder):
        project = finished.copy_to(folder)
        project.configure(changed(finished.config, "runs.second", {"training": {"learning_rate": 1e-3}}))
        project.output = project.run()
        return project

    return made_once(tmp_path_factory, "two_runs", make)


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished run, times and Snakemake's records included."""
    return finished.copy_to(tmp_path / "checkout")
