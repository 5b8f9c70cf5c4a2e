import pytest
from snakemake.exceptions import WorkflowError, format_exception_to_string

from snakemake_logger_plugin_progress.texts import (
    end_in_words,
    error_in_words,
    failure_in_words,
    failures_in_words,
    is_news,
    may_be_stopped,
    plan_in_words,
    says_stopped,
    seconds_in_words,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (99.4, "99 s"),
        (99.6, "2 min"),
        (59.4 * 60, "59 min"),
        (59.6 * 60, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_seconds(seconds, words):
    assert seconds_in_words(seconds) == words


def test_the_plan_names_each_rule():
    assert plan_in_words({"train": 1, "measure": 21, "all": 1}) == "23 jobs: train, 21 measure, all"
    assert plan_in_words({"all": 1}) == "1 job: all"
    lines = plan_in_words({f"rule_{n}": n for n in range(2, 60)}).splitlines()
    assert max(map(len, lines)) <= 100
    assert not [line for line in lines if line[-1].isdigit()][:-1]


def test_what_each_run_says_is_no_news():
    assert not is_news("Building DAG of jobs...")
    assert not is_news("Job 4 has been submitted with SLURM jobid 17 (log: a.log).")
    assert is_news("Warning (a): the labels are odd.")


def test_a_person_who_stops_the_run_is_recognised():
    assert says_stopped("Terminating processes on user request, this might take some time.")
    assert says_stopped("Traceback ...\nKeyboardInterrupt\n\nRuntimeError: Cannot close a running loop", "RuntimeError")
    assert not says_stopped("Class 'KeyboardInterrupt' is odd.")


def test_an_interrupted_job_may_be_one_that_a_person_has_stopped():
    assert may_be_stopped("Command 'set -euo pipefail;  python a.py' died with <Signals.SIGINT: 2>.")
    assert not may_be_stopped("Command 'set -euo pipefail;  python a.py' died with <Signals.SIGKILL: 9>.")


def test_a_config_error_has_no_lines_of_the_snakefile():
    """Of an error as Snakemake itself formats it, with the lines it went through."""
    source = "def checked():\n    raise WorkflowError('seed: x is not allowed\\nwrite a number')\nchecked()\n"
    with pytest.raises(WorkflowError) as raised:
        exec(compile(source, "/a/config.smk", "exec"), {"WorkflowError": WorkflowError})
    message = format_exception_to_string(raised.value, {"/a/config.smk": {1: 1, 2: 2, 3: 3}})
    assert 'File "/a/config.smk"' in message
    assert error_in_words(message, "WorkflowError") == "seed: x is not allowed\nwrite a number"


@pytest.mark.parametrize("place", ["", ' in file "/a/b.smk", line 4', ' in rule a in file "/a/b.smk", line 4'])
def test_the_place_of_a_workflow_error_is_left_out(place):
    assert error_in_words(f"WorkflowError{place}:\nNot so.", "WorkflowError") == "Not so."


def test_that_some_job_failed_is_said_in_other_words():
    message = format_exception_to_string(WorkflowError("At least one job did not complete successfully."), {})
    assert error_in_words(message, "WorkflowError") is None
    assert failures_in_words(0, 1, 1) == "1 of 1 jobs failed, 0 are done."
    assert failures_in_words(1, 2, 9) == "2 of 9 jobs failed, 1 is done, and 6 did not run."


def test_how_a_script_ended_is_said_where_a_signal_ended_it():
    start = 'RuleException:\nCalledProcessError in file "a.smk", line 3:\n'
    start += "Command 'python /x/.snakemake/scripts/tmpabc.measure.py' "
    assert error_in_words(f"{start}returned non-zero exit status 1.", "RuleException") is None
    killed = error_in_words(f"{start}died with <Signals.SIGKILL: 9>.", "RuleException")
    assert killed == "measure.py died with <Signals.SIGKILL: 9>."


def test_how_a_shell_command_ended_is_said_as_snakemake_says_it():
    message = 'RuleException:\nCalledProcessError in file "a.smk":\n'
    message += "Command 'true; ./x.sh' returned non-zero exit status 42."
    assert error_in_words(message, "RuleException") == message


def test_other_errors_stay_as_they_are():
    message = "MissingInputException in rule a:\nMissing input files"
    assert error_in_words(message, "MissingInputException") == message


def test_a_failure_has_its_whole_log(tmp_path):
    full, empty = tmp_path / "full.log", tmp_path / "empty.log"
    full.write_text("Reading.\n\nError: x is damaged.\n\n", encoding="utf-8")
    empty.touch()
    words = failure_in_words("Measuring a", "2.0 s", ["SLURM-job '3' failed"], [full, empty, tmp_path / "none.log"])
    assert words.splitlines() == [
        "Failed: Measuring a (2.0 s)",
        "    SLURM-job '3' failed",
        f"    {full} says:",
        "        Reading.",
        "        ",
        "        Error: x is damaged.",
        f"    {empty} has nothing.",
        f"    {tmp_path}/none.log is not there.",
    ]


def test_the_end_of_a_stopped_run():
    assert end_in_words(0, 0, []) == "Stopped before any job ran. The same command begins again."
    assert end_in_words(3, 9, []) == "Stopped after 3 of 9 jobs. The same command goes on from there."
    assert end_in_words(3, 9, "abcdef") == (
        "Stopped after 3 of 9 jobs, in the middle of: a; b; c; d; and 2 more. The same command goes on from there."
    )
