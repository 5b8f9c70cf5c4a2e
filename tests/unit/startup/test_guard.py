"""When imports are left as they are."""

import importlib.metadata

import pytest

from evolution.startup import guard
from evolution.startup.load_analysis import TESTED as ANALYSIS
from evolution.startup.load_torch import TESTED as TORCH


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    monkeypatch.delenv(guard.OFF_SWITCH, raising=False)


@pytest.mark.parametrize(("value", "plain"), [(None, False), ("", False), ("0", False), ("1", True), ("yes", True)])
def test_the_off_switch(monkeypatch, value, plain):
    if value is not None:
        monkeypatch.setenv("EVOLUTION_PLAIN_IMPORTS", value)
    assert guard.plain_imports() == plain
    assert guard.may_substitute() != plain


@pytest.mark.parametrize("name", [*ANALYSIS, *TORCH])
def test_the_installed_version_is_the_one_that_importlib_reads(name):
    assert guard.installed_major(name) == int(importlib.metadata.version(name.replace("_", "-")).split(".")[0])


@pytest.mark.parametrize("tested", [ANALYSIS, TORCH], ids=["analysis", "torch"])
def test_the_pinned_versions_are_those_that_were_tested(tested):
    assert guard.may_substitute(**tested)


@pytest.mark.parametrize(
    "folder", ["scikit_learn-7.0.1.dist-info", "scikit_learn-7.1-py3.11.egg-info", "Scikit_Learn-7.dist-info"]
)
def test_a_version_is_read_off_the_first_folder_on_the_path(tmp_path, monkeypatch, folder):
    (tmp_path / folder).mkdir()
    (tmp_path / "scikit_learn_extra-3.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "none")
    monkeypatch.syspath_prepend(tmp_path)
    assert guard.installed_major("scikit_learn") == 7
    assert not guard.may_substitute(**ANALYSIS)


def test_a_library_that_is_not_installed_has_no_version():
    assert guard.installed_major("no_such_library") is None
    assert not guard.may_substitute(no_such_library=1)
