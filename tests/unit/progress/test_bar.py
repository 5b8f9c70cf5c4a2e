import io

import pytest
from rich.console import Console

from snakemake_logger_plugin_progress.bar import MOST_NAMED, Bar
from snakemake_logger_plugin_progress.jobs import Jobs


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)


def lines(console: Console, jobs: Jobs) -> list[str]:
    with console.capture() as captured:
        console.print(Bar(console, jobs).drawing())
    return [line.rstrip() for line in captured.get().splitlines()]


def test_before_the_plan_is_there_it_says_so(console):
    assert lines(console, Jobs()) == ["Planning ..."]


def test_it_names_what_is_done_and_what_runs(console):
    now = 0.0
    jobs = Jobs(lambda: now)
    jobs.plan({"measure": 3})
    jobs.start(1, "measure", "Measuring a")
    now = 20.0
    jobs.end(1, well=True)
    jobs.start(2, "measure", f"Measuring {'b' * 100}")
    bar, running = lines(console, jobs)
    assert bar.endswith("1/3, about 40 s left")
    assert running.startswith("  Measuring bbb")
    assert len(running) <= 80


def test_of_many_jobs_it_names_some(console):
    jobs = Jobs()
    jobs.plan({"measure": 50})
    for number in range(50):
        jobs.start(number, "measure", f"Measuring {number}")
    drawn = lines(console, jobs)
    assert len(drawn) == MOST_NAMED + 2
    assert drawn[-1] == f"  and {50 - MOST_NAMED} more"


def test_it_is_gone_when_it_is_stopped(console):
    bar = Bar(console, Jobs())
    bar.start()
    bar.stop()
    # Stopped twice, and without a start, it is no error.
    bar.stop()
    Bar(console, Jobs()).stop()
    assert console.file.getvalue().endswith("\x1b[2K")
