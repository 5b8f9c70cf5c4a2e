"""Snakemake's log records, printed."""

import sys
import time
from collections.abc import Callable
from functools import partial
from logging import ERROR, WARNING, LogRecord
from types import TracebackType

from rich.console import Console
from rich.text import Text
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_progress.bar import Bar
from snakemake_logger_plugin_progress.jobs import Jobs
from snakemake_logger_plugin_progress.texts import (
    JOBS_FAILED,
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

# Events that each run, or each job, has, and that say nothing beyond the lines of the jobs.
NO_NEWS_EVENTS = (
    *(LogEvent.WORKFLOW_STARTED, LogEvent.RESOURCES_INFO, LogEvent.JOB_STARTED, LogEvent.PROGRESS),
    *(LogEvent.GROUP_INFO, LogEvent.SHELLCMD),
)


class LogHandler(LogHandlerBase):
    """Prints what Snakemake logs, to standard error, or for a dry run to standard output."""

    writes_to_stream = True
    writes_to_file = False
    needs_rulegraph = False
    # Snakemake gives the handler its own: what --quiet leaves out does not arrive, `format` writes as Snakemake does.
    has_filter = False
    has_formatter = False

    def __post_init__(self) -> None:
        stream = sys.stdout if self.common_settings.stdout else sys.stderr
        terminal = stream.isatty()
        self._console = Console(
            file=stream,
            force_terminal=terminal,
            no_color=self.common_settings.nocolor,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._jobs = Jobs()
        self._bar = None
        settings = self.common_settings
        if terminal and not (self._console.is_dumb_terminal or settings.dryrun or settings.verbose or settings.quiet):
            self._bar = Bar(self._console, self._jobs)
        self._stopped_in: list[str] | None = None
        self._said_where = False
        # Failures since a job was interrupted. They are no news if Snakemake then says that a person stopped it.
        self._held: list[LogRecord] | None = None
        # An interrupt that Snakemake does not catch, as while it plans, ends in a traceback of Python's.
        sys.excepthook = partial(self._uncaught, sys.excepthook)
        self._printers = {
            LogEvent.RUN_INFO: self._plan,
            LogEvent.JOB_INFO: self._start,
            LogEvent.JOB_FINISHED: self._finish,
            LogEvent.JOB_ERROR: self._fail,
            LogEvent.ERROR: self._error,
            None: self._message,
            **dict.fromkeys(NO_NEWS_EVENTS, _nothing),
        }

    def emit(self, record: LogRecord) -> None:
        """Print a record; see `logging.Handler.emit`."""
        try:
            event = getattr(record, "event", None)
            settings = self.common_settings
            if settings.verbose or (settings.dryrun and event in (LogEvent.RUN_INFO, LogEvent.JOB_INFO)):
                self._as_snakemake(record)
            else:
                self._printers.get(event, self._as_snakemake)(record)
        except Exception:  # As other handlers do: a fault here must not end the run.
            self.handleError(record)

    def close(self) -> None:
        """Take the bar away, and say where a run stopped that a person has stopped."""
        if self._bar:
            self._bar.stop()
        self._print_held()
        self._say_where_it_stopped()
        super().close()

    def _say_where_it_stopped(self) -> None:
        if self._stopped_in is not None and not self._said_where:
            self._said_where = True
            self._print(end_in_words(self._jobs.done, self._jobs.total, self._stopped_in))

    def _uncaught(self, others: Callable, kind: type, error: BaseException, traceback: TracebackType | None) -> None:
        """What Python calls before it ends by an exception; `others` is what it called before."""
        if issubclass(kind, KeyboardInterrupt) and not self.common_settings.verbose:
            self._stop()
            self._say_where_it_stopped()
        else:
            others(kind, error, traceback)

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style), soft_wrap=True)

    def _as_snakemake(self, record: LogRecord) -> None:
        text = self.format(record)
        if text and text != "None":
            self._print(text, _style(record))

    def _plan(self, record: LogRecord) -> None:
        counts = {rule: count for rule, count in record.stats.items() if rule != "total"}
        self._jobs.plan(counts)
        self._print(plan_in_words(counts))

    def _start(self, record: LogRecord) -> None:
        self._print_held()
        wildcards = ", ".join(f"{name}={value}" for name, value in (record.wildcards or {}).items())
        text = record.rule_msg or f"{record.rule_name} {wildcards}"
        self._jobs.start(record.jobid, record.rule_name, text.strip().rstrip("."), tuple(record.log or ()))

    def _finish(self, record: LogRecord) -> None:
        self._print_held()
        ended = self._jobs.end(record.job_id, well=True)
        if ended:
            job, seconds = ended
            done = f"{self._jobs.done:>{len(str(self._jobs.total))}}/{self._jobs.total}"
            self._print(f"[{time.strftime('%H:%M:%S')}] {done}  {job.text} ({seconds_in_words(seconds)})")
        if self._bar and self._jobs.done == self._jobs.total:
            self._bar.stop()

    def _fail(self, record: LogRecord) -> None:
        if self._stopped_in is not None:
            return  # The job was stopped with Snakemake.
        if self._held is not None:
            self._held.append(record)
            return
        ended = self._jobs.end(record.jobid, well=False)
        if ended is None:
            self._as_snakemake(record)
            return
        job, seconds = ended
        said = [str(record.rule_msg)] * bool(record.rule_msg) + [f"{name}: {text}" for name, text in record.aux.items()]
        logs = tuple(record.log or job.logs) if self.common_settings.show_failed_logs else ()
        if not logs:
            said += [f"log: {path}" for path in record.log or job.logs]
        self._print(failure_in_words(job.text, seconds_in_words(seconds), said, logs), "red")

    def _error(self, record: LogRecord) -> None:
        message = record.getMessage()
        exception = getattr(record, "exception", "")
        if says_stopped(message, exception):
            self._stop()
        if self._stopped_in is not None:
            return
        if JOBS_FAILED in message:
            self._print_held()
        elif self._held is None and may_be_stopped(message):
            self._held = []
        if self._held is not None:
            self._held.append(record)
            return
        self._print_error(record)

    def _print_error(self, record: LogRecord) -> None:
        message = record.getMessage()
        text = error_in_words(message, getattr(record, "exception", ""))
        if text:
            self._print(text, "red")
        elif JOBS_FAILED in message:
            # Nothing runs any more: what has started and not ended has failed too, as without its files.
            failed = self._jobs.failed + len(self._jobs.running)
            self._print(failures_in_words(self._jobs.done, failed, self._jobs.total), "red")

    def _message(self, record: LogRecord) -> None:
        message = record.getMessage() if record.msg else ""
        if says_stopped(message):
            self._stop()
        elif message.startswith("Building DAG") and self._bar:
            self._bar.start()
        elif is_news(message):
            self._as_snakemake(record)

    def _print_held(self) -> None:
        """Print the failures that were held back: nobody has stopped Snakemake."""
        held, self._held = self._held, None
        for record in held or ():
            printer = self._fail if record.event == LogEvent.JOB_ERROR else self._print_error
            printer(record)

    def _stop(self) -> None:
        """Note where the run was when a person stopped it."""
        if self._stopped_in is None:
            self._stopped_in = [job.text for job in self._jobs.running.values()]


def _nothing(record: LogRecord) -> None:
    """Print nothing of a record."""


def _style(record: LogRecord) -> str:
    return "red" if record.levelno >= ERROR else "yellow" if record.levelno >= WARNING else ""
