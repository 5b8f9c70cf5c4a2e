"""Which scripts load a large library, and whether they do it the quick way."""

import re
from pathlib import Path

from evolution.planning.code_files import code_files
from support.own_process import SCRIPTS


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def assert_scripts_load_it_first(library):
    """Every script whose code imports `library` imports evolution.startup.load_{library} before anything that does."""
    importing = re.compile(rf"^(import|from) {library}\b", re.M)
    scripts = [path for path in SCRIPTS.glob("*.py") if any(map(importing.search, map(read, code_files(path))))]
    assert scripts
    for path in scripts:
        first = next(
            line for line in read(path).splitlines() if line.startswith(("import evolution", "from evolution"))
        )
        assert first.startswith(f"import evolution.startup.load_{library} "), path
        assert read(path).index(first) < min((found.start() for found in importing.finditer(read(path))), default=10**6)
