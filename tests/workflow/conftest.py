"""One finished small run, made once, and copies of it to change."""

import os
import shutil

import pytest

from support.project import Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """The tiny run, whole. Read only: tests that change anything take `project`."""
    project = Project(tmp_path_factory.mktemp("finished") / "checkout")
    project.output = project.run()
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished run, times and Snakemake's records included."""
    folder = tmp_path / "checkout"
    shutil.copytree(finished.folder, folder, copy_function=copy_file)
    copy = Project.__new__(Project)
    copy.folder, copy.config = folder, finished.config
    return copy


def copy_file(source, target):
    """Copy a file with its times, to the nanosecond."""
    shutil.copy2(source, target)
    # copy2 rounds times on some file systems; Snakemake compares them exactly.
    status = os.stat(source)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
