"""How Snakemake is called for its report, where that cannot be tried: with conda."""

import sys
from pathlib import Path

import pytest
import yaml

import write_report


@pytest.mark.parametrize("conda", [False, True])
def test_the_report_is_written_by_the_snakemake_that_is_at_work(tmp_path, monkeypatch, conda):
    commands = []

    def run(command, check):
        given, page = (Path(command[command.index(name) + 1]) for name in ("--configfile", "--report"))
        commands.append((command, yaml.safe_load(given.read_text(encoding="utf-8"))))
        page.write_text("whole", encoding="utf-8")

    monkeypatch.setattr(write_report.subprocess, "run", run)
    monkeypatch.setattr(sys, "executable", "python of an environment without Snakemake")
    output = tmp_path / "report.html"
    write_report.write_report({"seed": 3}, "theirs/python", "Snakefile", ["a.png"], str(output), conda)
    ((command, config),) = commands
    assert command[:4] == ["theirs/python", "-m", "snakemake", "a.png"] and config == {"seed": 3}
    assert (command[-2:] == ["--software-deployment-method", "conda"]) == conda
    assert output.read_text() == "whole" and list(tmp_path.iterdir()) == [output]
