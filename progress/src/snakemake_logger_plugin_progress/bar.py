"""The bar below the lines, in a terminal: how much is done, what runs, and about how long the rest takes."""

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from snakemake_logger_plugin_progress.jobs import Jobs
from snakemake_logger_plugin_progress.texts import seconds_in_words

# Running jobs that are named, at most.
MOST_NAMED = 6


class Bar:
    """Draws jobs below what the console prints, twice a second.

    Parameters
    ----------
    console : Console
        Of a terminal.
    jobs : Jobs
        Read at each drawing.
    """

    def __init__(self, console: Console, jobs: Jobs):
        self._jobs = jobs
        # What others print goes where it would without the bar: standard output may be on its way to a file.
        self._live = Live(
            console=console,
            get_renderable=self.drawing,
            refresh_per_second=2,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def start(self) -> None:
        """Show the bar, if it is not shown."""
        self._live.start()

    def stop(self) -> None:
        """Take the bar away, if it is shown."""
        self._live.stop()

    def drawing(self) -> Group | Text:
        """The bar as it is now."""
        jobs = self._jobs
        if not jobs.total:
            return Text("Planning ...", style="dim")
        left = jobs.seconds_left()
        row = Table.grid(padding=(0, 1))
        words = f"{jobs.done}/{jobs.total}" + (f", about {seconds_in_words(left)} left" if left is not None else "")
        row.add_row(ProgressBar(total=jobs.total, completed=jobs.done, width=40), words)
        running = list(jobs.running.values())
        lines = [
            Text(
                f"  {job.text} ({seconds_in_words(jobs.seconds_of(job))})",
                style="dim",
                no_wrap=True,
                overflow="ellipsis",
            )
            for job in running[:MOST_NAMED]
        ]
        if len(running) > MOST_NAMED:
            lines.append(Text(f"  and {len(running) - MOST_NAMED} more", style="dim"))
        return Group(row, *lines)
