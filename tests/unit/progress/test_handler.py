"""Real runs of Snakemake on a Snakefile of a few rules, with this plugin."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "progress" / "src"

SNAKEFILE = """
if config.get("wrong"):
    raise WorkflowError("wrong: this is not allowed")

rule all:
    input: expand("{name}.txt", name=["a", "b", "c"])

rule make:
    output: "{name}.txt"
    log: "{name}.log"
    message: "Making {wildcards.name}."
    shell: config.get("command", "echo {wildcards.name} is made > {log}; touch {output}")
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    return tmp_path


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "snakemake", "--nocolor", "--cores", "1", *arguments, "--logger", "progress"]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE), "TERM": "xterm"}


def snakemake(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout


def test_a_line_for_each_job_and_nothing_else_of_them(folder):
    status, output = snakemake(folder)
    assert status == 0
    plan, *lines, log, elapsed = output.splitlines()
    assert plan == "4 jobs: 3 make, all"
    texts = [re.fullmatch(r"\[\d\d:\d\d:\d\d\] (\d/4)  (.+) \(\d+\.\d s\)", line).groups() for line in lines]
    assert [number for number, _ in texts] == ["1/4", "2/4", "3/4", "4/4"]
    assert {text for _, text in texts} == {"Making a", "Making b", "Making c", "all"}
    assert log.startswith("Complete log(s): ")
    assert elapsed.startswith("Elapsed time: ")
    # Snakemake's own log has kept the rest.
    (path,) = (folder / ".snakemake" / "log").glob("*.log")
    kept = path.read_text(encoding="utf-8")
    assert "Job stats:" in kept
    assert "Reason: Missing output files: a.txt" in kept


def test_verbose_prints_what_snakemake_prints(folder):
    _, output = snakemake(folder, "--verbose")
    assert "Job stats:" in output
    assert "Reason: Missing output files: a.txt" in output
    assert "4 of 4 steps (100%) done" in output


def test_a_dry_run_says_why_each_job_would_run(folder):
    status, output = snakemake(folder, "--dry-run")
    assert status == 0
    assert "Making a." in output
    assert "Reason: Missing output files: a.txt" in output
    assert "This was a dry-run" in output
    assert "Host:" not in output


def test_quiet_prints_nothing(folder):
    assert snakemake(folder, "--quiet", "all")[1] == ""


def test_a_failure_is_printed_with_its_log_and_counted_at_the_end(folder):
    fails = "command=echo Error: {wildcards.name} is damaged > {log}; test {wildcards.name} != b && touch {output}"
    status, output = snakemake(folder, "--keep-going", "--show-failed-logs", "--config", fails)
    assert status == 1
    assert re.search(r"Failed: Making b \(.+ s\)\n    b\.log says:\n        Error: b is damaged\n", output)
    assert "Traceback" not in output
    assert "Error in rule" not in output
    assert output.splitlines()[-1] == "1 of 4 jobs failed, 2 are done, and 1 did not run."


def test_without_the_wish_for_logs_a_failure_names_its_log(folder):
    status, output = snakemake(folder, "--config", "command=false")
    assert status == 1
    assert re.search(r"Failed: Making . \(.+ s\)\n    log: ..log\n", output)


def test_a_job_that_a_signal_ended_is_said_to_have(folder):
    script = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    (folder / "dies.py").write_text(script, encoding="utf-8")
    text = SNAKEFILE.replace("    shell: config", '    script: "dies.py" #')
    (folder / "Snakefile").write_text(text, encoding="utf-8")
    status, output = snakemake(folder, "a.txt")
    assert status == 1
    assert "dies.py died with <Signals.SIGKILL: 9>." in output


def test_a_job_that_an_interrupt_ended_hides_no_other_failure(folder):
    script = "import os, signal; signal.signal(2, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGINT)"
    (folder / "dies.py").write_text(script, encoding="utf-8")
    text = SNAKEFILE.replace('"c"])', '"c"]), "d.txt"')
    text += 'rule die:\n    output: "d.txt"\n    priority: 9\n    message: "Dying."\n    script: "dies.py"\n'
    text = text.replace("rule make:", "ruleorder: die > make\nrule make:")
    (folder / "Snakefile").write_text(text, encoding="utf-8")
    fails = "command=echo REAL FAULT > {log}; test {wildcards.name} != b && touch {output}"
    status, output = snakemake(folder, "--keep-going", "--show-failed-logs", "--config", fails)
    assert status == 1
    assert "dies.py died with <Signals.SIGINT: 2>." in output
    assert "Failed: Dying (" in output
    assert "REAL FAULT" in output
    assert "Stopped" not in output
    assert output.splitlines()[-1] == "2 of 5 jobs failed, 2 are done, and 1 did not run."


def test_a_job_without_its_file_counts_as_failed(folder):
    status, output = snakemake(
        folder, "--keep-going", "--config", "command=test {wildcards.name} = b || touch {output}"
    )
    assert status == 1
    assert "some output files are missing" in output
    assert output.splitlines()[-1] == "1 of 4 jobs failed, 2 are done, and 1 did not run."


def test_an_error_of_the_config_is_its_message_alone(folder):
    status, output = snakemake(folder, "--config", "wrong=1")
    assert status == 1
    assert output.splitlines()[-1] == "wrong: this is not allowed"
    assert "Snakefile" not in output
    assert 'File "' in snakemake(folder, "--verbose", "--config", "wrong=1")[1]


def test_a_target_that_is_taken_for_a_config_file_is_named(folder):
    (folder / "c.yaml").write_text("{}", encoding="utf-8")
    status, output = snakemake(folder, "--configfile", "c.yaml", "a.txt")
    assert status == 1
    assert output.splitlines()[-1] == (
        "There is no config file a.txt. --configfile takes all words that follow it: if this is a target, write it "
        "before --configfile."
    )
    assert "Traceback" not in output


class Terminal:
    """Snakemake in a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str):
        ours, theirs = pty.openpty()
        self.output = ""
        self.process = subprocess.Popen(
            command(*arguments),
            cwd=folder,
            env=environment(),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.file = ours

    def read_until(self, words: str) -> None:
        end = time.monotonic() + 60
        while words not in self.output and time.monotonic() < end:
            self.output += os.read(self.file, 65536).decode()
        assert words in self.output

    def rest(self) -> str:
        try:
            while text := os.read(self.file, 65536):
                self.output += text.decode()
        except OSError:  # The other end is closed.
            pass
        self.process.wait(timeout=60)
        os.close(self.file)
        return self.output.replace("\r", "")


def test_a_terminal_has_a_bar_with_what_runs(folder):
    terminal = Terminal(folder, "--config", "command=sleep 1; touch {output}")
    terminal.read_until("Making ")
    terminal.read_until("1/4, about ")
    output = terminal.rest()
    assert terminal.process.returncode == 0
    # The bar has gone with the last job: after it there are whole lines alone.
    assert "\x1b[" not in output[output.index("4/4  all") :].split("Complete log")[1]


def test_an_interrupt_ends_in_one_sentence_that_says_where(folder, heeded_signals):
    terminal = Terminal(folder, "--config", "command=test -e first && sleep 60; touch first {output}")
    terminal.read_until("1/4")
    terminal.read_until("Making ")
    time.sleep(1)
    os.killpg(terminal.process.pid, signal.SIGINT)
    output = terminal.rest()
    assert terminal.process.returncode != 0
    assert re.search(
        r"Stopped after 1 of 4 jobs, in the middle of: Making .\. The same command goes on from there\.\n$", output
    )
    assert "Failed" not in output
    assert "Traceback" not in output


def test_an_interrupt_of_the_planning_ends_in_one_sentence(folder, heeded_signals):
    text = "print('planning', flush=True)\nimport time\ntime.sleep(60)\n" + SNAKEFILE
    (folder / "Snakefile").write_text(text, encoding="utf-8")
    terminal = Terminal(folder)
    terminal.read_until("planning")
    os.killpg(terminal.process.pid, signal.SIGINT)
    output = terminal.rest()
    assert terminal.process.returncode != 0
    assert output.endswith("Stopped before any job ran. The same command begins again.\n")
    assert "Traceback" not in output
