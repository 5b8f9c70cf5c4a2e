"""Page on how a run was made: its warnings, its settings and the versions of its software."""

from collections.abc import Sequence
from html import escape

import yaml

from evolution.io.job_log import job_log
from evolution.io.warnings_file import load_warnings
from evolution.io.whole_files import whole_file

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{run}: settings and software</title>
<style>body {{ font: 14px/1.5 system-ui, sans-serif; margin: 1.5em; background: #fff; color: #1a1a1a }}
td {{ padding: 0 1.5em 0 0 }} pre {{ background: #f3f4f6; padding: 1em; overflow: auto }}</style>
<h1>Run {run}</h1>
{warnings}<h2>Settings</h2>
<p>Everything that the workflow was asked for, defaults included. Written to a file, it is a config.</p>
<pre>{settings}</pre>
<h2>Software</h2>
<p>What was installed next to Snakemake when this page was written. A later upgrade of a package runs nothing again,
and jobs in conda environments have versions of their own.</p>
<table>
{versions}
</table>
</html>
"""


def about_page(*, run: str, settings: dict, versions: dict[str, str], warnings: Sequence[str] = ()) -> str:
    """The page's HTML.

    Parameters
    ----------
    run : str
        Its name.
    settings : dict
        A config that gives this run.
    versions : dict
        Package to its version.
    warnings : sequence of str
        What in the run is surely or probably a slip. They come first, as they bear on everything else.
    """
    rows = "\n".join(
        f"<tr><td>{escape(name)}</td><td>{escape(version)}</td></tr>" for name, version in versions.items()
    )
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=100)
    items = "".join(f"<li>{escape(warning)}</li>\n" for warning in warnings)
    warned = f"<h2>Warnings</h2>\n<ul>\n{items}</ul>\n" if warnings else ""
    return PAGE.format(run=escape(run), warnings=warned, settings=escape(text), versions=rows)


if "snakemake" in globals():
    with job_log(snakemake.log[0]), whole_file(snakemake.output[0]) as temporary:
        page = about_page(
            run=snakemake.wildcards.run,
            settings=snakemake.params.settings,
            versions=snakemake.params.versions,
            warnings=load_warnings(snakemake.input.warnings),
        )
        temporary.write_text(page, encoding="utf-8", newline="\n")
