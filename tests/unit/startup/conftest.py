"""What the tests of the worker share."""

import signal
import tempfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def heeded_signals():
    """Programs that were started in the background or by nohup ignore these signals, and so would their own."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)}
    for number, handler in before.items():
        if handler == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def short():
    """A folder with a path that leaves room for a socket's name, which pytest's own may not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)
