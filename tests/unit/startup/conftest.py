"""What the tests of the worker share."""

import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def short():
    """A folder with a path that leaves room for a socket's name, which pytest's own may not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)
