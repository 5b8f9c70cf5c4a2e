import pytest

from snakemake_logger_plugin_progress.jobs import Jobs


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def jobs(clock):
    jobs = Jobs(clock)
    jobs.plan({"measure": 4, "figure": 2})
    return jobs


def test_a_job_that_ends_well_is_done_and_gives_its_seconds(jobs, clock):
    jobs.start(7, "measure", "Measuring a", ("a.log",))
    clock.now += 3
    job, seconds = jobs.end(7, well=True)
    assert (job.text, job.logs, seconds) == ("Measuring a", ("a.log",), 3)
    assert (jobs.done, jobs.failed, jobs.total, jobs.running) == (1, 0, 6, {})


def test_a_job_that_fails_is_not_done_until_another_attempt_ends_well(jobs):
    jobs.start(7, "measure", "Measuring a")
    jobs.end(7, well=False)
    assert (jobs.done, jobs.failed, jobs.total) == (0, 1, 6)
    jobs.start(7, "measure", "Measuring a")
    jobs.end(7, well=True)
    assert (jobs.done, jobs.failed, jobs.total) == (1, 0, 6)


def test_a_job_that_was_not_started_is_no_job(jobs):
    assert jobs.end(9, well=True) is None
    assert jobs.done == 0


def test_jobs_that_the_plan_has_not_are_more_jobs(jobs):
    for number in range(3):
        jobs.start(number, "figure", "")
    jobs.start(3, "other", "")
    assert jobs.total == 8


def test_a_job_in_the_place_of_a_failed_one_is_one_more(jobs):
    for number in range(2):
        jobs.start(number, "figure", "")
        jobs.end(number, well=False)
    jobs.start(2, "figure", "")
    assert (jobs.total, jobs.failed) == (7, 2)


def test_nothing_is_known_of_the_rest_before_a_job_has_ended(jobs, clock):
    assert jobs.seconds_left() is None
    jobs.start(0, "measure", "")
    clock.now += 5
    assert jobs.seconds_left() is None


def test_the_rest_takes_what_jobs_of_the_rule_took_as_many_at_a_time(jobs, clock):
    # Two at a time: 4 s and 2 s, one after the other on each of two cores.
    jobs.start(0, "measure", "")
    jobs.start(1, "measure", "")
    clock.now += 4
    jobs.end(0, well=True)
    jobs.end(1, well=True)
    jobs.start(2, "figure", "")
    clock.now += 2
    jobs.end(2, well=True)
    # By hand: 2 x 4 s and 1 x 2 s of work are left; 10 s of work were done in 6 s.
    assert jobs.seconds_left() == pytest.approx(10 * 6 / 10)


def test_what_runs_has_a_part_of_its_work_done(jobs, clock):
    jobs.start(0, "measure", "")
    clock.now += 4
    jobs.end(0, well=True)
    jobs.start(1, "measure", "")
    clock.now += 3
    # Of measure 3 x 4 s, less 3 s; figure has no mean yet and takes the mean of all, 2 x 4 s. One at a time.
    assert jobs.seconds_left() == pytest.approx(12 - 3 + 8)
    clock.now += 5
    # A job that takes longer than the mean leaves no work below zero.
    assert jobs.seconds_left() == pytest.approx(8 + 8)


def test_nothing_is_left_at_the_end(clock):
    jobs = Jobs(clock)
    jobs.plan({"all": 1})
    jobs.start(0, "all", "")
    jobs.end(0, well=True)
    assert jobs.seconds_left() is None  # It took no time that could be measured.
    clock.now += 1
    assert jobs.done == jobs.total == 1
