"""The files that a page of the documentation shows, as they stand there."""

import re

from support.project import ROOT


def shown_file(page: str, name: str) -> str:
    """The text of the block of a page whose first line is `# NAME`."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (found,) = re.findall(rf"```\w+\n(# {re.escape(name)}\n.*?)```\n", text, flags=re.DOTALL)
    return found


def write_shown(folder, page: str, *names: str):
    """Write files that a page shows into a folder; the path of the first."""
    for name in names:
        (folder / name).write_text(shown_file(page, name), encoding="utf-8")
    return folder / names[0]
