"""Starting the worker; what it does then is in test_server.py."""

import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from evolution.startup.worker import no_worker_because, put_worker_in_place, start_worker
from support.worker import MARK, Worker

linux = pytest.mark.skipif(sys.platform != "linux", reason="the worker is used on Linux alone")


HERE = {"submitted": False, "in_conda": False, "in_containers": False}


@pytest.mark.parametrize(
    ("value", "because"), [(None, None), ("", None), ("0", None), ("1", "EVOLUTION_NO_WORKER is set")]
)
@linux
def test_it_can_be_switched_off(monkeypatch, value, because):
    monkeypatch.delenv("EVOLUTION_NO_WORKER", raising=False)
    if value is not None:
        monkeypatch.setenv("EVOLUTION_NO_WORKER", value)
    assert no_worker_because(**HERE) == because


def test_it_is_used_where_libraries_can_be_forked(monkeypatch):
    monkeypatch.delenv("EVOLUTION_NO_WORKER", raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert no_worker_because(**HERE) == "this system is not Linux"


@pytest.mark.parametrize("where", HERE)
@linux
def test_jobs_that_it_cannot_start_are_named(monkeypatch, where):
    monkeypatch.delenv("EVOLUTION_NO_WORKER", raising=False)
    reasons = {"submitted": "submits", "in_conda": "conda environments", "in_containers": "containers"}
    assert reasons[where] in no_worker_because(**HERE | {where: True})


def test_it_is_started_once_however_its_folder_is_spelled(tmp_path, monkeypatch):
    """Modules of one clone may reach it by a link; a second worker would stand around the first one's shell."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "link").symlink_to("scripts")
    started, shell = [], SimpleNamespace(executable=lambda program: None, get_executable=lambda: "bash")
    monkeypatch.setattr(import_module("snakemake.shell"), "shell", shell)
    monkeypatch.setattr("evolution.startup.worker.start_worker", lambda *given: started.append(given))
    for name in ("scripts", "link", "link/../scripts"):
        put_worker_in_place(tmp_path / name)
    assert started == [(tmp_path / "scripts", "bash")]


@linux
def test_what_stands_for_the_shell_has_its_name(tmp_path):
    """Snakemake puts `set -euo pipefail` before a command if the shell is called bash."""
    with Worker(tmp_path, {"known": ""}) as worker:
        assert Path(worker.launcher).name == "bash"
        # A folder of its own that nobody else can write to.
        assert Path(worker.launcher).parent.stat().st_mode & 0o777 == 0o700


@linux
def test_nothing_is_loaded_before_a_job_needs_it(tmp_path):
    path = tmp_path / "loaded"
    (tmp_path / "noting_library.py").write_text(f"open({str(path)!r}, 'w').close()", encoding="utf-8")
    with Worker(tmp_path, {"known": "print('ran')"}, ("noting_library",)) as worker:
        assert worker.run("true")[0] == 0
        assert not path.exists()
        assert worker.run(worker.command("known")) == (0, "ran\n", "")
        assert path.exists()


@linux
@pytest.mark.parametrize("fits", [True, False])
def test_sockets_lie_with_temporary_files_or_where_their_paths_are_short_enough(tmp_path, monkeypatch, short, fits):
    place = short if fits else tmp_path / ("long" * 30)
    place.mkdir(exist_ok=True)
    monkeypatch.setenv("TMPDIR", str(place))
    with Worker(tmp_path, {"known": f"import sys; print({MARK!r} in sys.modules)"}) as worker:
        assert len(list(place.glob("evolution-*"))) == fits
        assert worker.run(worker.command("known")) == (0, "True\n", "")
    assert list(place.iterdir()) == []


@linux
def test_without_a_folder_for_temporary_files_it_is_an_error_and_leaves_nothing(tmp_path, monkeypatch, short):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(short / "gone"))
    with pytest.raises(OSError, match="gone"):
        start_worker(tmp_path, "/bin/bash")
    assert list(tmp_path.iterdir()) == []


@linux
def test_a_shell_that_does_not_start_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match="does not start /no/such/bash"):
        start_worker(tmp_path, "/no/such/bash", {"analysis": [], "torch": []})
    assert list((tmp_path / ".snakemake").iterdir()) == []
